package simulator_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestJournalCounts(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	w.want(w.get(metadataPath(c)), 200)
	w.want(w.get(metadataPath(c)), 200)
	w.want(w.get("/api/v2/conversations/unknown/recordingmetadata"), 404)
	w.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, Status: 503, Count: 1})
	w.want(w.get(metadataPath(c)), 503)
	w.want(w.post(protection, object{"conversationIds": []string{c.ID, c.ID}}), 200)

	j := w.Journal()
	for _, tc := range []struct {
		route  string
		status int
		want   int
	}{
		{simulator.RouteMetadata, 200, 2},
		{simulator.RouteMetadata, 404, 1},
		{simulator.RouteMetadata, 0, 4},
		{"", 503, 1},
		{"", 0, 6}, // the login, too
		{simulator.RouteLogin, 200, 1},
		{simulator.RouteBatch, 0, 0},
	} {
		if got := j.Count(tc.route, tc.status); got != tc.want {
			t.Errorf("%d requests of %q with status %d, want %d", got, tc.route, tc.status, tc.want)
		}
	}
	if j.ServerErrors() != 1 || j.Throttled() != 0 {
		t.Errorf("%d server errors, %d throttled", j.ServerErrors(), j.Throttled())
	}
	entries := j.Entries()
	last := entries[len(entries)-1]
	if last.Sequence != 6 || last.Method != http.MethodPost || last.Route != simulator.RouteProtectionQuery || last.IDs != 2 || !last.Time.Equal(monday) {
		t.Errorf("last entry is %+v", last)
	}
}

func TestJournalKeepsNoSignature(t *testing.T) {
	w := newWorld(t)
	c := w.pick(quiet)
	address := w.results(object{"conversationId": c.ID})[0].ResultURL
	w.want(w.download(address), 200)
	entries := w.Journal().Entries()
	last := entries[len(entries)-1]
	want := "/media/" + c.ID + "/" + c.Recordings[0].ID + "/0.wav"
	if last.Route != simulator.RouteDownload || last.Path != want || last.RecordingID != c.Recordings[0].ID {
		t.Errorf("entry is %+v, want path %s", last, want)
	}
}

// TestEverythingAtOnce is for the race detector.
func TestEverythingAtOnce(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) { o.RequestsPerMinute, o.JobDelay, o.ExportDelay = 10_000, 0, 0 })
	held, free := w.pick(heldWithScreens), w.pick(quiet)
	job := w.submitJob(w.exportQuery(free))
	w.want(w.put(job, object{"state": "PROCESSING"}), 200)
	batch := w.submitBatch(object{"conversationId": held.ID})
	var group sync.WaitGroup
	for range 4 {
		for _, ask := range []func(){
			func() { w.get(metadataPath(held)) },
			func() { w.get(metadataPath(free)) },
			func() { w.get(job) },
			func() { w.get(batches + "/" + batch) },
			func() { w.post(detailsJobs, object{"interval": firstDay}) },
			func() { w.heldAmong(held.ID, free.ID) },
			func() { w.login(w.Options().Clients[0]) },
			func() { w.Dataset() },
			func() { w.Journal().Entries(); w.Journal().Counts(); w.Journal().Windows() },
			func() { w.InjectFault(simulator.Fault{Route: simulator.RouteUnknown, Status: 500}) },
			func() { w.ClearFaults() },
			func() { w.clock.advance(1) },
			func() {
				if err := w.SetProtected(free.ID, true); err != nil {
					t.Error(err)
				}
			},
		} {
			group.Go(ask)
		}
	}
	group.Wait()
	if got := w.Journal().Count(simulator.RouteMetadata, 200); got != 8 {
		t.Errorf("%d metadata requests were answered, want 8", got)
	}
}
