package outcome_test

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
	"github.com/gcexport/recording-export-operator/internal/bounded"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

func TestOf(t *testing.T) {
	of := func(kind genesys.Kind) error {
		return fmt.Errorf("survey: %w", &genesys.Error{Op: "start survey", Kind: kind, Status: 418, Message: "teapot"})
	}
	ofStore := func(kind archive.Kind) error {
		return fmt.Errorf("bag: %w", &archive.Error{Op: "create bagit.txt", Kind: kind, Message: "teapot"})
	}
	tests := []struct {
		err    error
		state  outcome.State
		reason string
	}{
		{of(genesys.KindThrottled), outcome.Waiting, v1alpha1.ReasonThrottled},
		{of(genesys.KindOverloaded), outcome.Waiting, v1alpha1.ReasonGenesysUnavailable},
		{of(genesys.KindOrphaned), outcome.Waiting, v1alpha1.ReasonClientInactive},
		{of(genesys.KindTimeout), outcome.Waiting, v1alpha1.ReasonGenesysUnavailable},
		{of(genesys.KindTransient), outcome.Waiting, v1alpha1.ReasonGenesysUnavailable},
		{of(genesys.KindMalformed), outcome.Waiting, v1alpha1.ReasonGenesysUnavailable},
		{of(genesys.KindUnauthorized), outcome.Stalled, v1alpha1.ReasonCredentialsRejected},
		{of(genesys.KindForbidden), outcome.Stalled, v1alpha1.ReasonPermissionMissing},
		{of(genesys.KindNotFound), outcome.Stalled, v1alpha1.ReasonRequestRefused},
		{of(genesys.KindInvalid), outcome.Stalled, v1alpha1.ReasonRequestRefused},
		{&fs.PathError{Op: "write", Path: "a", Err: syscall.ENOSPC}, outcome.Stalled, v1alpha1.ReasonDestinationFull},
		{&fs.PathError{Op: "write", Path: "a", Err: syscall.EDQUOT}, outcome.Stalled, v1alpha1.ReasonDestinationFull},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EACCES}, outcome.Stalled, v1alpha1.ReasonDestinationNotWritable},
		{&fs.PathError{Op: "open", Path: "a", Err: syscall.EROFS}, outcome.Stalled, v1alpha1.ReasonDestinationNotWritable},
		{&fs.PathError{Op: "read", Path: "a", Err: syscall.EIO}, outcome.Stalled, v1alpha1.ReasonDestinationNotWritable},
		{fmt.Errorf("bag: %w", evidence.ErrCorrupt), outcome.Stalled, v1alpha1.ReasonArchiveCorrupt},
		{evidence.ErrUnbalanced, outcome.Stalled, v1alpha1.ReasonArchiveCorrupt},
		{&fs.PathError{Op: "read", Path: "export.json", Err: archive.ErrTooLarge}, outcome.Stalled, v1alpha1.ReasonArchiveCorrupt},
		{&fs.PathError{Op: "open", Path: "export.json", Err: archive.ErrIrregular}, outcome.Stalled, v1alpha1.ReasonArchiveCorrupt},
		{fmt.Errorf("read seal: %w", bounded.ErrTooLarge), outcome.Stalled, v1alpha1.ReasonArchiveCorrupt},
		{fmt.Errorf("claim: %w", &authentic.UnknownKeyError{Artifact: "a"}), outcome.Stalled, v1alpha1.ReasonArtifactKeyUnknown},
		{fmt.Errorf("plan: %w", &artifacts.NewerError{Key: "a", Version: 2}), outcome.Stalled, v1alpha1.ReasonArchiveNewer},
		{ofStore(archive.KindUnavailable), outcome.Waiting, v1alpha1.ReasonDestinationUnavailable},
		{ofStore(archive.KindCredentials), outcome.Stalled, v1alpha1.ReasonCredentialsRejected},
		{ofStore(archive.KindDenied), outcome.Stalled, v1alpha1.ReasonPermissionMissing},
		{ofStore(archive.KindNoBucket), outcome.Stalled, v1alpha1.ReasonBucketNotFound},
		{ofStore(archive.KindNotLocked), outcome.Stalled, v1alpha1.ReasonObjectLockMissing},
		{ofStore(archive.KindRetention), outcome.Stalled, v1alpha1.ReasonRetentionMismatch},
		{ofStore(archive.KindWorkLocked), outcome.Stalled, v1alpha1.ReasonWorkBucketLocked},
		{ofStore(archive.KindRefused), outcome.Stalled, v1alpha1.ReasonRequestRefused},
		{fmt.Errorf("log in: %w", outcome.UserError{Reason: v1alpha1.ReasonSecretNotFound, Message: "create it"}), outcome.Stalled, v1alpha1.ReasonSecretNotFound},
		{errors.New("teapot"), outcome.Waiting, v1alpha1.ReasonInternalError},
	}
	for _, tt := range tests {
		got := outcome.Of(tt.err, time.Minute)
		if got.State != tt.state || got.Reason != tt.reason || got.After != time.Minute {
			t.Errorf("Of(%v) = %v, want %v %s", tt.err, got, tt.state, tt.reason)
		}
		var refusal outcome.UserError
		if !errors.As(tt.err, &refusal) && !strings.Contains(got.Message, tt.err.Error()) {
			t.Errorf("Of(%v) says %q, which leaves the cause out", tt.err, got.Message)
		}
	}
}

