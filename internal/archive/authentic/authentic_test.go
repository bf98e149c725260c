package authentic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

const (
	surveyKey = archive.WorkPrefix + "survey/2023-10-01/0.json"
	body      = `{"at":"2023-10-01T00:00:00Z","conversations":[]}`
)

// master is a key whose bytes are all equal.
func master(t testing.TB, b byte) Master {
	t.Helper()
	m, err := ParseMaster(bytes.Repeat([]byte{b}, KeySize))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func having(m Master) Keys { return func(context.Context) (Master, error) { return m, nil } }

// place is a directory with archives below it.
type place struct {
	testing.TB
	root string
}

func newPlace(t testing.TB) place { return place{t, t.TempDir()} }

// open opens the archive of an export as an operator does that has a key.
func (p place) open(export string, key byte) archive.Store {
	p.Helper()
	inner, err := archive.OpenDirectory(p.root, export)
	if err != nil {
		p.Fatal(err)
	}
	return Wrap(inner, Identity{"legal", export}, having(master(p, key)))
}

// begin opens the archive of an export and writes its record.
func (p place) begin(export string) archive.Store {
	store := p.open(export, 1)
	p.put(store, RecordKey, `{"name":"`+export+`"}`)
	return store
}

func (p place) put(store archive.Store, key, content string) {
	p.Helper()
	if err := store.Create(p.Context(), key, text(content)); err != nil {
		p.Fatal(err)
	}
}

func text(content string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

// file is where a file is that an attacker reaches.
func (p place) file(export, key string) string {
	return filepath.Join(p.root, export, filepath.FromSlash(key))
}

// plant writes a file of the export case-1 past all stores, in the place of what is there.
func (p place) plant(key string, content []byte) {
	p.Helper()
	name := p.file("case-1", key)
	_ = os.Remove(name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o750), os.WriteFile(name, content, 0o600)); err != nil {
		p.Fatal(err)
	}
}

func (p place) stored(export, key string) []byte {
	p.Helper()
	content, err := os.ReadFile(p.file(export, key))
	if err != nil {
		p.Fatal(err)
	}
	return content
}

// ways are the ways to read an artifact, each of which must judge it.
var ways = map[string]func(fs.FS, string) ([]byte, error){
	"ReadFile": fs.ReadFile,
	"Open": func(fsys fs.FS, name string) ([]byte, error) {
		file, err := fsys.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return io.ReadAll(file)
	},
	"Stat": func(fsys fs.FS, name string) ([]byte, error) {
		info, err := fs.Stat(fsys, name)
		if err == nil && info.Size() != int64(len(body)) {
			err = fmt.Errorf("%d bytes", info.Size())
		}
		return []byte(body), err
	},
}

// refused expects each way to read an artifact to fail, and the error to name it.
func (p place) refused(store archive.Store, key, why string) {
	p.Helper()
	for way, read := range ways {
		_, err := read(store.FS(p.Context()), key)
		if !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), key) {
			p.Errorf("%s: %s: %v, want evidence.ErrCorrupt with the name", why, way, err)
		}
	}
}

func TestArtifactsComeBackAsTheyWere(t *testing.T) {
	p := newPlace(t)
	store := p.begin("case-1")
	p.put(store, surveyKey, body)
	p.put(store, "bags/b/bagit.txt", "evidence")
	for way, read := range ways {
		if got, err := read(store.FS(t.Context()), surveyKey); err != nil || string(got) != body {
			t.Errorf("%s: %q, %v", way, got, err)
		}
	}
	if got := p.stored("case-1", "bags/b/bagit.txt"); string(got) != "evidence" {
		t.Errorf("evidence was changed: %q", got)
	}
	if err := store.Create(t.Context(), surveyKey, text("x")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v, want fs.ErrExist", err)
	}
	if _, err := fs.Stat(store.FS(t.Context()), archive.WorkPrefix+"survey/2023-10-01/1.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of nothing: %v, want fs.ErrNotExist", err)
	}
	if info, err := fs.Stat(store.FS(t.Context()), archive.WorkPrefix+"survey"); err != nil || !info.IsDir() {
		t.Errorf("Stat of a folder: %v, %v", info, err)
	}
	if err := store.Remove(t.Context(), surveyKey); err != nil {
		t.Error(err)
	}
}

