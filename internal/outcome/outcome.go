// Package outcome says how a step of a reconciler came out, and what an error
// asks for: patience or a person. Transient and terminal are told apart here,
// in one table, and nowhere else.
package outcome

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bounded"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// State is how a step stands.
type State int

// The states of a step.
const (
	// Satisfied: what the step is for is there; the next step may go.
	Satisfied State = iota
	// Waiting: it will come.
	Waiting
	// Stalled: a person has to mend something first. It is tried again all the
	// same, so that it goes on by itself once it is mended.
	Stalled
)

// Outcome is how a step came out.
type Outcome struct {
	State   State
	Reason  string
	Message string
	// After is when to look again, 0 if something else will tell.
	After time.Duration
}

// Done is the outcome of a step that is satisfied.
func Done() Outcome { return Outcome{} }

// Wait is the outcome of a step that waits.
func Wait(reason, message string, after time.Duration) Outcome {
	return Outcome{Waiting, reason, message, after}
}

// Stall is the outcome of a step that needs a person; message says to do what.
func Stall(reason, message string, after time.Duration) Outcome {
	return Outcome{Stalled, reason, message, after}
}

// IsDone tells whether the step is satisfied.
func (o Outcome) IsDone() bool { return o.State == Satisfied }

// HasOutcome is an error that knows its own outcome.
type HasOutcome interface {
	error
	Outcome() Outcome
}

// UserError is an error that a person has to mend.
type UserError struct{ Reason, Message string }

func (r UserError) Error() string { return r.Message }

// Outcome is to wait for that person.
func (r UserError) Outcome() Outcome { return Stall(r.Reason, r.Message, 0) }

// Of is the outcome of a step that failed with err, to be tried again after.
func Of(err error, after time.Duration) Outcome {
	says := err.Error()
	var known HasOutcome
	var unknown *authentic.UnknownKeyError
	var newer *artifacts.NewerError
	switch {
	case errors.As(err, &known):
		out := known.Outcome()
		out.After = after
		return out
	case genesys.KindOf(err) != "":
		return ofGenesys(genesys.KindOf(err), says, after)
	case archive.KindOf(err) != "":
		return ofStore(archive.KindOf(err), says, after)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Stall(v1alpha1.ReasonDestinationFull, "free space at the destination: "+says, after)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EIO):
		return Stall(v1alpha1.ReasonDestinationNotWritable, "let the manager write to the destination: "+says, after)
	case errors.As(err, &unknown):
		return Stall(v1alpha1.ReasonArtifactKeyUnknown, "restore the Secret with the artifact key from its backup and restart the manager, "+
			"or use another export name and have everything exported again: "+says+"; seals and bags stay valid by their signatures (docs/disaster-recovery.md)", after)
	case errors.As(err, &newer):
		return Stall(v1alpha1.ReasonArchiveNewer, "use the release of the operator that wrote the archive, or a later one: "+says, after)
	case errors.Is(err, evidence.ErrCorrupt), errors.Is(err, evidence.ErrUnbalanced), errors.Is(err, archive.ErrTooLarge), errors.Is(err, archive.ErrIrregular),
		errors.Is(err, bounded.ErrTooLarge):
		return Stall(v1alpha1.ReasonArchiveCorrupt, "inspect the archive, the operator has stopped writing to it: "+says, after)
	default:
		return Wait(v1alpha1.ReasonInternalError, says, after)
	}
}

func ofGenesys(kind genesys.Kind, says string, after time.Duration) Outcome {
	switch kind {
	case genesys.KindThrottled:
		return Wait(v1alpha1.ReasonThrottled, "Genesys Cloud asked to wait: "+says, after)
	case genesys.KindOrphaned:
		return Wait(v1alpha1.ReasonNoActiveClient, "restarting with another OAuth client: "+says, after)
	case genesys.KindUnauthorized:
		return Stall(v1alpha1.ReasonCredentialsRejected,
			"correct the client id and secret in the organisation's Secret, or the OAuth client: "+says, after)
	case genesys.KindForbidden:
		return Stall(v1alpha1.ReasonPermissionMissing, "give the OAuth client a role with the permission: "+says, after)
	case genesys.KindNotFound, genesys.KindInvalid:
		return Stall(v1alpha1.ReasonRequestRefused, "Genesys Cloud refuses the request: "+says, after)
	default:
		return Wait(v1alpha1.ReasonGenesysUnavailable, "retrying: "+says, after)
	}
}

