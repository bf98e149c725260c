package recordingexport

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// orphanage answers with pages of orphans, and notes which it was asked for.
type orphanage struct {
	shelf
	page  func(skip int) (genesys.OrphanPage, error)
	skips []int
}

func (o *orphanage) Orphans(_ context.Context, skip int) (genesys.OrphanPage, error) {
	o.skips = append(o.skips, skip)
	return o.page(skip)
}

// pagesOf are pages of two orphans each, created at these hours of the first day.
func pagesOf(hours ...int) func(int) (genesys.OrphanPage, error) {
	return func(skip int) (genesys.OrphanPage, error) {
		var page genesys.OrphanPage
		for i, hour := range hours[skip/50*2 : min(skip/50*2+2, len(hours))] {
			page.Orphans = append(page.Orphans, genesys.Orphan{ID: id(skip + i), Created: first.Add(time.Duration(hour) * time.Hour)})
		}
		if skip/50*2+2 < len(hours) {
			page.Next = skip + 50
		}
		return page, nil
	}
}

// newOrphanWork lists orphans of the first day for the first seal.
func newOrphanWork(t *testing.T, o *orphanage) (*orphanWork, *clocktesting.FakeClock) {
	t.Helper()
	e, now := newEnumeration(t, &o.shelf)
	e.cloud, e.enumerable = o, orphaned
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	return &orphanWork{enumeration: *e, store: store, part: evidence.Span{Start: first, End: first.Add(day)}}, now
}

// found is what the work noted.
func (w *orphanWork) found(t *testing.T) evidence.FoundOrphans {
	t.Helper()
	noted, err := artifacts.Get[artifacts.Orphans](t.Context(), w.store, artifacts.OrphansKey(w.seals+1))
	if err != nil {
		t.Fatal(err)
	}
	return noted.Found
}

// listed are the ids of the orphans in the table.
func (w *orphanWork) listed(t *testing.T) []string {
	t.Helper()
	content, err := fs.ReadFile(w.store.FS(t.Context()), w.found(t).Table)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n")[1:] {
		ids = append(ids, strings.Split(line, ",")[0])
	}
	return ids
}

func TestOrphansAreListed(t *testing.T) {
	o := &orphanage{page: pagesOf(-1, 0, 23, 24, 5)}
	w, now := newOrphanWork(t, o)
	if err := w.noteOrphans(t.Context(), transfer.Try{}); err != nil {
		t.Fatal(err)
	}
	if got, want := w.listed(t), []string{id(1), id(50), id(100)}; !slices.Equal(got, want) || !slices.Equal(o.skips, []int{0, 50, 100}) {
		t.Errorf("%v are listed, want %v; asked for %v", got, want, o.skips)
	}
	if got := w.found(t); got.Enumerated != 5 || got.Listed != 3 || !got.At.Equal(now.Now()) || got.NotListed != "" {
		t.Errorf("found %+v", got)
	}
	// Another export of the day shares the enumeration, and another seal of this one.
	other, _ := newOrphanWork(t, o)
	other.shared, other.part.End = w.shared, first.Add(time.Hour)
	next := *w
	next.seals, next.part = 1, evidence.Span{Start: first.Add(day), End: first.Add(2 * day)}
	for _, work := range []*orphanWork{other, &next} {
		if err := work.noteOrphans(t.Context(), transfer.Try{}); err != nil || len(work.listed(t)) != 1 {
			t.Errorf("%v, %v are listed", err, work.listed(t))
		}
	}
	if len(o.skips) != 3 {
		t.Errorf("asked for %v", o.skips)
	}
}

