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

// TestFreeSpace: a destination with less free space than has to stay free needs a person;
// one that cannot tell its free space is ready.
func TestFreeSpace(t *testing.T) {
	const minFree = 1 << 30
	tests := map[string]struct {
		free   int64
		known  bool
		err    error
		reason string
		shown  string
	}{
		"plenty":          {1<<40 + 1, true, nil, "", "1Ti"},
		"just enough":     {minFree, true, nil, "", "1Gi"},
		"a byte too few":  {minFree - 1, true, nil, v1alpha1.ReasonDestinationFull, "960Mi"},
		"nothing":         {0, true, nil, v1alpha1.ReasonDestinationFull, "0"},
		"nobody can tell": {0, false, nil, "", "<nil>"},
		"unreadable":      {0, false, syscall.EIO, v1alpha1.ReasonDestinationNotWritable, "<nil>"},
	}
	for name, tt := range tests {
		r := &Reconciler{
			Intervals: DefaultIntervals(),
			Probe:     func(context.Context, *v1alpha1.ExportDestination) error { return nil },
			Clock:     clock.RealClock{}, SigningKey: noSigningKey,
			Free: func(context.Context, *v1alpha1.ExportDestination) (int64, bool, error) {
				return tt.free, tt.known, tt.err
			},
		}
		destination := &v1alpha1.ExportDestination{}
		out := r.runSteps(t.Context(), destination)
		if out.Reason != tt.reason || destination.Status.Free.String() != tt.shown || (out.After == r.Intervals.Ready) != (tt.reason == "") {
			t.Errorf("%s: %v, %v are free; want reason %q and %s", name, out, destination.Status.Free, tt.reason, tt.shown)
		}
		if tt.reason == v1alpha1.ReasonDestinationFull && !strings.Contains(out.Message, "transfers leave 1Gi free") {
			t.Errorf("%s: %q", name, out.Message)
		}
	}
}

// noSigningKey is the signing key of a destination without one.
func noSigningKey(context.Context, *v1alpha1.ExportDestination) (string, error) { return "", nil }

// unknown is the free space of a destination that cannot tell it.
func unknown(context.Context, *v1alpha1.ExportDestination) (int64, bool, error) { return 0, false, nil }

// TestQuota: the quota is checked last, so its reason is told only if nothing else is wrong.
func TestQuota(t *testing.T) {
	full := outcome.UserError{Reason: v1alpha1.ReasonNamespaceFull, Message: "make room"}
	refused := outcome.UserError{Reason: v1alpha1.ReasonSigningKeyInvalid, Message: "replace it"}
	for want, keyError := range map[string]error{v1alpha1.ReasonNamespaceFull: nil, v1alpha1.ReasonSigningKeyInvalid: refused} {
		r := &Reconciler{
			Intervals: Intervals{Ready: time.Hour, Retry: time.Minute, Timeout: time.Minute}, Clock: clock.RealClock{}, Free: unknown,
			Probe:      func(context.Context, *v1alpha1.ExportDestination) error { return nil },
			SigningKey: func(context.Context, *v1alpha1.ExportDestination) (string, error) { return "", keyError },
			Fits:       func(*v1alpha1.ExportDestination, int64) error { return full },
		}
		if out := r.runSteps(t.Context(), &v1alpha1.ExportDestination{}); out.Reason != want || out.After != time.Minute {
			t.Errorf("%v, want %s", out, want)
		}
	}
}

// TestNotWritable: whatever the cause, a destination that cannot be written needs a
// person, and says why.
func TestNotWritable(t *testing.T) {
	for cause, want := range map[error]string{
		syscall.ENOSPC:         v1alpha1.ReasonDestinationFull,
		syscall.EACCES:         v1alpha1.ReasonDestinationNotWritable,
		syscall.EROFS:          v1alpha1.ReasonDestinationNotWritable,
		errors.New("odd disk"): v1alpha1.ReasonDestinationNotWritable,
	} {
		got := notWritable(fmt.Errorf("probe: %w", cause), time.Minute)
		if got.State != outcome.Stalled || got.Reason != want || got.After != time.Minute || !strings.Contains(got.Message, cause.Error()) {
			t.Errorf("%v: %v, want Stalled %s", cause, got, want)
		}
	}
}

// TestWritable: the operator waits for a destination that does not answer, or too slowly.
func TestWritable(t *testing.T) {
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
			r := &Reconciler{
				Probe: tt.probe, Free: unknown, SigningKey: noSigningKey, Clock: clock.RealClock{},
				Intervals: Intervals{Ready: time.Hour, Retry: time.Minute, Timeout: 10 * time.Millisecond},
			}
			if got := r.runSteps(t.Context(), &v1alpha1.ExportDestination{}); got.State != tt.state || got.Reason != tt.reason || got.After != tt.after {
				t.Errorf("%v, want %s after %v", got, tt.reason, tt.after)
			}
		})
	}
}

// TestSigningKey: a destination is ready only if its key can be used, and the key is
// checked only if evidence can be written. The last key that could be used stays known.
func TestSigningKey(t *testing.T) {
	refusal := outcome.UserError{Reason: v1alpha1.ReasonSigningKeyInvalid, Message: "replace it"}
	slow := &archive.Error{Kind: archive.KindUnavailable}
	tests := map[string]struct {
		probe  error
		key    string
		err    error
		reason string
		shown  string
	}{
		"a key":                {nil, "new", nil, "", "new"},
		"none is wanted":       {nil, "", nil, "", ""},
		"none can be used":     {nil, "", refusal, v1alpha1.ReasonSigningKeyInvalid, "old"},
		"it cannot be reached": {slow, "new", refusal, v1alpha1.ReasonDestinationUnavailable, "old"},
	}
	for name, tt := range tests {
		r := &Reconciler{
			Intervals: Intervals{Ready: time.Hour, Retry: time.Minute, Timeout: time.Minute}, Clock: clock.RealClock{}, Free: unknown,
			Probe:      func(context.Context, *v1alpha1.ExportDestination) error { return tt.probe },
			SigningKey: func(context.Context, *v1alpha1.ExportDestination) (string, error) { return tt.key, tt.err },
		}
		destination := &v1alpha1.ExportDestination{}
		destination.Status.SigningKey = "old"
		out := r.runSteps(t.Context(), destination)
		if out.Reason != tt.reason || destination.Status.SigningKey != tt.shown {
			t.Errorf("%s: %v, key %q; want %q and key %q", name, out, destination.Status.SigningKey, tt.reason, tt.shown)
		}
	}
}
