package recordingexportbatch

import (
	"context"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// lateStore is a store in which another process stores something under key just after somebody
// has found nothing there.
type lateStore struct {
	archive.Store
	key    string
	arrive func()
}

func (s lateStore) FS(ctx context.Context) fs.FS { return lateFS{s.Store.FS(ctx), s} }

type lateFS struct {
	fs.FS
	store lateStore
}

func (f lateFS) Open(name string) (fs.File, error) {
	file, err := f.FS.Open(name)
	if err != nil && name == f.store.key {
		f.store.arrive()
	}
	return file, err
}

// TestARefusalThatHasJustBeenRecorded is the reason of the gap in the last attempt, although the
// attempt had looked for a refusal before.
func TestARefusalThatHasJustBeenRecorded(t *testing.T) {
	w := restoring(t)
	w.last = true
	w.put(t, artifacts.AttemptKey(w.slice, ref(1)), artifacts.RestorationAttempt{RecordingRef: ref(1)})
	other, arrivals := *w, 0
	refused := artifacts.RestorationEnd{RecordingRef: ref(1), Reason: evidence.ReasonRestorationQuota, Detail: "HTTP 400"}
	key := artifacts.RefusalKey(w.slice, ref(1))
	w.store = lateStore{w.store, key, func() {
		arrivals++
		other.put(t, key, artifacts.RestorationRefusal{RestorationEnd: refused})
	}}
	metadata := &genesys.Metadata{Recordings: []genesys.Recording{{ID: ref(1).RecordingID, FileState: genesys.FileArchived}}}
	end, err := w.recordingEnd(t.Context(), ref(1), metadata)
	if err != nil || arrivals != 1 {
		t.Errorf("%v; another process recorded %d refusals", err, arrivals)
	}
	if diff := cmp.Diff(&refused, end); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
