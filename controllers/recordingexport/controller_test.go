package recordingexport

import (
	"context"
	"errors"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestAStepThatTakesAllOfTheTime is the last one: no further step is run, unless the step has
// something to say itself.
func TestAStepThatTakesAllOfTheTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	wait, broken := outcome.Wait("R", "m", 0), errors.New("it broke")
	if err := orTimeUp(ctx, outcome.Done(), nil); err != nil {
		t.Errorf("there is time left: %v", err)
	}
	cancel()
	for _, tt := range []struct {
		out       outcome.Outcome
		err, want error
	}{{outcome.Done(), nil, context.Canceled}, {wait, nil, nil}, {outcome.Outcome{}, broken, broken}} {
		if err := orTimeUp(ctx, tt.out, tt.err); !errors.Is(err, tt.want) {
			t.Errorf("%v, %v: %v, want %v", tt.out, tt.err, err, tt.want)
		}
	}
}

// TestAnExportThatHasEndedInTheLastMoment has ended, even if its evaluation was to end at the
// same time.
func TestAnExportThatHasEndedInTheLastMoment(t *testing.T) {
	h := newHarness(t, finished())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := &evaluation{subject: &subject{export: finished()}}
	if out, err := h.advance(ctx, e); err != nil || !out.IsDone() || !e.ended {
		t.Errorf("%v, %v, ended: %t", out, err, e.ended)
	}
	e = &evaluation{subject: &subject{export: wholeExport()}}
	if out, err := h.advance(ctx, e); !errors.Is(err, context.Canceled) || e.ended {
		t.Errorf("one that is not finished: %v, %v, ended: %t", out, err, e.ended)
	}
}

// stepFunc is a step that is a function.
type stepFunc[E any] func(context.Context, *E) (outcome.Outcome, error)

func (f stepFunc[E]) Reconcile(ctx context.Context, export *E) (outcome.Outcome, error) {
	return f(ctx, export)
}
