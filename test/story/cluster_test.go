package story

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// inAnotherCluster is the story as it continues in a cluster of its own, with the same
// organisation and the same archive.
func (w *story) inAnotherCluster() *story {
	w.Helper()
	return &story{World: w.InAnotherCluster(testenv.Start(w))}
}

// takeOver is the command that has an export's archive taken over from a cluster.
func (w *story) takeOver(from string) string {
	return "kubectl annotate rex case-1 -n " + w.Namespace + " recording.gcexport.dev/take-over-archive=" + from
}

// TestAClusterThatIsLost in the middle of an export: another one takes its archive
// over, once a person says so, and completes it; nothing is fetched twice. When the old
// one wakes up it is told, and asks Genesys Cloud for nothing.
func TestAClusterThatIsLost(t *testing.T) {
	w := newStory(t, twoClients)
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, Status: http.StatusServiceUnavailable, Nth: 5})
	w.createWithClients("one")
	export := w.Export(nil)
	w.Create(export)
	lose := w.Start()
	testenv.Eventually(t, "some batches are finished, and the others cannot continue", func() bool {
		finished, batches := 0, w.batches()
		for _, batch := range batches {
			if batch.IsFinished() {
				finished++
			} else if conditions.Reason(&batch) != v1alpha1.ReasonRecordingsPending {
				return false
			}
		}
		return finished > 0 && finished < len(batches)
	})
	lose()
	w.Sim.ClearFaults()

	other := w.inAnotherCluster()
	other.createWithClients("two")
	again := other.Export(nil)
	other.Create(again)
	other.Start()
	other.Await(again, v1alpha1.ReasonArchiveOfAnotherCluster)
	other.says(again, other.takeOver(w.ClusterID()), "belongs to cluster "+w.ClusterID()+" (since 20")
	other.annotate(again, v1alpha1.AnnotationTakeOver, "another-cluster")
	testenv.Eventually(t, "the annotation is seen", func() bool {
		other.Refresh(again)
		return strings.Contains(conditions.Message(again), "--overwrite")
	})
	if n := w.askedBy("two"); n != 0 {
		t.Errorf("%d requests were made before the archive was taken over", n)
	}
	other.annotate(again, v1alpha1.AnnotationTakeOver, w.ClusterID())
	other.Await(again, v1alpha1.ReasonComplete)
	other.expectEvents(again, "ArchiveTakenOver")
	other.judge(w.exportable())
	w.expectTakenOver(1)
	// The metadata of what was isolated meanwhile is requested once more.
	isolated, err := filepath.Glob(filepath.Join(w.Archive(), archive.WorkPrefix+"batches", "case-1-isolated-*"))
	if err != nil {
		t.Fatal(err)
	}
	if n := w.askedAgain(simulator.RouteMetadata, func(e simulator.Entry) string { return e.ConversationID }); n > len(isolated) {
		t.Errorf("the metadata of %d conversations were asked for twice, %d were isolated", n, len(isolated))
	}
	if n := w.askedAgain(simulator.RouteDownload, func(e simulator.Entry) string { return e.Path }); n > 0 {
		t.Errorf("%d files were fetched twice", n)
	}
	if says, sound := w.Verify(w.Archive()); !sound {
		t.Errorf("the verifier says:\n%s", says)
	}

	asked := w.askedBy("one")
	w.Start()
	w.Await(export, v1alpha1.ReasonArchiveOfAnotherCluster)
	w.says(export, "the cluster "+other.ClusterID()+" took this export's archive over from this cluster", w.takeOver(other.ClusterID()))
	if n := w.askedBy("one"); n != asked {
		t.Errorf("the old cluster made %d requests after it was lost", n-asked)
	}
}

// TestTwoClustersThatLive: whoever has the archive works, the other one stops, its
// batches too, and nobody takes it back by an annotation that was used.
func TestTwoClustersThatLive(t *testing.T) {
	w := newStory(t, nil)
	w.Sim.InjectFault(noneReady)
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonBatchesInProgress)

	other := w.inAnotherCluster()
	other.CreateReferences()
	again := other.Export(nil)
	other.Create(again)
	other.Start()
	other.Await(again, v1alpha1.ReasonArchiveOfAnotherCluster)
	other.annotate(again, v1alpha1.AnnotationTakeOver, w.ClusterID())
	other.Await(again, v1alpha1.ReasonBatchesInProgress)
	w.Await(export, v1alpha1.ReasonArchiveOfAnotherCluster)
	w.expectBatchesStopped()

	w.annotate(export, v1alpha1.AnnotationTakeOver, other.ClusterID())
	w.Await(export, v1alpha1.ReasonBatchesInProgress)
	other.Await(again, v1alpha1.ReasonArchiveOfAnotherCluster)
	other.expectBatchesStopped()
	other.says(again, "take-over-archive="+w.ClusterID()+".2")
	w.Sim.ClearFaults()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectTakenOver(2)
	other.Await(again, v1alpha1.ReasonArchiveOfAnotherCluster)
}

// askedBy is how often a client asked Genesys Cloud for anything but a login. Each cluster
// has a client of its own, because a request that is in flight when a process ends may
// arrive later.
func (w *story) askedBy(client string) int {
	n := 0
	for _, route := range []string{simulator.RouteDetailsSubmit, simulator.RouteMetadata, simulator.RouteBatchSubmit, simulator.RouteBatch} {
		n += w.madeBy(client, route, 0)
	}
	return n
}

// expectBatchesStopped waits until every batch that is not finished says that its
// archive belongs to another cluster.
func (w *story) expectBatchesStopped() {
	w.Helper()
	testenv.Eventually(w, "the batches have stopped", func() bool {
		for _, batch := range w.batches() {
			if !batch.IsFinished() && conditions.Reason(&batch) != v1alpha1.ReasonArchiveOfAnotherCluster {
				return false
			}
		}
		return true
	})
}

// expectTakenOver expects that the seals report so many take-overs.
func (w *story) expectTakenOver(want int) {
	w.Helper()
	logs, err := filepath.Glob(filepath.Join(w.Archive(), "seals", "*", "events.jsonl"))
	if err != nil {
		w.Fatal(err)
	}
	n := 0
	for _, log := range logs {
		content, err := os.ReadFile(log)
		if err != nil {
			w.Fatal(err)
		}
		n += strings.Count(string(content), `"type":"ArchiveTakenOver"`)
	}
	if n != want {
		w.Errorf("the seals tell of %d take-overs, want %d", n, want)
	}
}
