package story

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// bad is something that keeps failing: the fault, and which recordings it keeps away.
type bad struct {
	fault simulator.Fault
	keeps []simulator.Recording
	// reason is that of the gap in the end.
	reason string
}

// badItems returns one bad item of each kind, each in a batch with others.
func (w *story) badItems() map[string]bad {
	calls := w.plainCalls()
	held := w.Sim.Dataset().Held().Started(day, day.AddDate(0, 0, 1)).Conversations
	held = slices.DeleteFunc(held, func(c simulator.Conversation) bool { return len(c.Recordings) == 0 })
	recording := func(fault simulator.Fault) bad {
		r := calls[0]
		calls = calls[3:]
		fault.ConversationID, fault.RecordingID = r.ConversationID, r.ID
		return bad{fault, []simulator.Recording{r}, evidenceReason(fault)}
	}
	conversation := func(c simulator.Conversation, fault simulator.Fault) bad {
		fault.Route, fault.ConversationID = simulator.RouteMetadata, c.ID
		return bad{fault, c.Recordings, "MetadataUnreadable"}
	}
	return map[string]bad{
		"metadata that times out":         conversation(held[0], simulator.Fault{Status: http.StatusGatewayTimeout}),
		"metadata that is a page":         conversation(held[1], simulator.Fault{Body: simulator.HTML}),
		"metadata of another division":    conversation(held[2], simulator.Fault{Status: http.StatusForbidden}),
		"a request that is refused":       recording(simulator.Fault{Route: simulator.RouteBatchSubmit, Status: http.StatusBadRequest}),
		"a request that fails":            recording(simulator.Fault{Route: simulator.RouteBatchSubmit, Status: http.StatusInternalServerError}),
		"a result that asks to try again": recording(simulator.Fault{ResultError: "temporary failure, try again"}),
		"a download that fails":           recording(simulator.Fault{Route: simulator.RouteDownload, Status: http.StatusServiceUnavailable}),
		"a download that is denied":       recording(simulator.Fault{Route: simulator.RouteDownload, Status: http.StatusForbidden}),
	}
}

func evidenceReason(fault simulator.Fault) string {
	if fault.Route == simulator.RouteDownload {
		return "NotDelivered"
	}
	return "Refused"
}

// TestBadItemsDoNotHoldUpOthers: one bad item of each kind. Everything else is
// exported while they are retried; once they are good they are exported, too.
func TestBadItemsDoNotHoldUpOthers(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations, o.HeldShare = 120, 0.3 })
	items := w.badItems()
	for _, item := range items {
		w.Sim.InjectFault(item.fault)
	}
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	w.awaitIsolated(export, int64(len(items)))
	if !strings.Contains(conditions.Message(export), "isolated") {
		t.Errorf("the message is %q", conditions.Message(export))
	}
	if got := export.Status.Isolated; got.Conversations != 3 || got.Recordings != 5 || got.OldestTime == nil {
		t.Errorf("isolated: %+v", got)
	}
	others := slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return isBad(items, r) })
	testenv.Eventually(t, "everything else is stored", func() bool { return len(w.storedFiles()) >= filesOf(others) })
	w.Sim.ClearFaults()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestBadItemsBecomeGaps once their retry deadline is used up, each with its last error.
func TestBadItemsBecomeGaps(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations, o.HeldShare = 120, 0.3 })
	items := w.badItems()
	for _, item := range items {
		w.Sim.InjectFault(item.fault)
	}
	w.CreateReferences()
	export := w.Export(func(spec *v1alpha1.RecordingExportSpec) {
		spec.Retry.Deadline = &metav1.Duration{Duration: 3 * time.Second}
	})
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	w.judge(slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return isBad(items, r) }))
	if export.Status.Gaps != int64(len(items)) || export.Status.Isolated.Items != 0 {
		t.Errorf("%d gaps, isolated %+v", export.Status.Gaps, export.Status.Isolated)
	}
	failures := readCSV(t, w.seals()[0]+"/failures.csv")
	for name, item := range items {
		i := slices.IndexFunc(failures, func(r row) bool {
			return r["conversation_id"] == item.keeps[0].ConversationID && (r["recording_id"] == "" || r["recording_id"] == item.keeps[0].ID)
		})
		if i < 0 || failures[i]["reason"] != item.reason || failures[i]["detail"] == "" {
			t.Errorf("%s: failures.csv has %v", name, failures)
		}
	}
}

// awaitIsolated waits until so many items are isolated, and every other batch is done.
func (w *story) awaitIsolated(export *v1alpha1.RecordingExport, items int64) {
	w.Helper()
	testenv.Eventually(w, "what is bad is isolated, and everything else done", func() bool {
		w.Refresh(export)
		batches := export.Status.Batches
		return export.Status.Isolated.Items == items && int64(batches.Planned-batches.Completed) == w.isolatedBatches()
	})
}

// isolatedBatches counts the batches of the lane Isolated that are not finished.
func (w *story) isolatedBatches() int64 {
	var n int64
	for _, batch := range w.batches() {
		if batch.Spec.Lane == v1alpha1.LaneIsolated && !batch.IsFinished() {
			n++
		}
	}
	return n
}

func isBad(items map[string]bad, r simulator.Recording) bool {
	for _, item := range items {
		if slices.ContainsFunc(item.keeps, func(k simulator.Recording) bool { return k.ID == r.ID }) {
			return true
		}
	}
	return false
}

func filesOf(recordings []simulator.Recording) int {
	n := 0
	for _, r := range recordings {
		n += len(r.Files())
	}
	return n
}
