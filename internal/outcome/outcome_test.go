package outcome

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// spender is an error that tells whether it uses up patience.
type spender bool

func (s spender) Error() string      { return "spender" }
func (s spender) UsesDeadline() bool { return bool(s) }

func TestOf(t *testing.T) {
	of := func(kind genesys.Kind) error {
		return fmt.Errorf("survey: %w", &genesys.Error{Op: "start survey", Kind: kind, Status: 418, Message: "teapot"})
	}
	ofStore := func(kind archive.Kind) error {
		return fmt.Errorf("bag: %w", &archive.Error{Op: "create bagit.txt", Kind: kind, Message: "teapot"})
	}
	tests := []struct {
		err    error
		state  State
		reason string
	}{
		{of(genesys.KindThrottled), Waiting, v1alpha1.ReasonThrottled},
		{of(genesys.KindOverloaded), Waiting, v1alpha1.ReasonGenesysUnavailable},
		{of(genesys.KindOrphaned), Waiting, v1alpha1.ReasonNoActiveClient},
		{of(genesys.KindTimeout), Waiting, v1alpha1.ReasonGenesysUnavailable},
		{of(genesys.KindTransient), Waiting, v1alpha1.ReasonGenesysUnavailable},
		{of(genesys.KindMalformed), Waiting, v1alpha1.ReasonGenesysUnavailable},
		{of(genesys.KindUnauthorized), Stalled, v1alpha1.ReasonCredentialsRejected},
		{of(genesys.KindForbidden), Stalled, v1alpha1.ReasonPermissionMissing},
		{of(genesys.KindNotFound), Stalled, v1alpha1.ReasonRequestRefused},
		{of(genesys.KindInvalid), Stalled, v1alpha1.ReasonRequestRefused},
		{&fs.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC}, Stalled, v1alpha1.ReasonDestinationFull},
		{&fs.PathError{Op: "write", Path: "a", Err: syscall.EDQUOT}, Stalled, v1alpha1.ReasonDestinationFull},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}, Stalled, v1alpha1.ReasonDestinationNotWritable},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EROFS}, Stalled, v1alpha1.ReasonDestinationNotWritable},
		{&fs.PathError{Op: "read", Path: "a", Err: syscall.EIO}, Stalled, v1alpha1.ReasonDestinationNotWritable},
		{fmt.Errorf("bag: %w", evidence.ErrCorrupt), Stalled, v1alpha1.ReasonArchiveCorrupt},
		{evidence.ErrUnbalanced, Stalled, v1alpha1.ReasonArchiveCorrupt},
		{&fs.PathError{Op: "read", Path: "export.json", Err: archive.ErrTooLarge}, Stalled, v1alpha1.ReasonArchiveCorrupt},
		{&fs.PathError{Op: "open", Path: "export.json", Err: archive.ErrIrregular}, Stalled, v1alpha1.ReasonArchiveCorrupt},
		{fmt.Errorf("claim: %w", &authentic.UnknownKeyError{Artifact: "a"}), Stalled, v1alpha1.ReasonArtifactKeyUnknown},
		{fmt.Errorf("plan: %w", &artifacts.NewerError{Key: "a", Version: 2}), Stalled, v1alpha1.ReasonArchiveNewer},
		{ofStore(archive.KindUnavailable), Waiting, v1alpha1.ReasonDestinationUnavailable},
		{ofStore(archive.KindCredentials), Stalled, v1alpha1.ReasonCredentialsRejected},
		{ofStore(archive.KindDenied), Stalled, v1alpha1.ReasonPermissionMissing},
		{ofStore(archive.KindNoBucket), Stalled, v1alpha1.ReasonBucketNotFound},
		{ofStore(archive.KindNotLocked), Stalled, v1alpha1.ReasonObjectLockMissing},
		{ofStore(archive.KindRetention), Stalled, v1alpha1.ReasonRetentionMismatch},
		{ofStore(archive.KindWorkLocked), Stalled, v1alpha1.ReasonWorkBucketLocked},
		{ofStore(archive.KindRefused), Stalled, v1alpha1.ReasonRequestRefused},
		{fmt.Errorf("log in: %w", UserError{v1alpha1.ReasonSecretNotFound, "create it"}), Stalled, v1alpha1.ReasonSecretNotFound},
		{errors.New("teapot"), Waiting, v1alpha1.ReasonInternalError},
	}
	for _, tt := range tests {
		got := Of(tt.err, time.Minute)
		if got.State != tt.state || got.Reason != tt.reason || got.After != time.Minute {
			t.Errorf("Of(%v) = %v, want %v %s", tt.err, got, tt.state, tt.reason)
		}
		var refusal UserError
		if !errors.As(tt.err, &refusal) && !strings.Contains(got.Message, tt.err.Error()) {
			t.Errorf("Of(%v) says %q, which leaves the cause out", tt.err, got.Message)
		}
	}
}

type parked struct{ error }

func (parked) Outcome() Outcome { return Wait("Parked", "three of them", time.Hour) }

func TestAnErrorMayKnowItsOutcome(t *testing.T) {
	err := fmt.Errorf("metadata: %w", parked{errors.New("x")})
	if got, want := Of(err, time.Second), Wait("Parked", "three of them", time.Second); got != want {
		t.Errorf("Of(%v) = %v, want %v", err, got, want)
	}
}

func TestBackoff(t *testing.T) {
	p := RetryPolicy{First: time.Second, Most: time.Minute, NeedsPerson: time.Hour}
	throttled := &genesys.Error{Kind: genesys.KindThrottled, RetryAfter: 200 * time.Second}
	overloaded := &genesys.Error{Kind: genesys.KindOverloaded, RetryAfter: 200 * time.Second}
	hasty := &genesys.Error{Kind: genesys.KindThrottled}
	transient := &genesys.Error{Kind: genesys.KindTransient}
	tests := []struct {
		err     error
		attempt int
		want    time.Duration
		counts  bool
		spends  bool
	}{
		{transient, 0, time.Second, true, true},
		{transient, 3, 8 * time.Second, true, true},
		{transient, 6, time.Minute, true, true},
		{transient, 1000, time.Minute, true, true},
		{throttled, 5, 200 * time.Second, false, false},
		{hasty, 5, time.Second, false, false},
		{overloaded, 0, 200 * time.Second, true, true},
		{&genesys.Error{Kind: genesys.KindOverloaded}, 3, 8 * time.Second, true, true},
		{&genesys.Error{Kind: genesys.KindOrphaned}, 5, time.Second, false, false},
		{&genesys.Error{Kind: genesys.KindForbidden}, 0, time.Hour, true, false},
		{errors.New("odd"), 0, time.Second, true, false},
		{&archive.Error{Kind: archive.KindUnavailable}, 0, time.Second, true, false},
		{spender(true), 0, time.Second, true, true},
		{spender(false), 0, time.Second, true, false},
	}
	for _, tt := range tests {
		if got := p.Backoff(tt.err, tt.attempt); got != (transfer.Pause{Wait: tt.want, Counts: tt.counts, UsesDeadline: tt.spends}) {
			t.Errorf("Backoff(%v, %d) = %+v; want %v, %v, %v", tt.err, tt.attempt, got, tt.want, tt.counts, tt.spends)
		}
	}
}
