package recordingexport

import (
	"context"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// compareWork compares a part of the plan that is about to be sealed with what
// the organisation retains.
type compareWork struct {
	enumeration
	part sealWork
	// from is where the part's days begin.
	from time.Time
	// earlier are entries that earlier seals list and that may still matter.
	earlier sealWork
	before  slicing.Ordinals
}

// entriesBefore are the numbers of the entries that earlier seals list of the time before a
// part of the plan. A conversation is in no batch later than openDeadline after its start, so
// that what is older than that has no recordings in the part's days, which begin at from.
func entriesBefore(log plan.View, from time.Time, openDeadline time.Duration) slicing.Ordinals {
	since := from.Add(-openDeadline - day)
	return slicing.OrdinalsOf(log.EntryCount(), func(number int) bool {
		return log.SealOf(number) > 0 && !log.DayOf(number).Before(since)
	})
}

// compare records how the part compares with the second source.
func (w *compareWork) compare(ctx context.Context, _ transfer.Try) error {
	begun, err := w.complete(ctx)
	if err == nil {
		err = w.readAllEntries(ctx)
	}
	if err != nil {
		return err
	}
	found, err := w.compareAccount(ctx, begun)
	if err != nil {
		return err
	}
	found.Source, found.At = string(v1alpha1.SecondSourceRetention), begun.At
	_, err = artifacts.Put(ctx, w.part.store, artifacts.ComparisonKey(w.part.sealing.Number), artifacts.Comparison{
		Stamp: w.stamp(), Sealing: w.part.sealing, Found: found,
	})
	return err
}

// readAllEntries reads the entries of the part, and those before it.
func (w *compareWork) readAllEntries(ctx context.Context) error {
	w.earlier = w.part
	err := w.part.readEntries(ctx)
	if err == nil {
		w.earlier.entries, err = readEntriesOf(ctx, w.part.store, w.before)
	}
	return err
}

// compareAccount writes the differences to a table of this process's own. The Comparison, of
// which there is only one, names the table that is used.
func (w *compareWork) compareAccount(ctx context.Context, begun enumerationRun) (evidence.Compared, error) {
	found := evidence.Compared{Table: artifacts.ComparisonTable(w.part.sealing.Number, w.part.instance)}
	known := evidence.NewAccountIndex(w.from, w.part.sealing.Until, begun.At.Add(-retainedDays*day))
	bags, err := w.indexAccount(ctx, known)
	if err != nil {
		return found, err
	}
	if err := w.part.store.Remove(ctx, found.Table); err != nil {
		return found, err
	}
	err = w.part.store.Create(ctx, found.Table, func(out io.Writer) (err error) {
		found.SecondSource, err = known.Compare(out, w.recordings(ctx, begun), evidence.Indexes(w.part.trustedFS(ctx), bags))
		return err
	})
	return found, err
}

// indexAccount tells what the account knows, and returns the bags of the part.
func (w *compareWork) indexAccount(ctx context.Context, known *evidence.AccountIndex) ([]evidence.BagRef, error) {
	if err := w.earlier.indexElsewhere(ctx, known, true); err != nil {
		return nil, err
	}
	if err := w.part.indexElsewhere(ctx, known, false); err != nil {
		return nil, err
	}
	root := w.part.trustedFS(ctx)
	var before, now evidence.Seal
	w.earlier.addSlices(&before)
	w.part.addSlices(&now)
	for _, bag := range before.Bags {
		if err := known.AddBag(root, bag.Name, true); err != nil {
			return nil, err
		}
	}
	for _, bag := range now.Bags {
		if err := known.AddBag(root, bag.Name, false); err != nil {
			return nil, err
		}
	}
	return now.Bags, nil
}

// indexElsewhere tells what the surveys found that is in no bag of their seal: what
// comes in a later one, what began before the window, and what is accounted for
// without a bag.
func (w *sealWork) indexElsewhere(ctx context.Context, known *evidence.AccountIndex, earlier bool) error {
	return w.eachSurvey(ctx, func(_ plan.Numbered, survey artifacts.Survey) error {
		for _, c := range survey.Deferred {
			known.MarkElsewhere(accountID(c.ID))
		}
		for _, id := range survey.Before {
			known.MarkElsewhere(accountID(id))
		}
		for _, c := range w.unbatched(survey) {
			if earlier {
				known.MarkElsewhere(c.ID)
			} else {
				known.MarkAccounted(c.ID)
			}
		}
		return nil
	})
}

// accountID is a conversation's id as the account has it.
func accountID(id string) string {
	if genesys.ValidID(id) {
		return id
	}
	return printableID(id)
}

// recordings reads an enumeration.
func (w *compareWork) recordings(ctx context.Context, begun enumerationRun) iter.Seq2[genesys.Retained, error] {
	return func(yield func(genesys.Retained, error) bool) {
		for n := range begun.pages {
			page, err := artifacts.Get[artifacts.Enumerated](ctx, w.shared, begun.key(n))
			if err != nil {
				yield(genesys.Retained{}, err)
				return
			}
			for _, r := range page.Page.Recordings {
				r.ConversationID = accountID(r.ConversationID)
				if !yield(r, nil) {
					return
				}
			}
		}
	}
}

// addComparison tells the seal how its part of the plan compares with the second source.
func (w *sealWork) addComparison(ctx context.Context, seal *evidence.Seal) error {
	if !w.compares {
		return nil
	}
	comparison, err := artifacts.Get[artifacts.Comparison](ctx, w.store, artifacts.ComparisonKey(w.sealing.Number))
	if err != nil {
		return err
	}
	found := comparison.Found
	seal.Compared = &found
	seal.Events = append(seal.Events, evidence.Event{Time: comparison.At, Type: "SecondSourceCompared", Actor: comparison.By, Details: map[string]string{
		"source": found.Source, "enumeratedAt": found.At.UTC().Format(time.RFC3339Nano), "enumerated": strconv.FormatInt(found.Enumerated, 10),
		"listed": strconv.FormatInt(found.Listed, 10), "matched": strconv.FormatInt(found.Matched, 10),
		"notInAccount": strconv.FormatInt(found.NotInAccount, 10), "notInSecondSource": strconv.FormatInt(found.NotInSecondSource, 10),
	}})
	return nil
}
