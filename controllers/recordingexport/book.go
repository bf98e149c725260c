package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// book is what is known of an export's plan. It is read from the plan's entries
// and kept in memory only to spare reading them again: entries never change, and
// the plan only grows, so the book only grows too.
type book struct {
	of   types.UID
	spec slicing.Spec
	// days of the window, in order, as far as they can be surveyed.
	days []*dayState
	// entries of the plan, the ordinal of each one's first slice, and the seal
	// (from 1) that takes it in, 0 if none does yet.
	entries []artifacts.Entry
	firsts  []int
	sealed  []int
	// slices in the order of the plan, and the day that each belongs to.
	slices   []artifacts.PlannedSlice
	sliceDay []time.Time
	// inLane are the slices of each lane, by their place in slices. A slice's place in
	// its lane is the ordinal of its batch.
	inLane map[slicing.Lane][]int
	// moved are the groups, halved the batches, retried the tokens, isolated the
	// batches and groups that the plan has taken care of.
	moved, halved, retried, isolated map[string]bool
	seals                            []sealState
	totals                           v1alpha1.SurveyStatus
}

// sealState is a part of the plan that is closed: sealed, or about to be.
type sealState struct {
	artifacts.Sealing
	at time.Time
}

// bookOf returns the book of an export.
func (r *Reconciler) bookOf(export *v1alpha1.RecordingExport, spec slicing.Spec) *book {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.books == nil {
		r.books = map[types.NamespacedName]*book{}
	}
	name := client.ObjectKeyFromObject(export)
	if known := r.books[name]; known == nil || known.of != export.UID {
		r.books[name] = newBook(spec)
		r.books[name].of = export.UID
	}
	return r.books[name]
}

// forget closes the book of an export that is gone.
func (r *Reconciler) forget(name types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.books, name)
}

func newBook(spec slicing.Spec) *book {
	return &book{
		spec: spec, inLane: map[slicing.Lane][]int{},
		moved: map[string]bool{}, halved: map[string]bool{}, retried: map[string]bool{}, isolated: map[string]bool{},
	}
}

// read takes in the entries that have been written since the last time.
func (b *book) read(ctx context.Context, store archive.Store) error {
	for {
		entry, err := artifacts.Get[artifacts.Entry](ctx, store, artifacts.EntryKey(len(b.entries)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.add(entry); err != nil {
			return fmt.Errorf("entry %d of the plan: %w", len(b.entries), err)
		}
	}
}

// add takes in the plan's next entry. One that cannot be is an error, and not taken in.
func (b *book) add(entry artifacts.Entry) error {
	if err := b.vet(entry); err != nil {
		return err
	}
	b.firsts, b.sealed = append(b.firsts, len(b.slices)), append(b.sealed, 0)
	b.entries = append(b.entries, entry)
	day := entryDay(entry)
	for _, slice := range entry.Slices {
		b.inLane[slice.Lane] = append(b.inLane[slice.Lane], len(b.slices))
		b.slices, b.sliceDay = append(b.slices, slice), append(b.sliceDay, day)
	}
	switch {
	case entry.Surveyed != nil:
		b.survey(*entry.Surveyed)
	case entry.Moved != nil:
		b.moved[entry.Moved.Group] = true
	case entry.Halved != nil:
		b.halved[entry.Halved.Batch] = true
	case entry.Isolated != nil:
		b.isolated[isolatedKey(*entry.Isolated)] = true
	case entry.Retried != nil:
		b.retry(*entry.Retried)
	case entry.Sealing != nil:
		return b.close(*entry.Sealing, entry.At)
	}
	return nil
}

// entryDay is the day that an entry is about, zero if it is about none.
func entryDay(entry artifacts.Entry) time.Time {
	switch {
	case entry.Surveyed != nil:
		return entry.Surveyed.Day
	case entry.Moved != nil:
		return entry.Moved.Day
	case entry.Halved != nil:
		return entry.Halved.Day
	case entry.Isolated != nil:
		return entry.Isolated.Day
	default:
		return time.Time{}
	}
}

// isolatedKey names what an entry isolates: recordings of a batch, or conversations
// of a group. No batch has the name of a group.
func isolatedKey(i artifacts.Isolated) string {
	if i.Recordings {
		return "batch " + i.Batch
	}
	return "group " + i.Group
}

// survey takes in what a survey of a day has found.
func (b *book) survey(s artifacts.Surveyed) {
	if s.To.After(b.spec.End) {
		b.spec.End = s.To // surveyed before the window got its end
	}
	d := b.day(s.Day)
	b.totals.Conversations += s.Conversations
	b.totals.Held += s.Held
	b.totals.Excluded += s.Excluded
	b.totals.Unavailable += s.Open + s.Refused - s.Reopened
	b.totals.Deferred += s.Deferred - d.deferred
	if d.passes == 0 {
		b.totals.DaysSurveyed++
	}
	d.passes = s.Pass + 1
	d.deferred, d.askAgain = s.Deferred, s.AskAgain
	d.open += s.Open - s.Reopened
	d.again = d.again && s.Purpose != artifacts.Retry
	d.reviewed = d.reviewed || s.Purpose == artifacts.Review
}

// retry has the days asked for again that held conversations without an end.
func (b *book) retry(r artifacts.Retried) {
	b.retried[r.Token] = true
	for _, at := range r.Days {
		b.day(at).again = true
	}
}

// retrying tells whether there is a retry that is not in a seal yet.
func (b *book) retrying() bool {
	for i, entry := range b.entries {
		if entry.Retried != nil && b.sealed[i] == 0 {
			return true
		}
	}
	return false
}

// close takes in that a part of the plan is to be sealed.
func (b *book) close(s artifacts.Sealing, at time.Time) error {
	entries, err := slicing.ParseOrdinals(s.Entries)
	if err != nil {
		return err
	}
	b.seals = append(b.seals, sealState{s, at})
	for i := range b.entries {
		if entries.Contains(i) {
			b.sealed[i] = s.Number
		}
	}
	for _, d := range b.days {
		d.sealed = d.sealed || d.at.Before(s.Until)
	}
	return nil
}

// sealedSlices are the ordinals of the slices that are in the first seals.
func (b *book) sealedSlices(seals int) slicing.Ordinals {
	var all slicing.Ordinals
	for i, number := range b.sealed {
		for ordinal := b.firsts[i]; number > 0 && number <= seals && ordinal < b.firsts[i]+len(b.entries[i].Slices); ordinal++ {
			all = all.With(ordinal)
		}
	}
	return all
}

// entryOf returns the number of the entry that led to a slice.
func (b *book) entryOf(ordinal int) int {
	number := 0
	for i, first := range b.firsts {
		if first <= ordinal && len(b.entries[i].Slices) > 0 {
			number = i
		}
	}
	return number
}