// TestCauseThatCounts: where an error has several causes, the same one decides in whatever
// order and form they are wrapped. Least of all is an archive called corrupt that could
// not be read.
func TestCauseThatCounts(t *testing.T) {
	causes := []struct {
		err    error
		reason string
	}{
		{parked{errors.New("x")}, "Parked"},
		{&genesys.Error{Op: "start survey", Kind: genesys.KindTransient, Message: "teapot"}, v1alpha1.ReasonGenesysUnavailable},
		{&archive.Error{Op: "read bagit.txt", Kind: archive.KindUnavailable, Message: "teapot"}, v1alpha1.ReasonDestinationUnavailable},
		{&fs.PathError{Op: "read", Path: "a", Err: syscall.EIO}, v1alpha1.ReasonDestinationNotWritable},
		{&authentic.UnknownKeyError{Artifact: "a"}, v1alpha1.ReasonArtifactKeyUnknown},
		{&artifacts.NewerError{Key: "a", Version: 2}, v1alpha1.ReasonArchiveNewer},
		{evidence.ErrCorrupt, v1alpha1.ReasonArchiveCorrupt},
		{errors.New("teapot"), v1alpha1.ReasonInternalError},
	}
	forms := map[string]func(first, second error) error{
		"joined":  func(first, second error) error { return errors.Join(first, second) },
		"wrapped": func(first, second error) error { return fmt.Errorf("%w: account.json: %w", first, second) },
		"joined deep within": func(first, second error) error {
			return errors.Join(errors.New("a"), fmt.Errorf("b: %w", errors.Join(first, second)))
		},
		"each wrapped, joined": func(first, second error) error {
			return errors.Join(fmt.Errorf("a: %w", first), fmt.Errorf("b: %w", second))
		},
	}
	for i, strong := range causes {
		for _, weak := range causes[i:] {
			for name, form := range forms {
				for _, err := range []error{form(strong.err, weak.err), form(weak.err, strong.err)} {
					if got := outcome.Of(err, time.Minute); got.Reason != strong.reason {
						t.Errorf("%s: Of(%q) = %v, want %s", name, err, got, strong.reason)
					}
				}
			}
		}
	}
}

type parked struct{ error }

func (parked) Outcome() outcome.Outcome { return outcome.Wait("Parked", "three of them", time.Hour) }

func TestAnErrorMayKnowItsOutcome(t *testing.T) {
	err := fmt.Errorf("metadata: %w", parked{errors.New("x")})
	if got, want := outcome.Of(err, time.Second), outcome.Wait("Parked", "three of them", time.Second); got != want {
		t.Errorf("Of(%v) = %v, want %v", err, got, want)
	}
}
