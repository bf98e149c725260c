package exportdestination

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestRoom: a destination without the room that is to stay free needs a person;
// one that cannot tell its room is taken at its word.
func TestRoom(t *testing.T) {
	const floor = 1 << 30
	tests := map[string]struct {
		free   int64
		known  bool
		err    error
		reason string
		shown  string
	}{
		"plenty":          {1<<40 + 1, true, nil, "", "1Ti"},
		"just enough":     {floor, true, nil, "", "1Gi"},
		"a byte too few":  {floor - 1, true, nil, v1alpha1.ReasonDestinationFull, "960Mi"},
		"nothing":         {0, true, nil, v1alpha1.ReasonDestinationFull, "0"},
		"nobody can tell": {0, false, nil, "", "<nil>"},
		"no looking":      {0, false, syscall.EIO, v1alpha1.ReasonDestinationNotWritable, "<nil>"},
	}
	for name, tt := range tests {
		r := &Reconciler{
			Intervals: DefaultIntervals(),
			Probe:     func(context.Context, *v1alpha1.ExportDestination) error { return nil },
			Free: func(context.Context, *v1alpha1.ExportDestination) (int64, bool, error) {
				return tt.free, tt.known, tt.err
			},
		}
		destination := &v1alpha1.ExportDestination{}
		out := r.look(t.Context(), destination)
		if out.Reason != tt.reason || destination.Status.Free.String() != tt.shown || (out.After == r.Intervals.Ready) != (tt.reason == "") {
			t.Errorf("%s: %v, %v are free; want reason %q and %s", name, out, destination.Status.Free, tt.reason, tt.shown)
		}
		if tt.reason == v1alpha1.ReasonDestinationFull && !strings.Contains(out.Message, "transfers leave 1Gi free") {
			t.Errorf("%s: %q", name, out.Message)
		}
	}
}

// unknown is the free room of a destination that cannot tell it.
func unknown(context.Context, *v1alpha1.ExportDestination) (int64, bool, error) { return 0, false, nil }

// TestLookForShare: that the namespace takes too much is told if nothing else is wrong.
func TestLookForShare(t *testing.T) {
	full := outcome.UserError{Reason: v1alpha1.ReasonNamespaceFull, Message: "make room"}
	r := &Reconciler{Intervals: Intervals{Retry: time.Minute}, Fits: func(*v1alpha1.ExportDestination, int64) error { return full }}
	if out := r.lookForShare(&v1alpha1.ExportDestination{}, outcome.Outcome{After: time.Hour}); out.Reason != v1alpha1.ReasonNamespaceFull || out.After != time.Minute {
		t.Errorf("nothing else is wrong: %v", out)
	}
	shared := outcome.Stall(v1alpha1.ReasonBucketShared, "name another bucket", 0)
	if out := r.lookForShare(&v1alpha1.ExportDestination{}, shared); out != shared {
		t.Errorf("something else is wrong: %v", out)
	}
}

// TestUnusable: whatever the cause, a destination that cannot be written needs a
// person, and says why.
func TestUnusable(t *testing.T) {
	r := &Reconciler{Intervals: Intervals{Retry: time.Minute}}
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

// TestLook: a destination that does not answer, or too slowly, is waited for.
func TestLook(t *testing.T) {
	slow := func(ctx context.Context, _ *v1alpha1.ExportDestination) error {
		<-ctx.Done()
		return fmt.Errorf("probe: %w", ctx.Err())
	}
	always := func(err error) func(context.Context, *v1alpha1.ExportDestination) error {
		return func(context.Context, *v1alpha1.ExportDestination) error { return err }
	}
	tests := map[string]struct {
		probe  func(context.Context, *v1alpha1.ExportDestination) error
		state  outcome.State
		reason string
		after  time.Duration
	}{
		"it can be written":  {always(nil), outcome.Satisfied, "", time.Hour},
		"it does not answer": {always(&archive.Error{Kind: archive.KindUnavailable}), outcome.Waiting, v1alpha1.ReasonDestinationUnavailable, time.Minute},
		"it answers slowly":  {slow, outcome.Waiting, v1alpha1.ReasonDestinationUnavailable, time.Minute},
		"it has no lock":     {always(&archive.Error{Kind: archive.KindNotLocked}), outcome.Stalled, v1alpha1.ReasonObjectLockMissing, time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &Reconciler{Probe: tt.probe, Free: unknown, Intervals: Intervals{Ready: time.Hour, Retry: time.Minute, Timeout: 10 * time.Millisecond}}
			if got := r.look(t.Context(), &v1alpha1.ExportDestination{}); got.State != tt.state || got.Reason != tt.reason || got.After != tt.after {
				t.Errorf("%v, want %s after %v", got, tt.reason, tt.after)
			}
		})
	}
}

// TestLookForKey: a destination is ready only if its key can be used, and says
// first if it cannot be written. The last key that could stays known.
func TestLookForKey(t *testing.T) {
	refusal := outcome.UserError{Reason: v1alpha1.ReasonSigningKeyInvalid, Message: "replace it"}
	tests := map[string]struct {
		before outcome.Outcome
		key    string
		err    error
		reason string
		shown  string
	}{
		"a key":                {outcome.Outcome{After: time.Hour}, "new", nil, "", "new"},
		"none is wanted":       {outcome.Outcome{After: time.Hour}, "", nil, "", ""},
		"none can be used":     {outcome.Outcome{After: time.Hour}, "", refusal, v1alpha1.ReasonSigningKeyInvalid, "old"},
		"it cannot be reached": {outcome.Wait("Slow", "slow", time.Minute), "new", refusal, "Slow", "old"},
	}
	for name, tt := range tests {
		r := &Reconciler{
			Intervals: Intervals{Retry: time.Minute, Timeout: time.Minute}, Clock: clock.RealClock{},
			SigningKey: func(context.Context, *v1alpha1.ExportDestination) (string, error) { return tt.key, tt.err },
		}
		destination := &v1alpha1.ExportDestination{}
		destination.Status.SigningKey = "old"
		out := r.lookForKey(t.Context(), destination, tt.before)
		if out.Reason != tt.reason || destination.Status.SigningKey != tt.shown {
			t.Errorf("%s: %v, key %q; want %q and key %q", name, out, destination.Status.SigningKey, tt.reason, tt.shown)
		}
	}
}