func ofStore(kind archive.Kind, says string, after time.Duration) Outcome {
	switch kind {
	case archive.KindCredentials:
		return Stall(v1alpha1.ReasonCredentialsRejected,
			"correct the access key in the destination's Secret: "+says, after)
	case archive.KindDenied:
		return Stall(v1alpha1.ReasonPermissionMissing,
			"give the owner of the destination's access key the permission, or correct the key: "+says, after)
	case archive.KindNoBucket:
		return Stall(v1alpha1.ReasonBucketNotFound, "create the bucket: "+says, after)
	case archive.KindNotLocked:
		return Stall(v1alpha1.ReasonObjectLockMissing,
			"turn on versioning and Object Lock, or name a bucket that has both in another ExportDestination: "+says, after)
	case archive.KindRetention:
		return Stall(v1alpha1.ReasonRetentionMismatch,
			"make the bucket's default retention and spec.s3.objectLock the same, or remove the bucket's: "+says, after)
	case archive.KindWorkLocked:
		return Stall(v1alpha1.ReasonWorkBucketLocked, "name a workBucket without Object Lock in another ExportDestination: "+says, after)
	case archive.KindRefused:
		return Stall(v1alpha1.ReasonRequestRefused, "the object store refuses the request: "+says, after)
	default:
		return Wait(v1alpha1.ReasonDestinationUnavailable, "retrying: "+says, after)
	}
}

// RetryPolicy is how long to wait before something is tried again.
type RetryPolicy struct {
	// First wait after a failure; it doubles with each failure up to Most.
	First, Most time.Duration
	// FirstIsolated is First for what is isolated: it has just failed several times.
	FirstIsolated time.Duration
	// NeedsPerson is the wait for something that a person has to mend.
	NeedsPerson time.Duration
}

// DefaultRetryPolicy is what the manager uses.
func DefaultRetryPolicy() RetryPolicy {
	return RetryPolicy{First: time.Second, Most: 5 * time.Minute, FirstIsolated: 30 * time.Second, NeedsPerson: time.Minute}
}

// Isolated is the patience with what is isolated.
func (p RetryPolicy) Isolated() RetryPolicy {
	p.First = p.FirstIsolated
	return p
}

// Backoff says how to pause after an attempt that failed with err. Being
// throttled never counts as a failure, nor that an OAuth client is out. Only what
// Genesys Cloud answers about the thing that was asked for uses up patience: not
// what a person has to fix, nor trouble with the destination. A request that was
// refused for a while is not retried before that.
func (p RetryPolicy) Backoff(err error, attempt int) transfer.Pause {
	if kind := genesys.KindOf(err); kind == genesys.KindThrottled || kind == genesys.KindOrphaned {
		return transfer.Pause{Wait: max(genesys.RetryAfterOf(err), p.First)}
	}
	if Of(err, 0).State == Stalled {
		return transfer.Pause{Wait: p.NeedsPerson, Counts: true}
	}
	wait := p.First << min(attempt, 30)
	if wait <= 0 || wait > p.Most {
		wait = p.Most
	}
	if genesys.KindOf(err) == genesys.KindOverloaded {
		wait = max(wait, genesys.RetryAfterOf(err))
	}
	return transfer.Pause{Wait: wait, Counts: true, UsesDeadline: usesDeadline(err)}
}

// DeadlineUser is an error that tells itself whether to wait because of it uses up
// patience.
type DeadlineUser interface{ UsesDeadline() bool }

func usesDeadline(err error) bool {
	var spender DeadlineUser
	if errors.As(err, &spender) {
		return spender.UsesDeadline()
	}
	return transfer.AboutItem(err)
}

// String shows the outcome in tests.
func (o Outcome) String() string {
	return fmt.Sprintf("%s %s %q after %v", [...]string{"Satisfied", "Waiting", "Stalled"}[o.State], o.Reason, o.Message, o.After)
}
