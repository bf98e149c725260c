package s3store

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// TestWorkingArtifactsAreReadOnce, however often they are looked at, until they
// are removed; evidence is read whenever it is asked for.
func TestWorkingArtifactsAreReadOnce(t *testing.T) {
	server := newServer(t)
	store := openStore(t, config(server.URL))
	for _, key := range []string{".work/a/1", ".work/a/2", ".work/ab", "bags/x"} {
		must(t, store.Create(t.Context(), key, text(key)))
		expect(t, store, key, []byte(key))
	}
	server.Kill()
	for _, key := range []string{".work/a/1", ".work/a/2", ".work/ab"} {
		expect(t, store, key, []byte(key))
	}
	server.Run()
	must(t, store.Remove(t.Context(), ".work/a"))
	if _, err := fs.ReadFile(store.FS(t.Context()), ".work/a/1"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadFile: %v, want that it is removed", err)
	}
	must(t, store.Create(t.Context(), ".work/a/1", text("another")))
	expect(t, store, ".work/a/1", []byte("another"))
	expect(t, store, ".work/ab", []byte(".work/ab"))
	expectEvidenceIsRead(t, store)
}

func expectEvidenceIsRead(t *testing.T, store archive.Store) {
	t.Helper()
	for known := range store.(*Store).buckets.cache.contents {
		if known.bucket != "work" {
			t.Errorf("evidence is remembered: %v", known)
		}
	}
}

func TestTheMemoIsBounded(t *testing.T) {
	var m artifactCache
	m.put(location{"work", "large"}, make([]byte, cacheLargest+1))
	for i := range 3 * cacheSize / cacheLargest {
		m.put(location{"work", strings.Repeat("a", i%200) + string(rune(i))}, make([]byte, cacheLargest))
	}
	size := 0
	for _, content := range m.contents {
		size += len(content)
	}
	if size != m.size || size > cacheSize || size == 0 {
		t.Errorf("%d bytes are remembered, %d counted, want at most %d", size, m.size, cacheSize)
	}
	if _, ok := m.get(location{"work", "large"}); ok {
		t.Error("what is too large is remembered")
	}
}
