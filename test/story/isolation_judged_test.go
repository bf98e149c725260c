package story

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestTheEvidenceOfWhatIsIsolated is judged by the verifier, which shares no code with
// the operator: when what was isolated has become gaps, and when a retry has exported
// it. A recording that was refused for good at first is isolated in the retry, itself
// or because of the metadata of its conversation, so that its row says that it was
// retried and left.
func TestTheEvidenceOfWhatIsIsolated(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations, o.HeldShare = 120, 0.3 })
	split, calls := w.split(), w.plainCalls()
	calls = slices.DeleteFunc(calls, func(r simulator.Recording) bool { return r.ID == split.ID })
	unread := w.Sim.Dataset().Held().Started(day, day.AddDate(0, 0, 1)).Conversations[0].ID
	temporary, refused, later := calls[0].ID, calls[1].ID, calls[2]
	for _, fault := range []simulator.Fault{
		{Route: simulator.RouteMetadata, ConversationID: unread, Status: http.StatusGatewayTimeout},
		{Path: "/media/" + split.ConversationID + "/" + split.ID + "/1.wav", Status: http.StatusServiceUnavailable},
		{RecordingID: temporary, ResultError: "temporary failure, try again"},
		{RecordingID: refused, ResultError: "recording.recording.not.found"},
		{RecordingID: later.ID, ResultError: "recording.recording.not.found"},
	} {
		w.Sim.InjectFault(fault)
	}
	w.CreateReferences()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Retry.Deadline = &metav1.Duration{Duration: 3 * time.Second} })
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	w.expectJudged("-unavailable", strings.Join([]string{unread, split.ID, temporary, refused, later.ID}, ","))

	w.Sim.ClearFaults()
	w.Sim.InjectFault(simulator.Fault{RecordingID: refused, ResultError: "temporary failure, try again"})
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: later.ConversationID, Status: http.StatusGatewayTimeout})
	w.annotate(export, v1alpha1.AnnotationRetry, "2024-01-01T00:00:00Z")
	testenv.Eventually(t, "what fails in the retry is isolated", func() bool { return w.leftRetry(refused) && w.leftRetry(later.ID) })
	w.Sim.ClearFaults()
	w.Await(export, v1alpha1.ReasonComplete)
	w.expectJudged()
}

// leftRetry reports whether a bag of a retry says that a recording left it.
func (w *story) leftRetry(recording string) bool {
	for _, batch := range w.batches() {
		if batch.Status.Bag == nil {
			continue
		}
		for _, r := range readCSV(w, w.Archive()+"/bags/"+batch.Name+"/data/index.csv") {
			if r["recording_id"] == recording && r["reason"] == "MovedToIsolated" && r["retried"] == "true" {
				return true
			}
		}
	}
	return false
}

// expectJudged has the verifier judge the archive. What failed was requested often.
func (w *story) expectJudged(flags ...string) {
	w.Helper()
	if says, sound := w.Verify(w.Archive(), append([]string{"-asks", "20"}, flags...)...); !sound {
		w.Errorf("the verifier says:\n%s", says)
	}
}
