package recordingexport

import (
	"context"
	"errors"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestAnExportThatHasEndedInTheLastMoment has ended, even if its evaluation was to end at the
// same time. A step after one that took all of the time is not run.
func TestAnExportThatHasEndedInTheLastMoment(t *testing.T) {
	for ended, want := range map[bool]error{true: nil, false: context.Canceled} {
		ctx, cancel := context.WithCancel(t.Context())
		ends := stepFunc[subject](func(_ context.Context, s *subject) (outcome.Outcome, error) {
			cancel()
			s.ended = ended
			return outcome.Done(), nil
		})
		next := stepFunc[subject](func(context.Context, *subject) (outcome.Outcome, error) {
			t.Error("another step was run")
			return outcome.Done(), nil
		})
		if out, err := inOrder(ctx, &subject{export: newExport()}, ends, next); !errors.Is(err, want) || !out.IsDone() {
			t.Errorf("ended: %t: %v, %v, want %v", ended, out, err, want)
		}
	}
}

// stepFunc is a step that is a function.
type stepFunc[E any] func(context.Context, *E) (outcome.Outcome, error)

func (f stepFunc[E]) Reconcile(ctx context.Context, export *E) (outcome.Outcome, error) {
	return f(ctx, export)
}
