package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// Listing orphaned recordings needs the permission recording:orphan:view (Platform
// API, GET orphanrecordings). An export must not depend on it: if they cannot be
// listed, the seal says so.
const orphanPermission = "recording:orphan:view"

const (
	// orphanDeadline is how long the operator retries to list orphaned recordings for a
	// seal, from the first time that it failed, whichever process that was.
	orphanDeadline = 24 * time.Hour
	// orphanRetries is how long it waits between attempts, all in all, before the last
	// one of a process: one that was stopped for long does not end it at once.
	orphanRetries = time.Hour
	// longestWhy bounds why they are not listed, in runes.
	longestWhy = 300
)

// orphaned lists the recordings of an organisation that are attached to no conversation.
var orphaned = enumerable{
	name: "recordings that are attached to no conversation", folder: artifacts.OrphanFolder,
	page: func(ctx context.Context, cloud enumerator, cursor string) (artifacts.Enumerated, error) {
		skip := 0
		if cursor != "" {
			var err error
			if skip, err = strconv.Atoi(cursor); err != nil {
				return artifacts.Enumerated{}, fmt.Errorf("%w: cursor %q: %w", evidence.ErrCorrupt, cursor, err)
			}
		}
		page, err := cloud.Orphans(ctx, skip)
		return artifacts.Enumerated{Orphans: page}, err
	},
}

// orphanWork lists orphaned recordings for a seal.
type orphanWork struct {
	enumeration
	store archive.Store
	// seals is how many there are, part the part of the window in which those that the
	// next one lists were created.
	seals int
	part  evidence.Span
}

// noteOrphans records which recordings are orphaned, or why they cannot be listed.
func (w *orphanWork) noteOrphans(ctx context.Context, try transfer.Try) error {
	found := evidence.FoundOrphans{From: w.part.Start, Until: w.part.End}
	if w.part.Start.Before(w.part.End) {
		var err error
		if found, err = w.listAll(ctx); err != nil {
			if found.NotListed, err = w.whyNotListed(ctx, err, try.Last); err != nil {
				return err
			}
		}
	}
	_, err := artifacts.Put(ctx, w.store, artifacts.OrphansKey(w.seals+1), artifacts.Orphans{Stamp: w.stamp(), Found: found})
	return err
}

// listAll writes them to a table of this process's own. The Orphans, of which there is only
// one, names the table that is used.
func (w *orphanWork) listAll(ctx context.Context) (evidence.FoundOrphans, error) {
	none := evidence.FoundOrphans{From: w.part.Start, Until: w.part.End}
	begun, err := w.complete(ctx)
	if err != nil {
		return none, err
	}
	table := artifacts.OrphanTable(w.seals+1, w.instance)
	if err := w.store.Remove(ctx, table); err != nil {
		return none, err
	}
	found := none
	err = w.store.Create(ctx, table, func(out io.Writer) (err error) {
		found, err = evidence.ListOrphans(out, w.orphans(ctx, begun), w.part, func() (map[string]bool, error) {
			return evidence.UndatedOrphans(evidence.Trust(w.store.FS(ctx), artifacts.Anchors(ctx, w.store, w.seals)), w.seals)
		})
		return err
	})
	found.At, found.Table = begun.At, table
	return found, err
}

// orphans reads an enumeration.
func (w *orphanWork) orphans(ctx context.Context, begun enumerationRun) iter.Seq2[genesys.Orphan, error] {
	return func(yield func(genesys.Orphan, error) bool) {
		for n := range begun.pages {
			page, err := artifacts.Get[artifacts.Enumerated](ctx, w.shared, begun.key(n))
			if err != nil {
				yield(genesys.Orphan{}, err)
				return
			}
			for _, o := range page.Orphans.Orphans {
				if !yield(o, nil) {
					return
				}
			}
		}
	}
}

// whyNotListed decides what it means that they could not be listed: it returns why the
// seal has to do without, or an error if the operator retries. It retries what may
// pass, for a day.
func (w *orphanWork) whyNotListed(ctx context.Context, failed error, last bool) (why string, err error) {
	var exhausted *exhaustedError
	switch kind := genesys.KindOf(failed); {
	case errors.As(failed, &exhausted):
		return whyUnlisted("the enumeration could not be read to its end", exhausted.last[len(exhausted.last)-1].why), nil
	case kind == genesys.KindForbidden:
		return whyUnlisted("the OAuth client lacks the permission "+orphanPermission, failed.Error()), nil
	case kind == genesys.KindNotFound, kind == genesys.KindInvalid:
		return whyUnlisted("Genesys Cloud does not list them for this organisation", failed.Error()), nil
	case ctx.Err() != nil || !genesys.AboutItem(failed):
		return "", failed
	}
	trouble, err := artifacts.Put(ctx, w.store, artifacts.OrphanTroubleKey(w.seals+1), artifacts.Trouble{Stamp: w.stamp(), Why: failed.Error()})
	if err != nil {
		return "", err
	}
	until := trouble.At.Add(orphanDeadline)
	if last && !w.clock.Now().Before(until) {
		return whyUnlisted(fmt.Sprintf("Genesys Cloud has not answered since %s", words.Time(trouble.At)), failed.Error()), nil
	}
	return "", &unlistedError{failed, until}
}

func whyUnlisted(why, detail string) string { return evidence.Printable(why+": "+detail, longestWhy) }

// unlistedError tells that orphaned recordings could not be listed, and that the
// operator retries until an instant.
type unlistedError struct {
	failed error
	until  time.Time
}

func (e *unlistedError) Error() string {
	return fmt.Sprintf("retrying until %s to list recordings that are attached to no conversation, then the seal says that they are not listed: %v", words.Time(e.until), e.failed)
}

func (e *unlistedError) Unwrap() error { return e.failed }

// Outcome is to wait.
func (e *unlistedError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonComparingSources, e.Error(), 0)
}

// addOrphans tells the seal which recordings are attached to no conversation.
func (w *sealWork) addOrphans(ctx context.Context, seal *evidence.Seal) error {
	if !w.compares {
		return nil
	}
	listed, err := artifacts.Get[artifacts.Orphans](ctx, w.store, artifacts.OrphansKey(w.sealing.Number))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the part was closed by a version that did not list them
	}
	if err != nil {
		return err
	}
	seal.Orphans = &listed.Found
	seal.Events = append(seal.Events, listed.Found.Events(listed.At, listed.By)...)
	return nil
}
