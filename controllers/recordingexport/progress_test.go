package recordingexport

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// mark gives a batch a reason, as a stalled one if a person has to act on it.
func mark(b *v1alpha1.RecordingExportBatch, reason string) {
	switch reason {
	case v1alpha1.ReasonPermissionMissing, v1alpha1.ReasonCancelled:
		conditions.Stalled(b, reason, "message")
	default:
		conditions.Reconciling(b, reason, "message")
	}
}

// TestWhatIsIsolatedIsTold: how much, since when, when it is retried and until when.
func TestWhatIsIsolatedIsTold(t *testing.T) {
	surveyed := surveyedDay(1, 0, plan.PurposeFirst)
	surveyed.Slices = []plan.Slice{plannedSlice("Standard0", "g"), laneSlice(slicing.LegalHold, "LegalHold0", "h"), laneSlice(slicing.LegalHoldScreen, "LegalHoldScreen0", "h")}
	whole, parts := laneSlice(slicing.Isolated, "Isolated0", "i"), laneSlice(slicing.Isolated, "Isolated1", "j")
	whole.Conversations, parts.Conversations, parts.Recordings = 1, 1, 3
	isolated := plan.Entry{Isolated: &plan.Isolated{Group: "g", Batch: "Standard0", Day: first}, Slices: []plan.Slice{whole, parts}}
	s := loadedFor(newExport(), logOf(t, window(0, day), surveyed, isolated))
	held, screens, retried := batch(0, "LegalHold", 0, false), batch(0, "LegalHoldScreen", 0, false), batch(0, "Isolated", 0, false)
	began := metav1.NewTime(first.Add(2 * time.Hour))
	held.Status.StartTime, screens.Status.StartTime = &began, &began
	held.Status.Isolated, screens.Status.Isolated = v1alpha1.LeftCounts{Conversations: 1}, v1alpha1.LeftCounts{Conversations: 1, Recordings: 2}
	next := metav1.NewTime(first.Add(6*time.Hour + 10*time.Minute))
	retried.Status.Retry = &v1alpha1.RetryStatus{Step: v1alpha1.StepMetadata, Failures: 4, Used: metav1.Duration{Duration: 4 * time.Hour}, NextAttemptTime: &next}
	s.batches = []v1alpha1.RecordingExportBatch{held, screens, retried}
	got := s.isolated()
	if got.Conversations != 2 || got.Recordings != 5 || got.Items != 7 || !got.OldestTime.Time.Equal(first.Add(time.Minute)) {
		t.Errorf("isolated %+v", got)
	}
	if !got.NextAttemptTime.Equal(&next) || !got.RetriesEndTime.Time.Equal(next.Add(20*time.Hour)) {
		t.Errorf("next attempt %v, until %v", got.NextAttemptTime, got.RetriesEndTime)
	}
	want := "0 of 5 batches done, 3 running; 2 conversations and 5 recordings isolated, next attempt 06:10:00Z, retried until about 2023-10-02T02:10Z"
	if says := progressOf(s, nil).Message; says != want {
		t.Errorf("%q, want %q", says, want)
	}
	s.counted = plan.SliceSet{"Standard": slicing.FirstOrdinals(1), "LegalHold": slicing.FirstOrdinals(1), "LegalHoldScreen": slicing.FirstOrdinals(1), "Isolated": slicing.FirstOrdinals(2)}
	if got := s.isolated(); got != (v1alpha1.IsolatedStatus{}) {
		t.Errorf("once everything is finished: %+v", got)
	}
}
