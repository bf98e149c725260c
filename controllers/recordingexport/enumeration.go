package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

const (
	// retainedDays is how old a recording must be, in days, to be enumerated: the
	// least that Genesys Cloud's description of its parameter allows for sure.
	retainedDays = 1
	// keepDays is how many days an enumeration is kept: longer than any comparison
	// that reads it takes.
	keepDays = 3
	// longestPause bounds the pause after a page.
	longestPause = 10 * time.Second
	// mostPages is how many pages an enumeration may have: a billion recordings.
	mostPages = 2_000_000
)

type enumerator interface {
	Retained(ctx context.Context, days int, cursor string) (genesys.RetainedPage, error)
	Orphans(ctx context.Context, skip int) (genesys.OrphanPage, error)
}

// enumerable is something that can be enumerated.
type enumerable struct {
	// name is what it is called.
	name string
	// folder contains the enumerations of an organisation, in the shared archive.
	folder func(organizationID string) string
	// page asks for the page that a cursor names, the first one if it is empty.
	page func(ctx context.Context, cloud enumerator, cursor string) (artifacts.Enumerated, error)
}

// retained lists all recordings that an organisation retains.
var retained = enumerable{
	name: "all recordings that the organisation retains", folder: artifacts.EnumerationFolder,
	page: func(ctx context.Context, cloud enumerator, cursor string) (artifacts.Enumerated, error) {
		page, err := cloud.Retained(ctx, retainedDays, cursor)
		return artifacts.Enumerated{Page: page}, err
	},
}

// enumeration lists something of an organisation, once a UTC day for all exports of
// a destination. Its pages are artifacts that they share, in the order in which
// Genesys Cloud gives them, so that whoever needs it continues where another, or an
// earlier process, has stopped.
//
// Its priority is low: it reads one page at a time. After each page it pauses for as long as
// the page took, so it uses at most half of the request rate, and less if Genesys Cloud or the
// budget is busy.
type enumeration struct {
	enumerable
	process
	shared       archive.Store
	cloud        enumerator
	organization string
	// turn is taken by whoever requests a page.
	turn chan struct{}
	// request is the last retry request, and retryCommand what a person runs to make one.
	request, retryCommand string
}

// enumerationRun is an enumeration that has been begun, and how many pages it has.
type enumerationRun struct {
	artifacts.Stamp
	folder string
	number int
	pages  int
	// begun reports whether it has its first page.
	begun bool
	// broken are those of the day before it.
	broken series
}

func (r enumerationRun) key(page int) string { return artifacts.PageKey(r.folder, r.number, page) }

// complete returns today's enumeration once all its pages are stored.
func (e *enumeration) complete(ctx context.Context) (enumerationRun, error) {
	begun, end, err := e.current(ctx)
	if err != nil {
		return begun, err
	}
	if end == nil && !begun.begun {
		if last := begun.broken.since(e.request).pause(e.clock.Now()); last != nil {
			return begun, &exhaustedError{
				reason: v1alpha1.ReasonComparisonFailed, subject: "the enumeration of " + e.name, last: last, retry: e.retryCommand,
				check: "Genesys Cloud's status, or leave secondSource out in another RecordingExport",
			}
		}
	}
	if end == nil {
		if end, err = e.listPages(ctx, begun); err != nil {
			return begun, err
		}
	}
	first, err := artifacts.Get[artifacts.Enumerated](ctx, e.shared, begun.key(0))
	begun.Stamp, begun.pages = first.Stamp, end.Pages
	return begun, err
}

// current finds the enumeration to use: today's, or yesterday's if that was
// started and can continue. Without either it is a new one of today.
func (e *enumeration) current(ctx context.Context) (enumerationRun, *artifacts.EnumerationEnd, error) {
	today := plan.StartOfDay(e.clock.Now())
	for _, at := range []time.Time{today, today.Add(-day)} {
		begun, end, err := e.lastUnbroken(ctx, at)
		if err != nil {
			return begun, nil, err
		}
		begun.begun, err = artifacts.Exists(ctx, e.shared, begun.key(0))
		if err != nil || begun.begun && (end == nil || at.Equal(today)) {
			return begun, end, err
		}
	}
	if err := e.removeOldListings(ctx, today); err != nil {
		return enumerationRun{}, nil, err
	}
	return e.lastUnbroken(ctx, today)
}

