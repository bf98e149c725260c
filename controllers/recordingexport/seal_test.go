package recordingexport

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestARetryOfWhichTheStatusWasNotTold: its entry is in the plan, but the write of
// the status that took the completion back was lost. The export has not ended,
// and must not rest before the retry is sealed.
func TestARetryOfWhichTheStatusWasNotTold(t *testing.T) {
	sealing := artifacts.Entry{Sealing: &artifacts.Sealing{Number: 1, Until: first.Add(day), Entries: "0-1"}}
	retried := withSlices(artifacts.Entry{Retried: &artifacts.Retried{Token: "again", Seals: 1}}, 1)
	export := newExport()
	export.Spec.Window.End = &metav1.Time{Time: first.Add(day)}
	export.Status.StartTime, export.Status.CompletionTime = &metav1.Time{Time: first}, &metav1.Time{Time: first.Add(day)}
	export.Status.ObservedGeneration = export.Generation
	s := &scope{
		export: export, retry: "again", counted: slicing.FirstOrdinals(1),
		book:   bookOf(t, window(0, day), withSlices(surveyedDay(1, 0, artifacts.First, 0), 1), surveyedDay(1, 1, artifacts.Review, 0), sealing, retried),
		sealed: &evidence.Former{Account: evidence.Account{Number: 1, Gaps: 1}},
	}
	out, err := (&Reconciler{Clock: clock.RealClock{}}).close(t.Context(), s)
	if err != nil || !out.IsDone() {
		t.Fatalf("%v, %v", out, err)
	}
	s.summarize(out, first.Add(2*day))
	if s.ended || s.rests() || export.Status.LastRetryRequest != "again" {
		t.Errorf("ended %v, rests %v, status %+v", s.ended, s.rests(), export.Status)
	}
}
