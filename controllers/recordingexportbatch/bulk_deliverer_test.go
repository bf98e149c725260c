package recordingexportbatch

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

func bulkRef(n int) genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: conversationID(n), RecordingID: recordingID(n)}
}

// TestTheRemainderIsDownloaded: only what bulk jobs did not export is requested, and the outcomes are
// those of all recordings.
func TestTheRemainderIsDownloaded(t *testing.T) {
	w := newBulkWorld(t, 4)
	w.poisoned[conversationID(2)] = true
	w.run()
	contents, err := readContents(t.Context(), w.store, "b")
	if err != nil {
		t.Fatal(err)
	}
	deliverer, is := remainders{downloads{process: process{w.clock, "test"}}}.deliverer(w.batch, contents).(*remainder)
	if !is {
		t.Fatal("it downloads everything")
	}
	if err := deliverer.leaveOutExported(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]genesys.RecordingRef{bulkRef(2)}, deliverer.downloader.wanted); diff != "" {
		t.Errorf("it downloads (-want +got):\n%s", diff)
	}
	outcomes, err := deliverer.finish(t.Context())
	if err != nil || len(outcomes) != 4 || outcomes[bulkRef(0)].Files != 1 || outcomes[bulkRef(2)].Files != 0 {
		t.Errorf("%v, %v", outcomes, err)
	}
}

// TestABagRefersToTheBucket: a batch that bulk jobs export as a whole requests nothing, and its bag
// refers to every recording.
func TestABagRefersToTheBucket(t *testing.T) {
	w := newBulkWorld(t, 3)
	w.run()
	putAll(t, w.store, map[string]any{artifacts.HoldKey("g"): artifacts.Hold{}})
	state, err := readArtifacts(t.Context(), w.batch.resolvedBatch)
	if err != nil {
		t.Fatal(err)
	}
	summary := state.summary()
	if !summary.allRequested || !summary.bulk.done || summary.stored != 3 || len(summary.bulk.jobs) != 1 || summary.bulk.jobs[0].State != "FULFILLED" {
		t.Errorf("%+v", summary)
	}
	w.batch.signer = func(context.Context) (*signing.Signer, error) { return nil, nil } // nothing is signed
	step := &completionStep{process: process{w.clock, "test"}, deliverers: remainders{downloads{process: process{w.clock, "test"}}}}
	work, err := step.prepare(t.Context(), w.batch)
	if err != nil {
		t.Fatal(err)
	}
	if err := work.deliverAndSeal(t.Context(), transfer.Try{}); err != nil {
		t.Fatal(err)
	}
	list, err := fs.ReadFile(w.store.FS(t.Context()), evidence.BagFolder("b")+"/"+evidence.FetchList)
	if err != nil || strings.Count(string(list), "s3://recordings/") != 3 {
		t.Errorf("%s, %v", list, err)
	}
	log, err := fs.ReadFile(w.store.FS(t.Context()), evidence.BagFolder("b")+"/custody/events.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for told, want := range map[string]int{
		`"RecordingReferenced"`: 3, `"RecordingsRequested"`: 1, `"BulkJobExecutionRequested"`: 1, `"BulkJobEnded"`: 1, `"available":"3"`: 1, `"state":"FULFILLED"`: 1,
		`"client":"client"`: 1, `"integration":"` + integrationID + `"`: 1, `"bulkJobPart":"0-3"`: 1,
	} {
		if strings.Count(string(log), told) != want {
			t.Errorf("the log does not report %d times %s\n%s", want, told, log)
		}
	}
}

// TestWhatJobsCouldNotExportIsSuspect: the conversations whose own jobs failed, and the recordings that
// jobs list as failed, but nothing else that is downloaded.
func TestWhatJobsCouldNotExportIsSuspect(t *testing.T) {
	w := newBulkWorld(t, 8)
	w.poisoned[conversationID(2)], w.failing[conversationID(5)] = true, true
	w.run()
	contents, err := readContents(t.Context(), w.store, "b")
	if err != nil {
		t.Fatal(err)
	}
	deliverer, is := remainders{downloads{process: process{w.clock, "test"}}}.deliverer(w.batch, contents).(*remainder)
	if !is {
		t.Fatal("it downloads everything")
	}
	if err := deliverer.leaveOutExported(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := map[genesys.RecordingRef]bool{bulkRef(2): true, bulkRef(5): true}
	if diff := cmp.Diff(want, deliverer.requester.suspects); diff != "" {
		t.Errorf("suspects (-want +got):\n%s", diff)
	}
}
