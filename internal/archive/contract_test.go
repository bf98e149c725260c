package archive_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// testStore is the contract of a Store: every implementation runs it. open
// gives a store that is empty, reopen the same one as another process sees it.
func testStore(t *testing.T, open func(t *testing.T) (store, other archive.Store)) {
	tests := map[string]func(t *testing.T, store, other archive.Store){
		"what is created can be read by others":  testCreate,
		"a key is written once":                  testCreateTwice,
		"a failed write leaves nothing":          testCreateFails,
		"a cancelled write leaves nothing":       testCreateCancelled,
		"of many writers one wins":               testCreateRace,
		"unusable keys are refused":              testKeys,
		"only working artifacts can be removed":  testRemove,
		"what no seal contains can be discarded": testDiscard,
		"a large file arrives whole":             testLarge,
		"of a large file one writer wins":        testLargeRace,
		"a large file cut short leaves nothing":  testLargeFails,
		"an empty file is a file":                testEmpty,
		"what is stored is a file system":        testFS,
		"folders are read as files are":          testFolders,
		"a folder is listed part by part":        testReadDirParts,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			store, other := open(t)
			test(t, store, other)
		})
	}
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// files lists all keys of a store but its scratch space.
func files(t *testing.T, store archive.Store) []string {
	t.Helper()
	var out []string
	err := fs.WalkDir(store.FS(t.Context()), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func testCreate(t *testing.T, store, other archive.Store) {
	if err := store.Create(t.Context(), "bags/a/data/x.csv", text("hello")); err != nil {
		t.Fatal(err)
	}
	got, err := fs.ReadFile(other.FS(t.Context()), "bags/a/data/x.csv")
	if err != nil || string(got) != "hello" {
		t.Errorf("read %q, %v", got, err)
	}
	if all := files(t, other); len(all) != 1 {
		t.Errorf("the store holds %v, want one file", all)
	}
	if _, err := fs.ReadFile(other.FS(t.Context()), "bags/a/data/y.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading what is not there: %v", err)
	}
}

func testCreateTwice(t *testing.T, store, other archive.Store) {
	if err := store.Create(t.Context(), "a", text("first")); err != nil {
		t.Fatal(err)
	}
	if err := other.Create(t.Context(), "a", text("second")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v, want fs.ErrExist", err)
	}
	if got, _ := fs.ReadFile(store.FS(t.Context()), "a"); string(got) != "first" {
		t.Errorf("the store holds %q, want what was written first", got)
	}
}

func testCreateFails(t *testing.T, store, _ archive.Store) {
	cause := errors.New("cut short")
	err := store.Create(t.Context(), "a", func(w io.Writer) error {
		return errors.Join(text("half")(w), cause)
	})
	if !errors.Is(err, cause) {
		t.Errorf("Create: %v, want the cause", err)
	}
	if all := files(t, store); len(all) != 0 {
		t.Errorf("the store holds %v, want nothing", all)
	}
}

func testCreateCancelled(t *testing.T, store, _ archive.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	err := store.Create(ctx, "a", func(w io.Writer) error {
		cancel()
		return text("late")(w)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Create: %v, want context.Canceled", err)
	}
	if all := files(t, store); len(all) != 0 {
		t.Errorf("the store holds %v, want nothing", all)
	}
}

func testCreateRace(t *testing.T, store, other archive.Store) {
	var won atomic.Int32
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			target := store
			if i%2 == 1 {
				target = other
			}
			err := target.Create(t.Context(), "deep/er/a", text(fmt.Sprint(i)))
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Errorf("Create: %v", err)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers won, want one", won.Load())
	}
	if all := files(t, store); len(all) != 1 {
		t.Errorf("the store holds %v, want one file", all)
	}
}

func testKeys(t *testing.T, store, _ archive.Store) {
	for _, key := range []string{
		"", ".", "..", "/etc/passwd", "../outside", "a/../../b", "a//b", "a/", "a b", "a\x00", "ü", `a\b`, "a:b",
		strings.Repeat("a", 256), strings.Repeat("a/", 600) + "a",
	} {
		if err := store.Create(t.Context(), key, text("x")); !errors.Is(err, archive.ErrKey) {
			t.Errorf("Create(%q): %v, want ErrKey", key, err)
		}
		if err := store.Remove(t.Context(), key); !errors.Is(err, archive.ErrKey) {
			t.Errorf("Remove(%q): %v, want ErrKey", key, err)
		}
	}
}

func testRemove(t *testing.T, store, _ archive.Store) {
	for _, key := range []string{"bags/a", ".work/x/1", ".work/x/2", ".work/y"} {
		if err := store.Create(t.Context(), key, text("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Remove(t.Context(), "bags/a"); err == nil {
		t.Error("evidence was removed")
	}
	for _, key := range []string{".work/x", ".work/none"} {
		if err := store.Remove(t.Context(), key); err != nil {
			t.Errorf("Remove(%s): %v", key, err)
		}
	}
	if got := strings.Join(files(t, store), " "); got != ".work/y bags/a" {
		t.Errorf("the store holds %s", got)
	}
}

// testDiscard: what no seal contains can be discarded, as a whole.
func testDiscard(t *testing.T, store, other archive.Store) {
	for _, key := range []string{"bags/a/bagit.txt", "bags/a/data/x", "bags/ab/bagit.txt", "seals/1/account.json", "export.json", ".work/y"} {
		if err := store.Create(t.Context(), key, text("x")); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"bags", "bags/a/data", "bags/a/data/x", "seals", "seals/1/account.json", ".work", ".work/y", "x", "bags/..", "."} {
		if err := archive.Discard(t.Context(), other, key); err == nil {
			t.Errorf("%s was discarded", key)
		}
	}
	for _, key := range []string{"bags/a", "bags/none", "seals/1", "export.json"} {
		if err := archive.Discard(t.Context(), other, key); err != nil {
			t.Errorf("Discard(%s): %v", key, err)
		}
	}
	for _, key := range []string{"seals/2/account.json", "seals/2/manifest-sha256.txt"} {
		if err := store.Create(t.Context(), key, text("x")); err != nil {
			t.Fatal(err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := archive.Discard(ended, other, "bags/ab"); !errors.Is(err, context.Canceled) {
		t.Errorf("a process that has to stop: %v", err)
	}
	if err := archive.Discard(t.Context(), other, "seals/2"); err == nil {
		t.Error("a seal that is finished was discarded")
	}
	for key, stays := range map[string]bool{
		"seals/2/account.json": true, "bags/a/bagit.txt": false, "bags/a/data/x": false, "seals/1/account.json": false, "export.json": false, "bags/ab/bagit.txt": true, ".work/y": true,
	} {
		if _, err := fs.ReadFile(store.FS(t.Context()), key); stays != (err == nil) || err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// testDiscardedAgain: what was discarded can be created again. In a bucket with versions
// that is so if the service takes a key with a delete marker for one that is free, as
// Amazon S3 does and the server of these tests does not.
func testDiscardedAgain(t *testing.T, store archive.Store) {
	t.Helper()
	const key = "bags/a/data/x"
	if err := errors.Join(store.Create(t.Context(), key, text("x")), archive.Discard(t.Context(), store, "bags/a"), store.Create(t.Context(), key, text("again"))); err != nil {
		t.Fatal(err)
	}
	if got, err := fs.ReadFile(store.FS(t.Context()), key); err != nil || string(got) != "again" {
		t.Errorf("%q, %v", got, err)
	}
}

// largeSize is more than one part of the S3 store under test, in bytes, and no
// multiple of anything.
const largeSize = 13<<20 + 3

// random gives largeSize bytes, and hashes them.
func random(want io.Writer) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.CopyN(io.MultiWriter(w, want), rand.Reader, largeSize)
		return err
	}
}

func testLarge(t *testing.T, store, other archive.Store) {
	want := sha256.New()
	if err := store.Create(t.Context(), "big", random(want)); err != nil {
		t.Fatal(err)
	}
	expectSum(t, other, want)
	if err := other.Create(t.Context(), "big", random(io.Discard)); !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Create: %v, want fs.ErrExist", err)
	}
	expectSum(t, store, want)
}

// expectSum reads the file big in a stream.
func expectSum(t *testing.T, store archive.Store, want hash.Hash) {
	t.Helper()
	file, err := store.FS(t.Context()).Open("big")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || info.Size() != largeSize || info.IsDir() {
		t.Errorf("Stat: %v, %v; want a file of %d bytes", info, err, largeSize)
	}
	got := sha256.New()
	if _, err := io.Copy(got, file); err != nil {
		t.Fatal(err)
	}
	if string(got.Sum(nil)) != string(want.Sum(nil)) {
		t.Error("what is stored is not what was written")
	}
}

func testLargeRace(t *testing.T, store, other archive.Store) {
	var group sync.WaitGroup
	sums := make([]hash.Hash, 4)
	won := make([]error, len(sums))
	for i := range sums {
		sums[i] = sha256.New()
		group.Go(func() {
			target := store
			if i%2 == 1 {
				target = other
			}
			won[i] = target.Create(t.Context(), "big", random(sums[i]))
		})
	}
	group.Wait()
	winners := 0
	for i, err := range won {
		if err == nil {
			winners++
			expectSum(t, store, sums[i])
		}
	}
	if winners != 1 {
		t.Errorf("%d writers won, want one: %v", winners, won)
	}
}

func testLargeFails(t *testing.T, store, other archive.Store) {
	cause := errors.New("cut short")
	err := store.Create(t.Context(), "big", func(w io.Writer) error {
		return errors.Join(random(io.Discard)(w), cause)
	})
	if !errors.Is(err, cause) {
		t.Errorf("Create: %v, want the cause", err)
	}
	if all := files(t, other); len(all) != 0 {
		t.Errorf("the store holds %v, want nothing", all)
	}
}

func testEmpty(t *testing.T, store, other archive.Store) {
	if err := store.Create(t.Context(), "bags/empty", text("")); err != nil {
		t.Fatal(err)
	}
	if got, err := fs.ReadFile(other.FS(t.Context()), "bags/empty"); err != nil || len(got) != 0 {
		t.Errorf("read %q, %v", got, err)
	}
}

// testFS has the standard library judge the file system.
func testFS(t *testing.T, store, other archive.Store) {
	keys := []string{"export.json", "bags/a/data/1/x.wav", "bags/a/data/2/x.wav", "bags/a/bagit.txt", "bags/a.b/bagit.txt", "bags/a-b", ".work/x/1"}
	for _, key := range keys {
		if err := store.Create(t.Context(), key, text(key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := fstest.TestFS(other.FS(t.Context()), keys...); err != nil {
		t.Error(err)
	}
}

func testFolders(t *testing.T, store, other archive.Store) {
	for _, key := range []string{"bags/a/data/x", "bags/a/data/y/z", "bags/a.b", "bags/b"} {
		if err := store.Create(t.Context(), key, text(key)); err != nil {
			t.Fatal(err)
		}
	}
	bag, err := fs.Sub(other.FS(t.Context()), "bags/a")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := fs.Stat(bag, "data"); err != nil || !info.IsDir() || info.Name() != "data" {
		t.Errorf("Stat(data): %v, %v; want a folder", info, err)
	}
	if info, err := fs.Stat(bag, "data/x"); err != nil || info.IsDir() || info.Size() != int64(len("bags/a/data/x")) {
		t.Errorf("Stat(data/x): %v, %v; want a file", info, err)
	}
	var names []string
	entries, err := fs.ReadDir(bag, "data")
	for _, entry := range entries {
		names = append(names, fmt.Sprint(entry.Name(), entry.IsDir()))
	}
	if got := strings.Join(names, " "); err != nil || got != "xfalse ytrue" {
		t.Errorf("ReadDir(data): %s, %v", got, err)
	}
	for _, name := range []string{"none", "dat", "data/x/y", "data/x.wav"} {
		if _, err := fs.Stat(bag, name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("Stat(%s): %v, want fs.ErrNotExist", name, err)
		}
		if _, err := fs.ReadFile(bag, name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("ReadFile(%s): %v, want fs.ErrNotExist", name, err)
		}
		if _, err := fs.ReadDir(bag, name); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			t.Errorf("ReadDir(%s): %v, want fs.ErrNotExist", name, err)
		}
	}
}

func testReadDirParts(t *testing.T, store, other archive.Store) {
	for _, key := range []string{"bags/a", "bags/b/c", "bags/d"} {
		if err := store.Create(t.Context(), key, text(key)); err != nil {
			t.Fatal(err)
		}
	}
	opened, err := other.FS(t.Context()).Open("bags")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	var names []string
	for {
		entries, err := opened.(fs.ReadDirFile).ReadDir(2)
		for _, entry := range entries {
			names = append(names, entry.Name())
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(names) > 3 {
			t.Fatalf("ReadDir: %v, %v", names, err)
		}
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "a b d" {
		t.Errorf("the folder contains %s", got)
	}
}
