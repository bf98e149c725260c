package recordingexportbatch

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestWhenRecordingsAreRequested: until all are, or some are and the deliverer requests the
// others later.
func TestWhenRecordingsAreRequested(t *testing.T) {
	tests := map[string]struct {
		state batchState
		later bool
		done  bool
	}{
		"none is requested":                     {},
		"none is requested, the others later":   {later: true},
		"some are requested":                    {state: batchState{requested: true}},
		"some are requested, the others later":  {state: batchState{requested: true}, later: true, done: true},
		"all are requested":                     {state: batchState{requested: true, allRequested: true}, done: true},
		"it is known what became of everything": {state: batchState{outcome: &inventoryCounts{}}, done: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b, pools, pool := inventoried(t)
			b.state = &tt.state
			d := &deliveries{later: tt.later, calls: make(chan string)}
			out, err := (&submissionStep{work: pools, deliverers: d}).Reconcile(t.Context(), b)
			if err != nil || out.IsDone() != tt.done {
				t.Errorf("%v, %v", out, err)
			}
			if tt.done {
				return
			}
			if out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonSubmitting {
				t.Errorf("the work runs: %v", out)
			}
			startPool(t, pool)
			if call := <-d.calls; call != "request" {
				t.Errorf("%s was called", call)
			}
			if diff := cmp.Diff(inventory(evidence.Wanted, evidence.Wanted).Wanted(), d.wanted); diff != "" {
				t.Errorf("the deliverer wants (-want +got):\n%s", diff)
			}
		})
	}
}
