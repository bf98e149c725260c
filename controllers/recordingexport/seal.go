package recordingexport

import (
	"context"
	"io"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/report"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// sealWork seals a part of the plan all of whose batches have finished.
type sealWork struct {
	recorder
	record   evidence.ExportRecord
	former   *evidence.Former
	from     time.Time
	scope    slicing.Scope
	deferred int64
	// compares reports whether there is a comparison with a second source.
	compares bool
	// continuous tells that the window has no end: batches of later days may be running while
	// this is sealed.
	continuous bool
	sealing    plan.Sealing
	// closedBy is the number of the entry that has the seal made.
	closedBy int
	// entries of the plan that the seal takes in, once readEntries has read them.
	entries []plan.Numbered
	// rekeyed is the key of the artifact that tells of another artifact key, if there is one.
	rekeyed []string
	// owners is the log of the clusters that have taken the archive over.
	owners []artifacts.Owner
	// tool tells what this program is.
	tool      func() evidence.Tool
	loadFiles bool
	signing   evidence.Signing
	// noticed is what the destination's status tells of a change of the key.
	noticed evidence.NoticedKey
}

// readEntries reads the entries that the seal takes in.
func (w *sealWork) readEntries(ctx context.Context) error {
	numbers, err := slicing.ParseOrdinals(w.sealing.Entries)
	if err == nil {
		w.entries, err = readEntriesOf(ctx, w.store, numbers)
	}
	return err
}

// makeSeal writes the seal.
func (w *sealWork) makeSeal(ctx context.Context, _ transfer.Try) error {
	at := w.clock.Now().UTC()
	seal := evidence.Seal{
		Number: w.sealing.Number, Record: w.record, At: at, Former: w.former,
		From: w.from, Until: w.sealing.Until, Deferred: w.deferred,
		Tool: w.tool(), LoadFiles: w.loadFiles, Report: report.Seal, Signing: w.signing, Noticed: w.noticed,
		Note:  artifacts.NoteSealed(w.store, artifacts.SealedKey(w.sealing.Number), w.stamp),
		Begin: w.beginSeal,
	}
	if err := w.readEntries(ctx); err != nil {
		return err
	}
	root := w.trustedFS(ctx)
	if err := evidence.CheckSeals(root, w.sealing.Number-1); err != nil {
		return err
	}
	seal.Events = append(seal.Events, w.opening())
	seal.Events = append(seal.Events, w.takeOvers()...)
	if err := w.addRekeyed(ctx, &seal); err != nil {
		return err
	}
	if err := w.addSurveys(ctx, &seal); err != nil {
		return err
	}
	w.addSlices(&seal)
	if err := w.addComparison(ctx, &seal); err != nil {
		return err
	}
	if err := w.addOrphans(ctx, &seal); err != nil {
		return err
	}
	if err := w.placeHolds(ctx, &seal); err != nil {
		return err
	}
	if err := w.listArtifacts(ctx, &seal); err != nil {
		return err
	}
	seal.Events = append(seal.Events, evidence.Event{Time: at, Type: "ExportSealed", Actor: w.instance})
	create := func(ctx context.Context, path string, write func(io.Writer) error) error {
		return w.store.Create(ctx, path, write)
	}
	if _, _, err := seal.Write(ctx, root, create); err != nil {
		return err
	}
	if w.continuous {
		return nil
	}
	return w.store.Remove(ctx, archive.Scratch)
}

// trustedFS reads the archive. Reading a bag or an earlier seal fails unless its digest is the
// recorded one.
func (w *sealWork) trustedFS(ctx context.Context) fs.FS {
	return evidence.Trust(w.store.FS(ctx), artifacts.Anchors(ctx, w.store, w.sealing.Number-1))
}

// beginSeal records what the seal tells of its making, or has it tell what was recorded
// before: a seal that another process has begun is finished as it was begun. The account
// and the texts about it are made at once and kept as one artifact, so they tell of the
// program that makes them.
func (w *sealWork) beginSeal(ctx context.Context, seal evidence.Seal) (evidence.Seal, error) {
	begun, err := artifacts.Put(ctx, w.store, artifacts.SealBegunKey(seal.Number), artifacts.SealBegun{
		Stamp: artifacts.NewStamp(seal.At, w.instance), Tool: seal.Tool, LoadFiles: seal.LoadFiles, Deferred: seal.Deferred, Events: seal.Events,
		Artifacts: seal.Artifacts,
	})
	seal.At, seal.LoadFiles, seal.Deferred, seal.Events = begun.At, begun.LoadFiles, begun.Deferred, begun.Events
	seal.Artifacts = begun.Artifacts
	return seal, err
}

// addSurveys tells the seal what every survey found, and lists the conversations
// that are in no batch.
func (w *sealWork) addSurveys(ctx context.Context, seal *evidence.Seal) error {
	holds := map[string]evidence.HoldAnswer{}
	err := w.eachSurvey(ctx, func(entry plan.Numbered, survey artifacts.Survey) error {
		if entry.Surveyed.Pass == 0 {
			seal.Surveys = append(seal.Surveys, w.span(*entry.Surveyed))
		}
		seal.Surveyed += entry.Surveyed.Conversations
		seal.Reopened += entry.Surveyed.Reopened
		seal.Unbatched = append(seal.Unbatched, w.unbatched(survey)...)
		seal.Events = append(seal.Events, planned(entry, surveyEvent(survey)))
		if survey.Purpose == plan.PurposeReview {
			return w.addHolds(ctx, survey, holds)
		}
		return nil
	})
	seal.HeldAtSealing = func(id string) evidence.HoldAnswer { return holds[id] }
	return err
}

// eachSurvey reads the surveys of the entries, in order, until do returns an error.
func (w *sealWork) eachSurvey(ctx context.Context, do func(plan.Numbered, artifacts.Survey) error) error {
	for _, entry := range w.entries {
		if entry.Surveyed == nil {
			continue
		}
		survey, err := artifacts.Get[artifacts.Survey](ctx, w.store, artifacts.SurveyKey(entry.Surveyed.Pass, entry.Surveyed.Day))
		if err == nil {
			err = do(entry, survey)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// span is the part of the window that a survey asked for.
func (w *sealWork) span(s plan.Surveyed) evidence.Span {
	if s.Day.Before(w.from) {
		return evidence.Span{Start: w.from, End: s.To}
	}
	return evidence.Span{Start: s.Day, End: s.To}
}

// addHolds notes what a review answered about every conversation of its day.
func (w *sealWork) addHolds(ctx context.Context, review artifacts.Survey, holds map[string]evidence.HoldAnswer) error {
	for pass := range review.Pass + 1 {
		survey, err := artifacts.Get[artifacts.Survey](ctx, w.store, artifacts.SurveyKey(pass, review.Day))
		if err != nil {
			return err
		}
		for _, c := range survey.Conversations {
			holds[c.ID] = evidence.HoldAnswer{At: review.HeldAt}
		}
	}
	for _, id := range review.Held {
		holds[id] = evidence.HoldAnswer{Held: true, At: review.HeldAt}
	}
	for _, unknown := range review.HoldsUnknown {
		delete(holds, unknown.ConversationID)
	}
	return nil
}

// addSlices names the bags, and tells what else the plan has.
func (w *sealWork) addSlices(seal *evidence.Seal) {
	halved := map[string]bool{}
	for _, entry := range w.entries {
		if entry.Halved != nil {
			halved[entry.Halved.Batch] = true
		}
	}
	for _, entry := range w.entries {
		for _, slice := range entry.Slices {
			if !halved[slice.Name] {
				seal.Bags = append(seal.Bags, evidence.BagRef{Name: slice.Name, Lane: slice.Lane, Start: slice.Start, End: slice.End})
			}
		}
		if event, ok := eventOf(entry); ok {
			seal.Events = append(seal.Events, planned(entry, event))
		}
	}
}
