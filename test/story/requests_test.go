package story

import (
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// annotate makes a request by an annotation.
func (w *story) annotate(export *v1alpha1.RecordingExport, annotation, token string) {
	w.Helper()
	patch := client.MergeFrom(export.DeepCopy())
	metav1.SetMetaDataAnnotation(&export.ObjectMeta, annotation, token)
	if err := w.Client.Patch(w.Context(), export, patch); err != nil {
		w.Fatal(err)
	}
}

// expectKstatusOf asks what tools that know nothing of us think of an export.
func (w *story) expectKstatusOf(export *v1alpha1.RecordingExport, want status.Status) {
	w.Helper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("RecordingExport"))
	if err := w.Client.Get(w.Context(), client.ObjectKeyFromObject(export), object); err != nil {
		w.Fatal(err)
	}
	if got, err := status.Compute(object); err != nil || got.Status != want {
		w.Errorf("kstatus: %v, %v; want %s", got, err, want)
	}
}

// TestRetryAfterSealing retries everything that was unavailable: a further seal
// lists what can be exported now, and nothing sealed is written again.
func TestRetryAfterSealing(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) {
		o.Edges.Open = 1
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 2, simulator.Deleted: 1}
	})
	calls := w.plainCalls()
	refused, unreadable := calls[0], calls[1]
	held := w.Sim.Dataset().Held().Started(day, day.AddDate(0, 0, 1)).Conversations[0].ID
	w.Sim.InjectFault(simulator.Fault{RecordingID: refused.ID, ResultError: "recording.recording.not.found"})
	for _, id := range []string{unreadable.ConversationID, held} {
		w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: id, Status: http.StatusGatewayTimeout})
	}
	w.CreateReferences()
	w.Start()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Retry.Deadline, s.OpenDeadline = &metav1.Duration{Duration: 3 * time.Second}, &metav1.Duration{}
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	if export.Status.Gaps != 7 {
		t.Errorf("%d gaps, want 3 recordings by their state, 1 refused, 2 conversations unreadable, 1 open", export.Status.Gaps)
	}
	fetched := w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK)

	w.Sim.ClearFaults()
	w.heal()
	w.annotate(export, v1alpha1.AnnotationRetry, "2024-01-01T00:00:00Z")
	testenv.Eventually(t, "the request is acted upon", func() bool { w.Refresh(export); return export.Status.LastRetryRequest != "" })
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)

	wanted := slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return !r.FileState.Downloadable() })
	w.judge(wanted)
	accounts := w.accounts()
	if len(accounts) != 2 || accounts[1].Gaps != 1 || export.Status.Gaps != 1 || accounts[1].exported() != int64(len(wanted)) {
		t.Errorf("accounts %+v, %d gaps; want a second one, and the deleted recording the only gap", accounts, export.Status.Gaps)
	}
	if export.Status.Recordings.Exported != int64(len(wanted)) || export.Status.Recordings.Unavailable != 1 {
		t.Errorf("recordings %+v, want %d and one that is unavailable", export.Status.Recordings, len(wanted))
	}
	if again := w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK) - fetched; again > 20 {
		t.Errorf("%d recordings were fetched by the retry", again)
	}
}

// heal ends open conversations and brings recordings back from the archive.
func (w *story) heal() {
	w.Helper()
	for _, c := range w.Sim.Dataset().Conversations {
		if c.End.IsZero() {
			if err := w.Sim.EndConversation(c.ID, c.Start.Add(time.Minute)); err != nil {
				w.Fatal(err)
			}
		}
		for _, r := range c.Recordings {
			if r.FileState == simulator.Archived {
				if err := w.Sim.SetFileState(c.ID, r.ID, simulator.Restored); err != nil {
					w.Fatal(err)
				}
			}
		}
	}
}

