package exportdestination

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestUnusable: whatever the cause, a destination that cannot be written needs a
// person, and says why.
func TestUnusable(t *testing.T) {
	r := &Reconciler{Pace: Pace{Again: time.Minute}}
	for cause, want := range map[error]string{
		syscall.ENOSPC:         v1alpha1.ReasonDestinationFull,
		syscall.EACCES:         v1alpha1.ReasonDestinationNotWritable,
		syscall.EROFS:          v1alpha1.ReasonDestinationNotWritable,
		errors.New("odd disk"): v1alpha1.ReasonDestinationNotWritable,
	} {
		got := r.unusable(fmt.Errorf("probe: %w", cause))
		if got.State != outcome.Stalled || got.Reason != want || got.After != time.Minute || !strings.Contains(got.Message, cause.Error()) {
			t.Errorf("%v: %v, want Stalled %s", cause, got, want)
		}
	}
}
