package recordingexport

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// sealedOnce is a window with an end that is sealed with a gap, and what came to its
// plan after that; somebody has requested a retry.
func sealedOnce(t *testing.T, request string, after ...plan.Entry) *loaded {
	export := newExport()
	export.Spec.Window.End = &metav1.Time{Time: first.Add(day)}
	export.Status.StartTime, export.Status.CompletionTime = &metav1.Time{Time: first}, &metav1.Time{Time: first.Add(day)}
	export.Status.ObservedGeneration = export.Generation
	plan := []plan.Entry{
		withSlices(surveyedDay(1, 0, plan.PurposeFirst), 1), surveyedDay(1, 1, plan.PurposeReview),
		{Sealing: &plan.Sealing{Number: 1, Until: first.Add(day), Entries: "0-1"}},
	}
	s := loadedFor(export, logOf(t, window(0, day), append(plan, after...)...))
	s.retry, s.counted, s.sealed = request, countedOf(1), &evidence.Former{Account: evidence.Account{Number: 1, Gaps: 1}}
	return s
}

var retriedOnce = plan.Entry{
	Retried: &plan.Retried{Token: "once", Seals: 1}, Slices: []plan.Slice{plannedSlice("again", "again")},
}

// TestARetryOfWhichTheStatusWasNotTold: its entry is in the plan, but the write of
// the status that took the completion back was lost. The export has not ended,
// and must not end before the retry is sealed.
func TestARetryOfWhichTheStatusWasNotTold(t *testing.T) {
	s := sealedOnce(t, "once", retriedOnce)
	out, err := (&sealingStep{process: process{clock: clock.RealClock{}}}).Reconcile(t.Context(), s)
	if err != nil || !out.IsDone() {
		t.Fatalf("%v, %v", out, err)
	}
	if s.isAllSealed() || s.export.Status.CompletionTime != nil || s.export.Status.LastRetryRequest != "once" {
		t.Errorf("all sealed: %t, status %+v", s.isAllSealed(), s.export.Status)
	}
}

// TestARetryWhileAnotherIsRunning is taken for another try of the same: the seals
// have as unavailable what the first is about to bring, and it would be exported twice.
func TestARetryWhileAnotherIsRunning(t *testing.T) {
	s := sealedOnce(t, "twice", retriedOnce)
	out, err := (&sealingStep{process: process{clock: clock.RealClock{}}}).Reconcile(t.Context(), s)
	if err != nil || !out.IsDone() || s.isAllSealed() {
		t.Fatalf("%v, %v, all sealed: %t", out, err, s.isAllSealed())
	}
	if got := s.export.Status.LastRetryRequest; got != "twice" {
		t.Errorf("the last request is %q, want the second", got)
	}
}