// TestAnArchiveMayBeCopied to another place: nothing is bound to where it lies.
func TestAnArchiveMayBeCopied(t *testing.T) {
	p, elsewhere := newPlace(t), newPlace(t)
	p.put(p.begin("case-1"), surveyKey, body)
	if err := os.CopyFS(filepath.Join(elsewhere.root, "case-1"), os.DirFS(filepath.Join(p.root, "case-1"))); err != nil {
		t.Fatal(err)
	}
	if got, err := fs.ReadFile(elsewhere.open("case-1", 1).FS(t.Context()), surveyKey); err != nil || string(got) != body {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWhatTheKeyDidNotWriteIsRefused plays what somebody can do who can write to the
// archive and does not have the key.
func TestWhatTheKeyDidNotWriteIsRefused(t *testing.T) {
	const other = archive.WorkPrefix + "survey/2023-10-01/1.json"
	tests := []struct {
		name   string
		attack func(p place)
	}{
		{"planted without a MAC", func(p place) { p.plant(surveyKey, []byte(body)) }},
		{"planted empty", func(p place) { p.plant(surveyKey, nil) }},
		{"planted with an invented MAC", func(p place) {
			p.plant(surveyKey, []byte(body+macLineStart+master(p, 1).ID()+" "+strings.Repeat("0", macDigits)+"\n"))
		}},
		{"of the same export, under another name", func(p place) {
			p.put(p.open("case-1", 1), other, body)
			p.plant(surveyKey, p.stored("case-1", other))
		}},
		{"of another export", func(p place) {
			p.put(p.begin("case-2"), surveyKey, body)
			p.plant(surveyKey, p.stored("case-2", surveyKey))
		}},
		{"of an earlier archive of the export", func(p place) {
			p.plant(RecordKey, nil)
			_ = os.RemoveAll(p.file("case-1", archive.WorkPrefix))
			p.put(p.open("case-1", 1), RecordKey, `{"name":"case-1","createdAt":"earlier"}`)
			p.put(p.open("case-1", 1), surveyKey, body)
			earlier := p.stored("case-1", surveyKey)
			_ = os.RemoveAll(p.file("case-1", archive.WorkPrefix))
			p.begin("case-1")
			p.plant(surveyKey, earlier)
		}},
		{"cut short", func(p place) {
			p.put(p.open("case-1", 1), surveyKey, body)
			whole := p.stored("case-1", surveyKey)
			p.plant(surveyKey, append(bytes.Clone(whole[:len(body)/2]), whole[len(body):]...))
		}},
		{"cut off before its MAC", func(p place) {
			p.put(p.open("case-1", 1), surveyKey, body)
			p.plant(surveyKey, p.stored("case-1", surveyKey)[:len(body)])
		}},
		{"with something after it", func(p place) {
			p.put(p.open("case-1", 1), surveyKey, body)
			p.plant(surveyKey, append(p.stored("case-1", surveyKey), '\n'))
		}},
		{"another one with its MAC after it", func(p place) {
			p.put(p.open("case-1", 1), surveyKey, body)
			p.plant(surveyKey, append([]byte(`{}`), p.stored("case-1", surveyKey)...))
		}},
		{"in a system without the record", func(p place) {
			p.put(p.open("case-1", 1), surveyKey, body)
			_ = os.Remove(p.file("case-1", RecordKey))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlace(t)
			p.begin("case-1")
			tt.attack(p)
			key := surveyKey
			store := p.open("case-1", 1)
			for way, read := range ways {
				_, err := read(store.FS(t.Context()), key)
				if !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), key) {
					t.Errorf("%s: %v, want evidence.ErrCorrupt with the name", way, err)
				}
			}
		})
	}
}