// TestAnOrphanEnumerationIsContinued where it was interrupted, and a seal that covers
// nothing new asks nobody.
func TestAnOrphanEnumerationIsContinued(t *testing.T) {
	pages := pagesOf(1, 2, 3, 4, 5, 6)
	o := &orphanage{}
	o.page = func(skip int) (genesys.OrphanPage, error) {
		if skip == 50 && len(o.skips) == 2 {
			return genesys.OrphanPage{}, &genesys.Error{Kind: genesys.KindTransient}
		}
		return pages(skip)
	}
	w, _ := newOrphanWork(t, o)
	if err := w.noteOrphans(t.Context(), transfer.Try{}); genesys.KindOf(err) != genesys.KindTransient {
		t.Fatalf("the first attempt: %v", err)
	}
	if err := w.noteOrphans(t.Context(), transfer.Try{Failures: 1}); err != nil || len(w.listed(t)) != 6 || !slices.Equal(o.skips, []int{0, 50, 50, 100}) {
		t.Errorf("%v, asked for %v", err, o.skips)
	}
	nothing, _ := newOrphanWork(t, &orphanage{})
	nothing.part.Start = nothing.part.End
	if err := nothing.noteOrphans(t.Context(), transfer.Try{}); err != nil {
		t.Error(err)
	}
	want := evidence.FoundOrphans{From: nothing.part.End, Until: nothing.part.End}
	if diff := cmp.Diff(want, nothing.found(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestOrphansThatCannotBeListed never delay a seal for longer than a day, and it says
// so.
func TestOrphansThatCannotBeListed(t *testing.T) {
	fails := func(kind genesys.Kind) func(int) (genesys.OrphanPage, error) {
		return func(int) (genesys.OrphanPage, error) {
			return genesys.OrphanPage{}, &genesys.Error{Op: "list", Kind: kind, Message: "no"}
		}
	}
	for kind, why := range map[genesys.Kind]string{
		genesys.KindForbidden: "the OAuth client lacks the permission recording:orphan:view: list: no",
		genesys.KindNotFound:  "Genesys Cloud does not list them for this organisation: list: no",
		genesys.KindInvalid:   "Genesys Cloud does not list them for this organisation: list: no",
	} {
		w, _ := newOrphanWork(t, &orphanage{page: fails(kind)})
		if err := w.noteOrphans(t.Context(), transfer.Try{}); err != nil || w.found(t).NotListed != why {
			t.Errorf("%s: %v, %q, want %q", kind, err, w.found(t).NotListed, why)
		}
	}
	for _, kind := range []genesys.Kind{genesys.KindTimeout, genesys.KindTransient, genesys.KindMalformed, genesys.KindOverloaded} {
		w, now := newOrphanWork(t, &orphanage{page: fails(kind)})
		begun := now.Now()
		retried := func(last bool) {
			t.Helper()
			err := w.noteOrphans(t.Context(), transfer.Try{Last: last})
			out := outcome.Of(err, time.Minute)
			want := "retrying until " + words.Time(begun.Add(day)) + " to list recordings that are attached to no conversation"
			if genesys.KindOf(err) != kind || out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonComparingSources || !strings.HasPrefix(out.Message, want) {
				t.Errorf("%s: %v", kind, out)
			}
			if !transfer.DefaultRetryPolicy().Backoff(err, 3).UsesDeadline {
				t.Errorf("%s: waiting for the next attempt does not use up the deadline", kind)
			}
		}
		retried(false)
		retried(true) // however often it failed, a day it is retried
		now.Step(day)
		retried(false) // and by each process some more times
		if err := w.noteOrphans(t.Context(), transfer.Try{Last: true}); err != nil || w.found(t).NotListed != "Genesys Cloud has not answered since "+words.Time(begun)+": list: no" {
			t.Errorf("%s: %v, %+v", kind, err, w.found(t))
		}
	}
	for _, kind := range []genesys.Kind{genesys.KindThrottled, genesys.KindUnauthorized, genesys.KindCancelled, genesys.KindOrphaned} {
		w, now := newOrphanWork(t, &orphanage{page: fails(kind)})
		now.Step(9 * day)
		var own *unlistedError
		if err := w.noteOrphans(t.Context(), transfer.Try{Last: true}); genesys.KindOf(err) != kind || errors.As(err, &own) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestOrphansWithoutEnd: an enumeration that lists nothing new any more is begun again
// three times, and then the seal does without.
func TestOrphansWithoutEnd(t *testing.T) {
	for name, page := range map[string]func(skip int) (genesys.OrphanPage, error){
		"the same again": func(skip int) (genesys.OrphanPage, error) {
			return genesys.OrphanPage{Orphans: []genesys.Orphan{{ID: id(1)}}, Next: skip + 100}, nil
		},
		"refused": func(skip int) (genesys.OrphanPage, error) {
			if skip > 0 {
				return genesys.OrphanPage{}, &genesys.Error{Kind: genesys.KindInvalid}
			}
			return genesys.OrphanPage{Orphans: []genesys.Orphan{{ID: id(1)}}, Next: 100}, nil
		},
	} {
		w, _ := newOrphanWork(t, &orphanage{page: page})
		for range seriesLength {
			if err := w.noteOrphans(t.Context(), transfer.Try{}); genesys.KindOf(err) != genesys.KindTransient {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if err := w.noteOrphans(t.Context(), transfer.Try{}); err != nil || !strings.HasPrefix(w.found(t).NotListed, "the enumeration could not be read to its end: its ") {
			t.Errorf("%s: %v, %+v", name, err, w.found(t))
		}
	}
}

// TestWhatTheMessageSaysOfOrphans is what the status says.
func TestWhatTheMessageSaysOfOrphans(t *testing.T) {
	account := evidence.Account{SecondSource: &evidence.SecondSource{NotInAccount: 1}, Orphans: &evidence.OrphanAccount{Listed: 3}}
	says := func() string {
		return differences(v1alpha1.RecordingExportStatus{Seal: &v1alpha1.SealStatus{SecondSource: secondStatus(account)}})
	}
	const second = "; the second source lists 1 recording that the account does not have: see second-source.csv in the seals"
	if got, want := says(), second+"; 3 recordings are attached to no conversation: see orphans.csv in the seals"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	account.SecondSource.NotInAccount, account.Orphans.Listed = 0, 1
	account.Orphans.NotListed = &evidence.OrphansNotListed{Why: "no permission"}
	if got, want := says(), "; 1 recording is attached to no conversation: see orphans.csv in the seals; orphaned recordings were not listed: no permission"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	account.Orphans = nil
	if got := says(); got != "" {
		t.Errorf("%q", got)
	}
	account.SecondSource = nil
	if secondStatus(account) != nil {
		t.Error("the status tells of a second source that was not asked for")
	}
}
