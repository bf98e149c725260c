package recordingexport

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// day is the span that is surveyed at once.
const day = 24 * time.Hour

// book is what is known of an export's survey and plan. It is read from
// artifacts and kept in memory only to spare reading them again: they never
// change, so the book only grows.
type book struct {
	of   types.UID
	spec slicing.Spec
	// rounds of the survey. The first asks for every day of the window; each
	// following one for the days on which conversations were deferred.
	rounds []round
	// slices in the order of their ordinals.
	slices []artifacts.PlannedSlice
	totals v1alpha1.SurveyStatus
}

type round struct {
	days []time.Time
	// plans of the first days, as many as are surveyed.
	plans []artifacts.Plan
}

// bookOf returns the book of an export.
func (r *Reconciler) bookOf(export *v1alpha1.RecordingExport) *book {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.books == nil {
		r.books = map[types.NamespacedName]*book{}
	}
	name := client.ObjectKeyFromObject(export)
	if known := r.books[name]; known == nil || known.of != export.UID {
		r.books[name] = newBook(exportspec.Slicing(export.Spec))
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
	b := &book{spec: spec, rounds: []round{{days: daysOf(spec)}}}
	b.totals.Days = int32(len(b.rounds[0].days)) //nolint:gosec // at most five years of days
	return b
}

// daysOf lists the UTC days that a window touches.
func daysOf(spec slicing.Spec) []time.Time {
	var days []time.Time
	for at := spec.Start.UTC().Truncate(day); at.Before(spec.End); at = at.Add(day) {
		days = append(days, at)
	}
	return days
}

// read takes in the plans that have been written since the last time.
func (b *book) read(ctx context.Context, store archive.Store) error {
	for {
		number, at, ok := b.next()
		if !ok {
			return nil
		}
		plan, err := artifacts.Get[artifacts.Plan](ctx, store, artifacts.PlanKey(number, at))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		b.add(plan)
	}
}

// add takes in the plan of the day that next names.
func (b *book) add(plan artifacts.Plan) {
	current := &b.rounds[len(b.rounds)-1]
	current.plans = append(current.plans, plan)
	b.slices = append(b.slices, plan.Slices...)
	b.totals.Conversations += plan.Surveyed
	b.totals.Held += plan.Held
	b.totals.Excluded += plan.Excluded
	b.totals.Unavailable += plan.Open + plan.Refused
	b.totals.Deferred += plan.Deferred
	if len(b.rounds) == 1 {
		b.totals.DaysSurveyed++
	} else {
		b.totals.Deferred -= b.before(plan.Day).Deferred
	}
	if len(current.plans) == len(current.days) {
		b.openRound()
	}
}

// openRound begins another round if conversations were deferred in the last one.
func (b *book) openRound() {
	var again []time.Time
	for _, plan := range b.rounds[len(b.rounds)-1].plans {
		if plan.Deferred > 0 {
			again = append(again, plan.Day)
		}
	}
	if len(again) > 0 {
		b.rounds = append(b.rounds, round{days: again})
	}
}

// next names the day to be surveyed next, and in which round; there is none
// once the survey has come to its end.
func (b *book) next() (number int, at time.Time, ok bool) {
	number = len(b.rounds) - 1
	current := b.rounds[number]
	if len(current.plans) == len(current.days) {
		return 0, time.Time{}, false
	}
	return number, current.days[len(current.plans)], true
}

// due is when the day that next names is worth asking for.
func (b *book) due(settleAfter time.Duration) time.Time {
	number, at, _ := b.next()
	if number > 0 {
		return b.before(at).AskAgain
	}
	_, to := span(b.spec, at)
	return to.Add(settleAfter)
}

// before returns the plan of a day from the round before the current one.
func (b *book) before(at time.Time) artifacts.Plan {
	for _, plan := range b.rounds[len(b.rounds)-2].plans {
		if plan.Day.Equal(at) {
			return plan
		}
	}
	return artifacts.Plan{}
}

// span is the part of a UTC day that is in the window.
func span(spec slicing.Spec, at time.Time) (from, to time.Time) {
	from, to = at, at.Add(day)
	if from.Before(spec.Start) {
		from = spec.Start
	}
	if to.After(spec.End) {
		to = spec.End
	}
	return from, to
}
