package recordingexport

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// maxDays is how many days a plan may speak of: a hundred years, more than there
// are recordings of. What is further off was not written by an operator.
const maxDays = 100 * 366

// vet tells what makes an entry one that cannot be the plan's next. Somebody may
// have been at the archive.
func (b *book) vet(entry artifacts.Entry) error {
	if err := errors.Join(b.vetKind(entry), vetSlices(entry.Slices)); err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrCorrupt, err)
	}
	return nil
}

func (b *book) vetKind(entry artifacts.Entry) error {
	kinds := 0
	var errs []error
	if s := entry.Surveyed; s != nil {
		kinds++
		errs = append(errs, b.vetSurveyed(*s))
	}
	if m := entry.Moved; m != nil {
		kinds++
		errs = append(errs, b.vetDayOfBatch(m.Day), vetName(m.Group), vetName(m.Batch))
	}
	if h := entry.Halved; h != nil {
		kinds++
		errs = append(errs, b.vetDayOfBatch(h.Day), vetName(h.Batch))
	}
	if i := entry.Isolated; i != nil {
		kinds++
		errs = append(errs, b.vetDayOfBatch(i.Day), vetName(i.Group), vetName(i.Batch))
	}
	if r := entry.Retried; r != nil {
		kinds++
		for _, at := range r.Days {
			errs = append(errs, b.vetDay(at))
		}
		if r.Seals < 0 || r.Seals > len(b.seals) {
			errs = append(errs, fmt.Errorf("a retry of %d seals, there are %d", r.Seals, len(b.seals)))
		}
	}
	if s := entry.Sealing; s != nil {
		kinds++
		errs = append(errs, b.vetSealing(*s))
	}
	if entry.Voided != nil {
		kinds++
	}
	if kinds != 1 {
		errs = append(errs, fmt.Errorf("an entry of %d kinds", kinds))
	}
	return errors.Join(errs...)
}

// vetDay wants a day that may be in the window.
func (b *book) vetDay(at time.Time) error {
	start := b.spec.Start.UTC().Truncate(day)
	if at.Before(start) || !at.Equal(at.UTC().Truncate(day)) || at.Sub(start) >= maxDays*day {
		return fmt.Errorf("%s is not a day of the window", at.Format(time.RFC3339))
	}
	return nil
}

// vetDayOfBatch wants a day that may be in the window, or none: a batch of a retry is
// of no day.
func (b *book) vetDayOfBatch(at time.Time) error {
	if at.IsZero() {
		return nil
	}
	return b.vetDay(at)
}

func (b *book) vetSurveyed(s artifacts.Surveyed) error {
	if err := b.vetDay(s.Day); err != nil {
		return err
	}
	passes := 0
	for _, d := range b.days {
		if d.at.Equal(s.Day) {
			passes = d.passes
		}
	}
	switch {
	case !s.To.After(s.Day) || s.To.Sub(s.Day) > day:
		return fmt.Errorf("a survey of %s up to %s", s.Day.Format(time.DateOnly), s.To.Format(time.RFC3339))
	case s.Pass != passes:
		return fmt.Errorf("survey %d of %s, %d was expected", s.Pass, s.Day.Format(time.DateOnly), passes)
	case min(s.Conversations, s.Held, s.Excluded, s.Open, s.Refused, s.Deferred, s.Reopened) < 0:
		return fmt.Errorf("a survey of %s with fewer than no conversations", s.Day.Format(time.DateOnly))
	default:
		return nil
	}
}

func (b *book) vetSealing(s artifacts.Sealing) error {
	if want := len(b.seals) + 1; s.Number != want {
		return fmt.Errorf("seal %d, %d was expected", s.Number, want)
	}
	entries, err := slicing.ParseOrdinals(s.Entries)
	if err == nil && !slicing.FirstOrdinals(len(b.entries)).ContainsAll(entries) {
		err = fmt.Errorf("a seal of entries %s, there are %d", s.Entries, len(b.entries))
	}
	return err
}

func vetSlices(slices []artifacts.PlannedSlice) error {
	var errs []error
	for _, s := range slices {
		errs = append(errs, vetName(s.Name), vetName(s.Group))
		switch s.Lane {
		case slicing.Standard, slicing.LegalHold, slicing.LegalHoldScreen, slicing.Isolated:
		default:
			errs = append(errs, fmt.Errorf("there is no lane %q", s.Lane))
		}
		if !s.Start.Before(s.End) || s.Recordings < 0 || s.Conversations < 0 || s.Conversations > maxConversations {
			errs = append(errs, fmt.Errorf("slice %s of %d conversations from %v to %v", s.Name, s.Conversations, s.Start, s.End))
		}
	}
	return errors.Join(errs...)
}

// maxConversations is the most that a slice may hold: the limit of the API.
const maxConversations = 10_000

// vetName wants what can be a segment of a key.
func vetName(name string) error {
	if strings.Contains(name, "/") {
		return fmt.Errorf("%q is not a name", name)
	}
	return archive.CheckKey(name)
}