// TestAnotherKeyIsToldApart: the archive may be whole, and the Secret lost.
func TestAnotherKeyIsToldApart(t *testing.T) {
	p := newPlace(t)
	p.put(p.begin("case-1"), surveyKey, body)
	var unknown *UnknownKeyError
	_, err := fs.ReadFile(p.open("case-1", 2).FS(t.Context()), surveyKey)
	if !errors.As(err, &unknown) || unknown.ID != master(t, 1).ID() || unknown.Own != master(t, 2).ID() || unknown.Artifact != RecordKey {
		t.Errorf("%v", err)
	}
	p.refused(p.open("case-1", 2), RecordKey, "another key")
	p.plant(surveyKey, []byte(macLineStart+strings.Repeat("\x1b", idDigits)+" "+strings.Repeat("0", macDigits)+"\n"))
	if _, err = fs.ReadFile(p.open("case-1", 1).FS(t.Context()), surveyKey); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("%q", err)
	}
}

// TestEveryByteCounts changes, adds and leaves out every single byte of an artifact.
func TestEveryByteCounts(t *testing.T) {
	p := newPlace(t)
	store := p.begin("case-1")
	p.put(store, surveyKey, body)
	whole := p.stored("case-1", surveyKey)
	for i := range whole {
		for name, changed := range map[string][]byte{
			"changed":  append(append(bytes.Clone(whole[:i]), whole[i]^1), whole[i+1:]...),
			"left out": append(bytes.Clone(whole[:i]), whole[i+1:]...),
			"doubled":  append(append(bytes.Clone(whole[:i]), whole[i]), whole[i:]...),
		} {
			p.plant(surveyKey, changed)
			p.refused(store, surveyKey, fmt.Sprintf("byte %d %s", i, name))
		}
	}
}

// FuzzNothingElseIsAccepted: whatever is planted, either it is what was stored or it
// is refused.
func FuzzNothingElseIsAccepted(f *testing.F) {
	p := newPlace(f)
	store := p.begin("case-1")
	p.put(store, surveyKey, body)
	whole := p.stored("case-1", surveyKey)
	for _, seed := range [][]byte{whole, nil, []byte(body), whole[:len(whole)-1], []byte(macLineStart), bytes.Repeat(whole, 2), bytes.ToUpper(whole)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, planted []byte) {
		p := place{t, p.root}
		p.plant(surveyKey, planted)
		for way, read := range ways {
			got, err := read(store.FS(t.Context()), surveyKey)
			if same := bytes.Equal(planted, whole); same != (err == nil) || same && string(got) != body {
				t.Errorf("%s of %q: %q, %v", way, planted, got, err)
			}
		}
	})
}

// TestLargeArtifacts are read, and judged before they take memory.
func TestLargeArtifacts(t *testing.T) {
	p := newPlace(t)
	store := p.begin("case-1")
	large := strings.Repeat("0123456789abcdef", archive.MaxRead/16)
	for _, size := range []int{archive.MaxRead - int(macLineSize), archive.MaxRead - int(macLineSize) + 1, archive.MaxRead} {
		_ = store.Remove(t.Context(), surveyKey)
		p.put(store, surveyKey, large[:size])
		if got, err := fs.ReadFile(store.FS(t.Context()), surveyKey); err != nil || string(got) != large[:size] {
			t.Errorf("%d bytes: %d bytes, %v", size, len(got), err)
		}
	}
	content := p.stored("case-1", surveyKey)
	content[len(content)/2] ^= 1
	p.plant(surveyKey, content)
	if _, err := fs.ReadFile(store.FS(t.Context()), surveyKey); !errors.Is(err, evidence.ErrCorrupt) {
		t.Errorf("a large one that was changed: %v", err)
	}
}