// TestARetryWithoutGaps changes nothing.
func TestARetryWithoutGaps(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	calls := w.Sim.Journal().Count("", 0)
	w.annotate(export, v1alpha1.AnnotationRetry, "again")
	testenv.Eventually(t, "the request is acted upon", func() bool { w.Refresh(export); return export.Status.LastRetryRequest == "again" })
	w.Await(export, v1alpha1.ReasonComplete)
	if now := w.Sim.Journal().Count("", 0); now != calls || len(w.accounts()) != 1 {
		t.Errorf("%d calls and %d seals, want none and one", now-calls, len(w.accounts()))
	}
}

// noneReady keeps every batch in progress for as long as it is in force.
var noneReady = simulator.Fault{Route: simulator.RouteBatch, Status: http.StatusServiceUnavailable}

// noneSurveyed keeps every analytics job running for as long as it is in force.
var noneSurveyed = simulator.Fault{Route: simulator.RouteDetailsJob, Status: http.StatusServiceUnavailable}

// TestCancelAndTakeUpAgain: a cancelled export asks for nothing and leaves nothing
// running; a retry takes it up where it was.
func TestCancelAndTakeUpAgain(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Sim.InjectFault(noneReady)
	w.Start()
	export := w.exportWithin(time.Hour)
	testenv.Eventually(t, "30 of 50 batches done, 14 running", func() bool { return w.Sim.Journal().Count(simulator.RouteBatchSubmit, 0) > 3 })
	w.annotate(export, v1alpha1.AnnotationCancel, "2024-01-01T00:00:00Z")
	w.Await(export, v1alpha1.ReasonCancelled)
	w.says(export, v1alpha1.AnnotationRetry)
	w.expectKstatusOf(export, status.FailedStatus)
	testenv.Eventually(t, "every batch has stopped", func() bool {
		return !slices.ContainsFunc(w.batches(), func(b v1alpha1.RecordingExportBatch) bool {
			return !b.IsFinished() && conditions.Reason(&b) != v1alpha1.ReasonCancelled
		})
	})
	testenv.Eventually(t, "no analytics job is left", func() bool { w.Refresh(export); return len(export.Finalizers) == 0 })
	w.Sim.ClearFaults()
	w.annotate(export, v1alpha1.AnnotationRetry, "2024-01-02T00:00:00Z")
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if export.Status.Cancelled || export.Status.LastCancelRequest == "" || export.Status.LastRetryRequest == "" {
		t.Errorf("status %+v", export.Status)
	}
}

// TestSuspendedWhileSurveying: no analytics job is left running.
func TestSuspendedWhileSurveying(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Sim.InjectFault(noneSurveyed)
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	testenv.Eventually(t, "an analytics job is running", func() bool { return w.Sim.Journal().Count(simulator.RouteDetailsJob, 0) > 0 })
	w.suspend(export, true)
	w.Await(export, v1alpha1.ReasonSuspended)
	testenv.Eventually(t, "the job is ended", func() bool {
		return w.Sim.Journal().Count(simulator.RouteDetailsDelete, http.StatusNoContent) == 1
	})
	w.Sim.ClearFaults()
	w.suspend(export, false)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestABatchThatIsTooLarge is cut in two, as often as need be, and what is known
// of it is not requested again.
func TestABatchThatIsTooLarge(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Start(func(o *operator.Options) { o.MaxRecordings = 8 })
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.RetainBatches = new(int32) })
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectOnce()
	bags, _ := filepath.Glob(filepath.Join(w.Archive(), "bags", "*-d*"))
	for _, bag := range bags {
		if rows := readCSV(t, filepath.Join(bag, "data", "index.csv")); len(rows) > 8 && len(readCSV(t, filepath.Join(bag, "data", "conversations.csv"))) > 1 {
			t.Errorf("%s contains %d recordings of several conversations", filepath.Base(bag), len(rows))
		}
	}
	if len(bags) < 4 {
		t.Errorf("%d bags of halves", len(bags))
	}
}