// lastUnbroken finds the last enumeration of a day, the only one that is not broken.
func (e *enumeration) lastUnbroken(ctx context.Context, at time.Time) (enumerationRun, *artifacts.EnumerationEnd, error) {
	begun := enumerationRun{folder: artifacts.DayFolder(e.folder(e.organization), at)}
	for ; ; begun.number++ {
		end, err := artifacts.Get[artifacts.EnumerationEnd](ctx, e.shared, artifacts.EndKey(begun.folder, begun.number))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return begun, nil, nil
		case err != nil:
			return begun, nil, err
		case end.Broken == "":
			return begun, &end, nil
		}
		begun.broken = append(begun.broken, failure{
			at: end.At, what: fmt.Sprintf("enumeration %d of the day", begun.number+1), why: end.Broken, request: end.Request,
		})
	}
}

// listPages continues an enumeration to its end.
func (e *enumeration) listPages(ctx context.Context, begun enumerationRun) (*artifacts.EnumerationEnd, error) {
	guard := newCycleDetector()
	for cursor, n := "", 0; ; n++ {
		page, err := e.readPage(ctx, begun.key(n), cursor)
		if kind := genesys.KindOf(err); cursor != "" && (kind == genesys.KindInvalid || kind == genesys.KindNotFound) {
			return nil, e.abandonListing(ctx, begun, n, "its cursor is refused")
		}
		if err != nil {
			return nil, err
		}
		if why := guard.addPage(cursor, page); why != "" {
			return nil, e.abandonListing(ctx, begun, n, why)
		}
		if cursor = page.Next(); cursor == "" {
			return e.endListing(ctx, begun, artifacts.EnumerationEnd{Pages: n + 1})
		}
	}
}

// readPage returns a page, which it asks for if nobody has.
func (e *enumeration) readPage(ctx context.Context, key, cursor string) (artifacts.Enumerated, error) {
	stored, err := artifacts.Get[artifacts.Enumerated](ctx, e.shared, key)
	if !errors.Is(err, fs.ErrNotExist) {
		return stored, err
	}
	select {
	case e.turn <- struct{}{}:
		defer func() { <-e.turn }()
	case <-ctx.Done():
		return stored, ctx.Err()
	}
	stored, err = artifacts.Get[artifacts.Enumerated](ctx, e.shared, key)
	if !errors.Is(err, fs.ErrNotExist) {
		return stored, err
	}
	asked := e.stamp()
	if stored, err = e.page(ctx, e.cloud, cursor); err != nil {
		return stored, err
	}
	stored.Stamp = asked
	took := e.clock.Since(asked.At)
	if stored, err = artifacts.Put(ctx, e.shared, key, stored); err != nil || stored.Next() == "" || took <= 0 {
		return stored, err
	}
	return stored, transfer.Wait(ctx, e.clock, min(took, longestPause))
}

// abandonListing ends an enumeration that cannot be continued, so that the next attempt
// begins another.
func (e *enumeration) abandonListing(ctx context.Context, begun enumerationRun, page int, why string) error {
	_, err := e.endListing(ctx, begun, artifacts.EnumerationEnd{Pages: page, Broken: why})
	return err
}

// endListing records how an enumeration has ended. It is an error if it is broken,
// whoever found that first.
func (e *enumeration) endListing(ctx context.Context, begun enumerationRun, end artifacts.EnumerationEnd) (*artifacts.EnumerationEnd, error) {
	end.Stamp, end.Request = e.stamp(), e.request
	end, err := artifacts.Put(ctx, e.shared, artifacts.EndKey(begun.folder, begun.number), end)
	if err == nil && end.Broken != "" {
		err = &genesys.Error{
			Op: "enumerate " + e.name, Kind: genesys.KindTransient, Message: "the enumeration cannot be continued and is begun again: " + end.Broken,
		}
	}
	return &end, err
}

// removeOldListings removes enumerations that nobody reads any more.
func (e *enumeration) removeOldListings(ctx context.Context, today time.Time) error {
	folder := e.folder(e.organization)
	entries, err := fs.ReadDir(e.shared.FS(ctx), folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		at, err := time.Parse(time.DateOnly, entry.Name())
		if err != nil || !at.Before(today.Add(-keepDays*day)) {
			continue
		}
		if err := e.shared.Remove(ctx, folder+"/"+entry.Name()); err != nil {
			return err
		}
	}
	return nil
}