// TestHugeFilesAndPipesAreNotRead: neither takes memory or time.
func TestHugeFilesAndPipesAreNotRead(t *testing.T) {
	p := newPlace(t)
	store := p.begin("case-1")
	p.plant(surveyKey, nil)
	if err := os.Truncate(p.file("case-1", surveyKey), MaxArtifact+macLineSize+1); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(store.FS(t.Context()), surveyKey); !errors.Is(err, evidence.ErrCorrupt) {
		t.Errorf("a file larger than any artifact: %v", err)
	}
	p.plant("export.json", nil)
	if err := os.Truncate(p.file("case-1", "export.json"), 4<<30); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(store.FS(t.Context()), "export.json"); !errors.Is(err, archive.ErrTooLarge) {
		t.Errorf("an export.json of 4 GiB: %v", err)
	}
	if err := errors.Join(os.Remove(p.file("case-1", surveyKey)), syscall.Mkfifo(p.file("case-1", surveyKey), 0o600)); err != nil {
		t.Fatal(err)
	}
	for way, read := range ways {
		if _, err := read(store.FS(t.Context()), surveyKey); !errors.Is(err, archive.ErrIrregular) {
			t.Errorf("%s of a pipe: %v", way, err)
		}
	}
}

// TestKeysAreNeverPrinted: only their ids are.
func TestKeysAreNeverPrinted(t *testing.T) {
	secret := NewMaster()
	m, err := ParseMaster(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		if got := fmt.Sprintf(verb, m); got != "artifact key "+m.ID() {
			t.Errorf("%s: %s", verb, got)
		}
	}
	if m.LogValue().String() != m.String() {
		t.Error("a log shows something else")
	}
	for _, size := range []int{0, 16, KeySize - 1, KeySize + 1, 64} {
		if _, err := ParseMaster(make([]byte, size)); !errors.Is(err, ErrKeySize) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// holds is an archive that knows legal holds.
type holds struct {
	archive.Store
	held []string
}

func (h *holds) CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error {
	h.held = append(h.held, key)
	return h.Create(ctx, key, write)
}

func (h *holds) Hold(_ context.Context, key string) (bool, error) {
	h.held = append(h.held, key)
	return true, nil
}

// TestLegalHoldsPassThrough, for evidence alone.
func TestLegalHoldsPassThrough(t *testing.T) {
	inner, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	if _, knows := archive.As[archive.LegalHolder](Wrap(inner, Identity{}, having(master(t, 1)))); knows {
		t.Error("a directory knows legal holds")
	}
	known := &holds{Store: inner}
	store := WrapShared(known, Identity{"legal", ".shared"}, having(master(t, 1)))
	held := archive.Held(store)
	for _, key := range []string{surveyKey, "bags/b/bagit.txt"} {
		if err := held.Create(t.Context(), key, text(body)); err != nil {
			t.Fatal(err)
		}
	}
	holder, _ := archive.As[archive.LegalHolder](store)
	if _, err := holder.Hold(t.Context(), "bags/b/x"); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(known.held, " "); got != "bags/b/bagit.txt bags/b/x" {
		t.Errorf("held: %s", got)
	}
	if got, err := fs.ReadFile(store.FS(t.Context()), surveyKey); err != nil || string(got) != body {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWithoutAKeyNothingIsWritten: the error is that of whoever has the key.
func TestWithoutAKeyNothingIsWritten(t *testing.T) {
	inner, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	lost := errors.New("no Secret")
	store := Wrap(inner, Identity{}, func(context.Context) (Master, error) { return Master{}, lost })
	if err := store.Create(t.Context(), RecordKey, text("x")); !errors.Is(err, lost) {
		t.Errorf("%v", err)
	}
	if free, known, err := archive.Free(t.Context(), store); !known || err != nil || free == 0 {
		t.Errorf("Free: %d, %v, %v", free, known, err)
	}
}

// TestRoomThatNobodyKnows is not an error: a bucket cannot tell how much it takes.
func TestRoomThatNobodyKnows(t *testing.T) {
	inner, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	for name, store := range map[string]archive.Store{"a store": struct{ archive.Store }{inner}, "one with holds": &holds{Store: inner}} {
		wrapped := Wrap(store, Identity{}, having(master(t, 1)))
		if free, known, err := archive.Free(t.Context(), wrapped); known || err != nil || free != 0 {
			t.Errorf("%s: %d bytes, known %t, %v; want that it is not known", name, free, known, err)
		}
	}
}
