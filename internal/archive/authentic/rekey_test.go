package authentic

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/s3store"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

const (
	planKey   = archive.WorkPrefix + "plan/000000.json"
	voidKey   = archive.WorkPrefix + "plan/000001.json"
	laterKey  = archive.WorkPrefix + "plan/000002.json"
	sealedKey = archive.WorkPrefix + "batches/b/sealed.json"
	record    = `{"name":"case-1"}`
)

// begunWithALostKey is an archive whose artifacts have the key 1, with one bag that is
// sealed and one that is not.
func begunWithALostKey(t testing.TB, inner archive.Store) {
	t.Helper()
	store := Wrap(inner, Identity{"legal", "case-1"}, having(master(t, 1)))
	p := place{TB: t}
	for _, file := range [][2]string{
		{RecordKey, record}, {evidence.RecordPath, record}, {planKey, "entry 0"}, {voidKey, "entry 1"}, {laterKey, "entry 2"},
		{surveyKey, body}, {archive.WorkPrefix + "survey/2023-10-02/0.json", "unsealed"}, {sealedKey, "old"},
		{archive.WorkPrefix + "batches/c/files/1.json", "unsealed"}, {"bags/b/bagit.txt", "b"}, {"bags/c/data/x", "c"}, {"seals/1/account.json", "1"}, {"seals/2/account.json", "2"},
	} {
		p.put(store, file[0], file[1])
	}
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// sealedOnce is what a seal vouches for in such an archive.
func sealedOnce() Rekeying {
	return Rekeying{
		Record: []byte(record), Discarded: []string{"bags/c", "seals/2"},
		Kept:  map[string]string{planKey: digest("entry 0"), laterKey: digest("entry 2"), surveyKey: digest(body)},
		Added: map[string][]byte{voidKey: []byte("void"), sealedKey: []byte("new")},
	}
}

// afterwards is what is there once it was rekeyed, artifacts without their MACs.
var afterwards = map[string]string{
	RecordKey: record, evidence.RecordPath: record, planKey: "entry 0", voidKey: "void", laterKey: "entry 2", surveyKey: body, sealedKey: "new",
	"bags/b/bagit.txt": "b", "seals/1/account.json": "1",
}

// all reads everything of an archive, as an operator does that has a key.
func all(t testing.TB, store archive.Store) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := fs.WalkDir(store.FS(t.Context()), ".", func(name string, entry fs.DirEntry, err error) error {
		if name == archive.DiscardedFolder {
			return fs.SkipDir // nothing of it is read again
		}
		if errors.Is(err, fs.ErrNotExist) && entry.IsDir() {
			return nil // the S3 server lists folders in which everything is hidden
		}
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(store.FS(t.Context()), name)
		found[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// stores are the kinds of archives that there are.
func stores(t *testing.T) map[string]func() archive.Store {
	server := s3server.Start(t)
	server.Bucket("evidence", true)
	server.Bucket("work", false)
	prefixes := 0
	return map[string]func() archive.Store{
		"directory": func() archive.Store {
			store, err := archive.OpenDirectory(t.TempDir(), "case-1")
			if err != nil {
				t.Fatal(err)
			}
			return store
		},
		"bucket with Object Lock": func() archive.Store {
			prefixes++
			store, err := s3store.Open(s3store.Config{
				Endpoint: server.URL, Region: s3server.Region, PathStyle: true, Bucket: "evidence", WorkBucket: "work",
				Prefix: fmt.Sprintf("p%d", prefixes), Lock: &s3store.Lock{Mode: s3store.Compliance, Days: 1},
				Credentials: func(context.Context) (s3store.Credentials, error) {
					return s3store.Credentials{AccessKeyID: s3server.AccessKeyID, SecretAccessKey: s3server.SecretAccessKey}, nil
				},
				Now: time.Now, Parts: s3store.NewPartBuffers(2, 5<<20),
			}).Archive("case-1")
			if err != nil {
				t.Fatal(err)
			}
			return store
		},
	}
}

func present(t testing.TB, inner archive.Store) archive.Store {
	t.Helper()
	return Wrap(inner, Identity{"legal", "case-1"}, having(master(t, 2)))
}

// errCrash is the error of a store whose process has ended.
var errCrash = errors.New("crash")

// mortal is a store whose process ends after a number of changes.
type mortal struct {
	archive.Store
	left *int
}

func (m mortal) do(change func() error) error {
	if *m.left == 0 {
		return errCrash
	}
	*m.left--
	return change()
}

func (m mortal) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	return m.do(func() error { return m.Store.Create(ctx, key, write) })
}

func (m mortal) Remove(ctx context.Context, key string) error {
	return m.do(func() error { return m.Store.Remove(ctx, key) })
}

func (m mortal) Discard(ctx context.Context, key string) error {
	return m.do(func() error { return archive.Discard(ctx, m.Store, key) })
}

// TestRekeyingSurvivesACrashAtEachChange: whenever a process ends, the next one sees that
// there is something to be done, and does the rest of it.
func TestRekeyingSurvivesACrashAtEachChange(t *testing.T) {
	for name, open := range stores(t) {
		t.Run(name, func(t *testing.T) {
			for changes := 0; ; changes++ {
				inner, left := open(), changes
				begunWithALostKey(t, inner)
				err := Rekey(t.Context(), present(t, mortal{inner, &left}), sealedOnce())
				if err != nil && !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
				store := present(t, inner)
				finishRekeying(t, store)
				got := all(t, store)
				if diff := cmp.Diff(afterwards, got); diff != "" {
					t.Errorf("after %d changes (-want +got):\n%s", changes, diff)
				}
				if err == nil {
					return
				}
			}
		})
	}
}

// finishRekeying does what an operator does that looks at the archive next.
func finishRekeying(t *testing.T, store archive.Store) {
	t.Helper()
	_, err := fs.ReadFile(store.FS(t.Context()), RecordKey)
	var unknown *UnknownKeyError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if resumed, err := Resume(t.Context(), store); err != nil || !resumed {
			t.Errorf("the record is missing, and nothing is resumed: %v", err)
		}
	case errors.As(err, &unknown):
		if err := Rekey(t.Context(), store, sealedOnce()); err != nil {
			t.Error(err)
		}
	case err != nil:
		t.Error(err)
	}
	if err := store.Remove(t.Context(), RekeyingFolder); err != nil { // once the record can be read
		t.Error(err)
	}
}

// TestRekeyingChangesNothingIfSomethingIsWrong: an artifact that a seal lists is missing,
// or is another one.
func TestRekeyingChangesNothingIfSomethingIsWrong(t *testing.T) {
	for name, attack := range map[string]func(inner archive.Store) error{
		"missing": func(inner archive.Store) error { return inner.Remove(t.Context(), surveyKey) },
		"another": func(inner archive.Store) error {
			return errors.Join(inner.Remove(t.Context(), surveyKey),
				inner.Create(t.Context(), surveyKey, text(`{}`+macLineStart+strings.Repeat("0", idDigits)+" "+strings.Repeat("0", macDigits)+"\n")))
		},
		"without a MAC": func(inner archive.Store) error {
			return errors.Join(inner.Remove(t.Context(), surveyKey), inner.Create(t.Context(), surveyKey, text(body)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inner := stores(t)["directory"]()
			begunWithALostKey(t, inner)
			if err := attack(inner); err != nil {
				t.Fatal(err)
			}
			before := all(t, inner)
			if err := Rekey(t.Context(), present(t, inner), sealedOnce()); !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), surveyKey) {
				t.Errorf("%v, want evidence.ErrCorrupt with the name", err)
			}
			if diff := cmp.Diff(before, all(t, inner)); diff != "" {
				t.Errorf("something was changed (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBeginningAgain leaves nothing but the record and what is added, whenever a process ends.
func TestBeginningAgain(t *testing.T) {
	const noteKey = archive.WorkPrefix + "rekeyed/0.json"
	want := map[string]string{RecordKey: "new", noteKey: "note"}
	for name, open := range stores(t) {
		t.Run(name, func(t *testing.T) {
			for changes := 0; ; changes++ {
				inner, left := open(), changes
				begunWithALostKey(t, inner)
				if err := archive.Discard(t.Context(), inner, "seals/1"); err != nil {
					t.Fatal(err)
				}
				if err := archive.Discard(t.Context(), inner, "seals/2"); err != nil {
					t.Fatal(err)
				}
				r := Rekeying{Record: []byte("new"), Discarded: []string{"bags/b", "bags/c"}, Added: map[string][]byte{noteKey: []byte("note")}}
				err := StartOver(t.Context(), present(t, mortal{inner, &left}), r)
				if err != nil && !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
				store := present(t, inner)
				_, read := fs.ReadFile(store.FS(t.Context()), RecordKey)
				var unknown *UnknownKeyError
				switch {
				case errors.As(read, &unknown):
					read = StartOver(t.Context(), store, r)
				case errors.Is(read, fs.ErrNotExist):
					_, read = Resume(t.Context(), store)
				}
				if err := errors.Join(read, store.Remove(t.Context(), RekeyingFolder)); err != nil {
					t.Errorf("after %d changes: %v", changes, err)
				}
				got := all(t, present(t, inner))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("after %d changes (-want +got):\n%s", changes, diff)
				}
				if err == nil {
					return
				}
			}
		})
	}
}

// TestAnArchiveWithASealIsNeverEmptied, whichever file of a seal is left.
func TestAnArchiveWithASealIsNeverEmptied(t *testing.T) {
	inner := stores(t)["directory"]()
	begunWithALostKey(t, inner)
	before := all(t, inner)
	err := StartOver(t.Context(), present(t, inner), Rekeying{Record: []byte("new"), Discarded: []string{"bags/b", "bags/c", "seals/1", "seals/2"}})
	if !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), "seals/1/account.json") {
		t.Error(err)
	}
	if diff := cmp.Diff(before, all(t, inner)); diff != "" {
		t.Errorf("something was changed (-want +got):\n%s", diff)
	}
}

// TestAProcessThatIsLate changes nothing: it has to stop, or another one has finished.
func TestAProcessThatIsLate(t *testing.T) {
	inner := stores(t)["directory"]()
	begunWithALostKey(t, inner)
	before := all(t, inner)
	ended, end := context.WithCancel(t.Context())
	end()
	if err := Rekey(ended, present(t, inner), sealedOnce()); !errors.Is(err, context.Canceled) {
		t.Errorf("one that has to stop: %v", err)
	}
	if diff := cmp.Diff(before, all(t, inner)); diff != "" {
		t.Errorf("one that has to stop (-want +got):\n%s", diff)
	}
	if err := Rekey(t.Context(), present(t, inner), sealedOnce()); err != nil {
		t.Fatal(err)
	}
	place{TB: t}.put(present(t, inner), "bags/c/data/x", "made again")
	before = all(t, present(t, inner))
	if err := Rekey(t.Context(), present(t, inner), sealedOnce()); err == nil {
		t.Error("another process has finished: no error")
	}
	if diff := cmp.Diff(before, all(t, present(t, inner))); diff != "" {
		t.Errorf("another process has finished (-want +got):\n%s", diff)
	}
}

// TestNothingIsResumedThatThePresentKeyDidNotBegin: somebody else has removed the record
// and left copies.
func TestNothingIsResumedThatThePresentKeyDidNotBegin(t *testing.T) {
	p := newPlace(t)
	store := p.begin("case-1")
	p.put(store, evidence.RecordPath, `{"name":"case-1"}`)
	p.put(p.open("case-1", 1), copyOf(RecordKey), `{"name":"case-1"}`)
	if err := store.Remove(t.Context(), RecordKey); err != nil {
		t.Fatal(err)
	}
	if resumed, err := Resume(t.Context(), p.open("case-1", 2)); err != nil || resumed {
		t.Errorf("resumed %t, %v", resumed, err)
	}
}

// TestForeignArtifactsOfASharedArchive are removed by the id of their key; others stay.
func TestForeignArtifactsOfASharedArchive(t *testing.T) {
	inner := stores(t)["directory"]()
	shared := func(key byte) archive.Store {
		return WrapShared(inner, Identity{"legal", ".shared"}, having(master(t, key)))
	}
	if err := RemoveForeign(t.Context(), shared(2), master(t, 1).ID()); err != nil {
		t.Errorf("where there is nothing: %v", err)
	}
	p := place{TB: t}
	p.put(shared(1), archive.WorkPrefix+"o/2023-10-01/0/00000000.json", "old")
	p.put(shared(2), archive.WorkPrefix+"o/2023-10-02/0/00000000.json", "new")
	if err := RemoveForeign(t.Context(), shared(2), master(t, 1).ID()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{archive.WorkPrefix + "o/2023-10-02/0/00000000.json": "new"}, all(t, shared(2))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
