package genesys

import (
	"errors"
	"time"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Advice says what to do about an error of each kind. Kinds that are not named here
// are retried.
func (e *Error) Advice() outcome.Advice {
	state, reason, before := e.advice()
	return outcome.Advice{Cause: outcome.CauseGenesys, State: state, Reason: reason, Before: before}
}

func (e *Error) advice() (state outcome.State, reason, before string) {
	switch e.Kind {
	case KindThrottled:
		return outcome.Waiting, "Throttled", "Genesys Cloud told the operator to wait"
	case KindOrphaned:
		return outcome.Waiting, "ClientInactive", "restarting with another OAuth client"
	case KindUnauthorized:
		return outcome.Stalled, "CredentialsRejected", "correct the client id and secret in the organisation's Secret, or the OAuth client"
	case KindForbidden:
		return outcome.Stalled, "PermissionMissing", "give the OAuth client a role with the permission"
	case KindNotFound, KindInvalid:
		return outcome.Stalled, "RequestRefused", "Genesys Cloud refuses the request"
	default:
		return outcome.Waiting, "GenesysUnavailable", "retrying"
	}
}

// CountsAsFailure tells whether the attempt that ended with the error counts as a failed one.
// It does not if Genesys Cloud told the OAuth client to wait, or if the client can no longer be
// used: neither says anything about the requested item.
func (e *Error) CountsAsFailure() bool { return e.Kind != KindThrottled && e.Kind != KindOrphaned }

// MinWait is the shortest wait before the next attempt, 0 if there is no shortest. Genesys
// Cloud's Retry-After applies if it was the reason to refuse the request.
func (e *Error) MinWait() time.Duration {
	switch e.Kind {
	case KindThrottled, KindOrphaned, KindOverloaded:
		return e.RetryAfter
	default:
		return 0
	}
}

// UsesDeadline tells whether waiting because of the error uses up the deadline of the requested
// item. Only errors about the item do: not errors that a person has to fix, and not throttling.
func (e *Error) UsesDeadline() bool { return AboutItem(e) }

// AboutItem tells whether an error may concern only the requested item, for example a
// conversation: for other items the same call may succeed. Throttling, missing credentials and
// cancelling concern the caller.
func AboutItem(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case KindTimeout, KindTransient, KindMalformed, KindOverloaded, KindNotFound, KindInvalid, KindForbidden:
		return true
	default:
		return false
	}
}
