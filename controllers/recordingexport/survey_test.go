package recordingexport

import (
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// TestWhenADayIsSurveyed: once it has settled, unless too many slices wait for their batches. The
// finalizer is there before.
func TestWhenADayIsSurveyed(t *testing.T) {
	tests := map[string]struct {
		at      time.Duration
		days    time.Duration
		entries []plan.Entry
		reason  string
		says    string
		starts  string
	}{
		"not settled":     {2 * day, 2 * day, nil, v1alpha1.ReasonAwaitingSettlement, "the next one at 2023-10-04T00:00:00Z", ""},
		"settled":         {9 * day, 2 * day, nil, v1alpha1.ReasonSurveying, "listing the conversations of 2023-10-01", "survey/2023-10-01/0"},
		"second day":      {9 * day, 2 * day, []plan.Entry{withSlices(surveyedDay(1, 0, plan.PurposeFirst), 500)}, v1alpha1.ReasonSurveying, "of 2023-10-02", "survey/2023-10-02/0"},
		"too many slices": {9 * day, 2 * day, []plan.Entry{withSlices(surveyedDay(1, 0, plan.PurposeFirst), 501)}, v1alpha1.ReasonSurveying, "once some batches have finished", ""},
		"all":             {9 * day, day, []plan.Entry{surveyedDay(1, 0, plan.PurposeFirst)}, "", "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			export := wholeExport()
			api, pool, memories := newAPI(t, export), stoppedPool(t), &exportMemories{}
			if err := api.Get(t.Context(), client.ObjectKeyFromObject(export), export); err != nil {
				t.Fatal(err)
			}
			now := clocktesting.NewFakeClock(first.Add(tt.at))
			survey := &surveyStep{clock: now, longestWait: time.Hour, surveys: surveyStarter{
				planning: planning{process{now, "m"}, pool}, finalizers: finalizers{api}, jobs: jobEnding{pool: pool, memories: memories}, memories: memories,
			}}
			s := loadedFor(export, logOf(t, window(0, tt.days), tt.entries...))
			out, err := survey.Reconcile(t.Context(), s)
			if err != nil || out.Reason != tt.reason || !strings.Contains(out.Message, tt.says) || out.IsDone() != (tt.reason == "") || out.After > time.Hour {
				t.Errorf("%v, %v, want %s", out, err, tt.reason)
			}
			if pool.isBusy(s.name()) != (tt.starts != "") || !pool.worker.Pools.BusyInAny(workPrefix(s.name())+tt.starts) && tt.starts != "" {
				t.Errorf("%q ought to run", tt.starts)
			}
			if got := survey.surveys.finalizers.isSet(export); got != (tt.starts != "") {
				t.Errorf("finalizers %v", export.Finalizers)
			}
		})
	}
}

// TestASurveyedWindow without an end has another day to survey later.
func TestASurveyedWindow(t *testing.T) {
	export := wholeExport()
	export.Spec.Window.End = nil
	survey := &surveyStep{clock: clocktesting.NewFakeClock(first.Add(2 * day)), longestWait: time.Hour}
	out, err := survey.Reconcile(t.Context(), loadedFor(export, logOf(t, window(0, day), surveyedDay(1, 0, plan.PurposeFirst))))
	if err != nil || out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonAwaitingSettlement || out.After != time.Hour {
		t.Errorf("%v, %v", out, err)
	}
}
