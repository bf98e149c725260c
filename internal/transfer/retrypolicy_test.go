package transfer

import (
	"errors"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// deadlineUser is an error that reports whether it uses up the deadline.
type deadlineUser bool

func (deadlineUser) Error() string        { return "deadline user" }
func (d deadlineUser) UsesDeadline() bool { return bool(d) }

// impatient is an error that needs a person, but only until the deadline.
type impatient struct{ error }

func (impatient) Outcome() outcome.Outcome { return outcome.Stall("Refused", "correct it", 0) }
func (impatient) UsesDeadline() bool       { return true }

func TestBackoff(t *testing.T) {
	p := RetryPolicy{First: time.Second, Most: time.Minute, NeedsPerson: time.Hour}
	throttled := &genesys.Error{Kind: genesys.KindThrottled, RetryAfter: 200 * time.Second}
	overloaded := &genesys.Error{Kind: genesys.KindOverloaded, RetryAfter: 200 * time.Second}
	hasty := &genesys.Error{Kind: genesys.KindThrottled}
	transient := &genesys.Error{Kind: genesys.KindTransient}
	tests := []struct {
		err          error
		attempt      int
		want         time.Duration
		counts       bool
		usesDeadline bool
	}{
		{transient, 0, time.Second, true, true},
		{transient, 3, 8 * time.Second, true, true},
		{transient, 6, time.Minute, true, true},
		{transient, 1000, time.Minute, true, true},
		{&genesys.Error{Kind: genesys.KindTransient, RetryAfter: time.Hour}, 0, time.Second, true, true},
		{throttled, 5, 200 * time.Second, false, false},
		{hasty, 5, time.Second, false, false},
		{overloaded, 0, 200 * time.Second, true, true},
		{&genesys.Error{Kind: genesys.KindOverloaded}, 3, 8 * time.Second, true, true},
		{&genesys.Error{Kind: genesys.KindOrphaned}, 5, time.Second, false, false},
		{&genesys.Error{Kind: genesys.KindForbidden}, 0, time.Hour, true, false},
		{outcome.UserError{}, 0, time.Hour, true, false},
		{impatient{outcome.UserError{}}, 0, time.Hour, true, true},
		{errors.New("odd"), 0, time.Second, true, false},
		{&archive.Error{Kind: archive.KindUnavailable}, 0, time.Second, true, false},
		{deadlineUser(true), 0, time.Second, true, true},
		{deadlineUser(false), 0, time.Second, true, false},
	}
	for _, tt := range tests {
		if got := p.Backoff(tt.err, tt.attempt); got != (Pause{Wait: tt.want, Counts: tt.counts, UsesDeadline: tt.usesDeadline}) {
			t.Errorf("Backoff(%v, %d) = %+v; want %v, %v, %v", tt.err, tt.attempt, got, tt.want, tt.counts, tt.usesDeadline)
		}
	}
}

// further is an error of an attempt that got further than those before it.
type further struct{ error }

func (f further) Unwrap() error    { return f.error }
func (further) MadeProgress() bool { return true }

// TestProgressRestartsTheWaits: after progress the waits begin with the shortest one.
func TestProgressRestartsTheWaits(t *testing.T) {
	p := RetryPolicy{First: time.Second, Most: time.Minute, NeedsPerson: time.Hour}
	if got := p.Backoff(further{deadlineUser(true)}, 5); got != (Pause{Wait: time.Second, Counts: true, UsesDeadline: true, Restarts: true}) {
		t.Errorf("%+v", got)
	}
	var e entry
	for range 5 {
		e.startWait(p.Backoff(deadlineUser(true), e.attempts), time.Time{})
	}
	e.startWait(p.Backoff(further{deadlineUser(true)}, e.attempts), time.Time{})
	if wait := p.Backoff(deadlineUser(true), e.attempts).Wait; e.attempts != 1 || wait != 2*time.Second {
		t.Errorf("%d failures count, and the next wait is %v", e.attempts, wait)
	}
}
