package s3store

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// content is what one file contains, whenever it is asked for.
func content(parts int) []byte {
	body := make([]byte, parts*testPart+1)
	_, _ = rand.Read(body)
	return body
}

// expect reads a file of a store and compares.
func expect(t *testing.T, store archive.Store, key string, want []byte) {
	t.Helper()
	got, err := fs.ReadFile(store.FS(t.Context()), key)
	if errors.Is(err, archive.ErrTooLarge) {
		var file fs.File
		if file, err = store.FS(t.Context()).Open(key); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = file.Close() }()
		got, err = io.ReadAll(file)
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, %v; want the %d that were written", key, len(got), err, len(want))
	}
}

// TestAServerKilledInMidUpload: if it comes back soon the upload continues, and
// nothing shows before its end.
func TestAServerKilledInMidUpload(t *testing.T) {
	server := newServer(t)
	store, want := openStore(t, config(server.URL)), content(4)
	must(t, store.Create(t.Context(), "big", func(w io.Writer) error {
		if _, err := w.Write(want[:2*testPart+1]); err != nil {
			return err
		}
		server.Kill()
		back := make(chan struct{})
		go func() { defer close(back); server.Run() }()
		_, err := w.Write(want[2*testPart+1:])
		<-back
		if keys := server.Keys("evidence", ""); len(keys) != 0 {
			t.Errorf("%v are there before all was written", keys)
		}
		return err
	}))
	expect(t, store, "big", want)
	expectNoUploads(t, server)
}

// TestAServerThatStaysAway: the write fails and leaves nothing that counts; the
// next one, once the server is back, sends only what had not arrived.
func TestAServerThatStaysAway(t *testing.T) {
	server := newServer(t)
	counted, sent := countParts(t, server.URL)
	store, want := openStore(t, config(counted)), content(4)
	err := store.Create(t.Context(), "big", func(w io.Writer) error {
		if _, err := w.Write(want[:3*testPart+1]); err != nil {
			return err
		}
		server.Kill()
		_, err := w.Write(want[3*testPart+1:])
		return err
	})
	if archive.KindOf(err) != archive.KindUnavailable {
		t.Fatalf("Create: %v, want Unavailable", err)
	}
	server.Run()
	if _, err := fs.Stat(store.FS(t.Context()), "big"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat: %v, want that nothing is there", err)
	}
	sent.Store(0)
	must(t, openStore(t, config(counted)).Create(t.Context(), "big", func(w io.Writer) error {
		_, err := w.Write(want)
		return err
	}))
	if n := sent.Load(); n != 2 {
		t.Errorf("%d parts were sent the second time, want the 2 of 5 that had not arrived", n)
	}
	expect(t, store, "big", want)
	expectNoUploads(t, server)
}

// TestOtherBytesAreNotMixedIn: what an earlier attempt sent is used only if it
// is the same.
func TestOtherBytesAreNotMixedIn(t *testing.T) {
	server := newServer(t)
	store := openStore(t, config(server.URL))
	interrupted(t, store, content(3))
	if left := server.Uploads("evidence"); len(left) != 1 {
		t.Fatalf("uploads %v, want one to be resumed", left)
	}
	want := content(2)
	must(t, store.Create(t.Context(), "big", func(w io.Writer) error {
		_, err := w.Write(want)
		return err
	}))
	expect(t, store, "big", want)
	expectNoUploads(t, server)
}

// interrupted begins to write a large file and stops, as a process does that is
// told to end.
func interrupted(t *testing.T, store archive.Store, body []byte) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	err := store.Create(ctx, "big", func(w io.Writer) error {
		_, err := w.Write(body)
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("Create: %v, want context.Canceled", err)
	}
}

func TestLeftoversCanBeRemoved(t *testing.T) {
	server := newServer(t)
	store := openStore(t, config(server.URL))
	interrupted(t, store, content(1))
	must(t, store.Create(t.Context(), "export.json", text("x")))
	must(t, store.Remove(t.Context(), archive.Scratch))
	expectNoUploads(t, server)
	expect(t, store, "export.json", []byte("x"))
}

// TestASourceThatFailsLeavesNoUpload: what it was to be will not come again.
func TestASourceThatFailsLeavesNoUpload(t *testing.T) {
	server := newServer(t)
	cause := errors.New("cut short")
	err := openStore(t, config(server.URL)).Create(t.Context(), "big", func(w io.Writer) error {
		return errors.Join(random(2)(w), cause)
	})
	if !errors.Is(err, cause) {
		t.Errorf("Create: %v, want the cause", err)
	}
	expectNoUploads(t, server)
}

// TestMemoryDoesNotDependOnTheSize: twenty parts more, written and read, take
// less memory more than five of them would fill.
func TestMemoryDoesNotDependOnTheSize(t *testing.T) {
	const few, more = 5, 20
	store := openStore(t, config(newServer(t).URL))
	first, second := allocated(t, store, "few", few), allocated(t, store, "many", few+more)
	if second > first+more/4*testPart {
		t.Errorf("%d parts took %d bytes of memory, %d took %d", few, first, few+more, second)
	}
}

// allocated is how much memory it takes to write and read some parts.
func allocated(t *testing.T, store archive.Store, key string, parts int) uint64 {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	must(t, store.Create(t.Context(), key, random(parts)))
	file, err := store.FS(t.Context()).Open(key)
	must(t, err)
	size, err := io.Copy(io.Discard, file)
	must(t, errors.Join(err, file.Close()))
	if size != int64(parts)*testPart+1 {
		t.Errorf("%s contains %d bytes", key, size)
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func expectNoUploads(t *testing.T, server *s3server.Server) {
	t.Helper()
	if left := server.Uploads("evidence"); len(left) != 0 {
		t.Errorf("uploads %v are left", left)
	}
}

// countParts is a way to the server that counts the parts that arrive there.
func countParts(t *testing.T, server string) (string, *atomic.Int32) {
	t.Helper()
	target, err := url.Parse(server)
	must(t, err)
	var arrived atomic.Int32
	proxy := &httputil.ReverseProxy{
		ErrorLog: log.New(io.Discard, "", 0),
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: func(r *http.Response) error {
			if r.Request.URL.Query().Has("partNumber") && r.StatusCode == http.StatusOK {
				arrived.Add(1)
			}
			return nil
		},
	}
	counting := httptest.NewServer(proxy)
	t.Cleanup(counting.Close)
	return counting.URL, &arrived
}
