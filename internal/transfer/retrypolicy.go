package transfer

import (
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// RetryPolicy says how long to wait before something is retried.
type RetryPolicy struct {
	// First is the wait after the first failure; it doubles with each failure up to Most.
	First, Most time.Duration
	// FirstIsolated is First for work of the lane Isolated, which has just failed several
	// times.
	FirstIsolated time.Duration
	// NeedsPerson is the wait for something that a person has to fix.
	NeedsPerson time.Duration
}

// DefaultRetryPolicy is what the manager uses.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{First: time.Second, Most: 5 * time.Minute, FirstIsolated: 30 * time.Second, NeedsPerson: time.Minute}
}

// Isolated is the policy for work of the lane Isolated.
func (p RetryPolicy) Isolated() RetryPolicy {
	p.First = p.FirstIsolated
	return p
}

// RetryHinter is an error that says something about when to retry.
type RetryHinter interface {
	// CountsAsFailure reports whether the attempt counts as a failed one. One that was
	// only told to wait does not.
	CountsAsFailure() bool
	// MinWait is the shortest wait before the next attempt, 0 if there is no shortest.
	MinWait() time.Duration
}

// DeadlineUser is an error that reports whether waiting because of it uses up the
// deadline of the work (WaitLimit).
type DeadlineUser interface{ UsesDeadline() bool }

// ProgressMaker is an error that reports whether the attempt got further than those before it: then the
// waits begin again with the shortest one.
type ProgressMaker interface{ MadeProgress() bool }

// Backoff says how to pause after an attempt that failed with err. An error that is
// not a DeadlineUser does not use up the deadline. Nor does waiting for a person, unless the very
// error that decides about the outcome says that it does.
func (p RetryPolicy) Backoff(err error, attempt int) Pause {
	hint, minWait := RetryHinter(nil), time.Duration(0)
	if errors.As(err, &hint) {
		minWait = hint.MinWait()
		if !hint.CountsAsFailure() {
			return Pause{Wait: max(minWait, p.First)}
		}
	}
	if outcome.Of(err, 0).State == outcome.Stalled {
		return Pause{Wait: p.NeedsPerson, Counts: true, UsesDeadline: stallUsesDeadline(err)}
	}
	restarts := madeProgress(err)
	if restarts {
		attempt = 0
	}
	wait := p.First << min(attempt, 30)
	if wait <= 0 || wait > p.Most {
		wait = p.Most
	}
	return Pause{Wait: max(wait, minWait), Counts: true, UsesDeadline: usesDeadline(err), Restarts: restarts}
}

func stallUsesDeadline(err error) bool {
	var decides outcome.HasOutcome
	if !errors.As(err, &decides) {
		return false
	}
	user, is := decides.(DeadlineUser)
	return is && user.UsesDeadline()
}

func usesDeadline(err error) bool {
	var user DeadlineUser
	return errors.As(err, &user) && user.UsesDeadline()
}

func madeProgress(err error) bool {
	var maker ProgressMaker
	return errors.As(err, &maker) && maker.MadeProgress()
}
