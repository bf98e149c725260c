package plan

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// EntryError tells which entry cannot be the plan's next, and why. Somebody may have changed
// the archive.
type EntryError struct {
	Number int
	Err    error
}

func (e *EntryError) Error() string { return fmt.Sprintf("entry %d of the plan: %v", e.Number, e.Err) }

// Unwrap returns why the entry cannot be the next.
func (e *EntryError) Unwrap() error { return e.Err }

const (
	// maxDays is how many days a plan may speak of: a hundred years, more than there
	// are recordings of. What is further off was not written by an operator.
	maxDays = 100 * 366
	// maxConversations is the most that a slice may contain: the limit of the API.
	maxConversations = 10_000
	// maxRecordings is the most that a slice may name.
	maxRecordings = math.MaxUint32
	// maxSlices is the most that a plan may lead to: ordinals are int32.
	maxSlices = math.MaxInt32
)

func (l *Log) validate(entry Entry) error {
	kinds := entry.kinds()
	var errs []error
	for _, kind := range kinds {
		errs = append(errs, l.validateKind(kind))
	}
	if len(kinds) != 1 {
		errs = append(errs, fmt.Errorf("an entry of %d kinds", len(kinds)))
	}
	if n := l.slices.count(); n+len(entry.Slices) > maxSlices || !l.slices.names.hasRoom(len(entry.Slices)) {
		errs = append(errs, fmt.Errorf("%d slices after %d", len(entry.Slices), n))
	}
	for _, s := range entry.Slices {
		errs = append(errs, l.validateSlice(s))
	}
	return errors.Join(errs...)
}

func (l *Log) validateKind(kind any) error {
	switch kind := kind.(type) {
	case *Surveyed:
		return l.validateSurveyed(*kind)
	case *Moved:
		return errors.Join(l.validateDayOfBatch(kind.Day), validateName(kind.Group), validateName(kind.Batch))
	case *Halved:
		return errors.Join(l.validateDayOfBatch(kind.Day), validateName(kind.Batch))
	case *Isolated:
		return errors.Join(l.validateDayOfBatch(kind.Day), validateName(kind.Group), validateName(kind.Batch))
	case *Retried:
		return l.validateRetried(*kind)
	case *Sealing:
		return l.validateSealing(*kind)
	default:
		return nil
	}
}

// validateDay wants a day that may be in the window.
func (l *Log) validateDay(at time.Time) error {
	if !l.mayBeInWindow(at) || !at.Equal(StartOfDay(at)) {
		return fmt.Errorf("%s is not a day of the window", at.Format(time.RFC3339))
	}
	return nil
}

// mayBeInWindow reports whether an instant is in a day that the plan may speak of.
func (l *Log) mayBeInWindow(at time.Time) bool {
	start := StartOfDay(l.spec.Start)
	return !at.Before(start) && at.Sub(start) < maxDays*Day
}

// validateDayOfBatch wants a day that may be in the window, or none: a batch of a retry is
// of no single day.
func (l *Log) validateDayOfBatch(at time.Time) error {
	if at.IsZero() {
		return nil
	}
	return l.validateDay(at)
}

func (l *Log) validateSurveyed(s Surveyed) error {
	if err := l.validateDay(s.Day); err != nil {
		return err
	}
	passes, day := l.passesOf(s.Day), s.Day.Format(time.DateOnly)
	switch {
	case !s.To.After(s.Day) || s.To.Sub(s.Day) > Day:
		return fmt.Errorf("a survey of %s up to %s", day, s.To.Format(time.RFC3339))
	case s.Pass != passes:
		return fmt.Errorf("survey %d of %s, %d was expected", s.Pass, day, passes)
	case min(s.Conversations, s.Held, s.Excluded, s.Open, s.Refused, s.Deferred, s.Reopened, s.OutOfScope, s.NotFound, s.Outside) < 0:
		return fmt.Errorf("a survey of %s with a negative number of conversations", day)
	default:
		return nil
	}
}

func (l *Log) validateRetried(r Retried) error {
	var errs []error
	for _, at := range r.Days {
		errs = append(errs, l.validateDay(at))
	}
	if r.Seals < 0 || r.Seals > len(l.seals) {
		errs = append(errs, fmt.Errorf("a retry of %d seals, there are %d", r.Seals, len(l.seals)))
	}
	return errors.Join(errs...)
}

func (l *Log) validateSealing(s Sealing) error {
	if want := len(l.seals) + 1; s.Number != want {
		return fmt.Errorf("seal %d, %d was expected", s.Number, want)
	}
	entries, err := slicing.ParseOrdinals(s.Entries)
	if err == nil && !slicing.FirstOrdinals(len(l.entries)).ContainsAll(entries) {
		err = fmt.Errorf("a seal of entries %s, there are %d", s.Entries, len(l.entries))
	}
	return err
}

func (l *Log) validateSlice(s Slice) error {
	err := errors.Join(validateName(s.Name), validateName(s.Group))
	if _, isLane := laneIndex(s.Lane); !isLane {
		err = errors.Join(err, fmt.Errorf("unknown lane %q", s.Lane))
	}
	inWindow := l.mayBeInWindow(s.Start) && l.mayBeInWindow(s.End) && s.Start.Before(s.End)
	if !inWindow || s.Recordings < 0 || s.Recordings > maxRecordings || s.Conversations < 0 || s.Conversations > maxConversations {
		err = errors.Join(err, fmt.Errorf("slice %s of %d conversations from %v to %v", s.Name, s.Conversations, s.Start, s.End))
	}
	return err
}

// validateName wants what can be a segment of the key of an artifact: up to 255 letters,
// digits, dots, hyphens and underscores.
func validateName(name string) error {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	if name == "" || len(name) > math.MaxUint8 || strings.Trim(name, allowed) != "" || name == "." || name == ".." {
		return fmt.Errorf("%q is not a name", name)
	}
	return nil
}
