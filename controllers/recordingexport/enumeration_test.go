package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// shelf answers with so many pages of one recording each, and notes which it was
// asked for.
type shelf struct {
	pages int
	// refuses is a page that is refused once, circles one that names the first as its next, once.
	refuses, circles int
	// fails is a page that fails once.
	fails int

	mu    sync.Mutex
	asked []int
}

func (s *shelf) Retained(_ context.Context, _ int, cursor string) (genesys.RetainedPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	if cursor != "" {
		n, _ = strconv.Atoi(cursor)
	}
	s.asked = append(s.asked, n)
	page := genesys.RetainedPage{Recordings: []genesys.Retained{{RecordingRef: genesys.RecordingRef{ConversationID: id(n), RecordingID: id(n)}, Created: first}}}
	switch {
	case n > 0 && n == s.refuses:
		s.refuses = 0
		return genesys.RetainedPage{}, &genesys.Error{Op: "enumerate", Kind: genesys.KindInvalid}
	case n > 0 && n == s.fails:
		s.fails = 0
		return genesys.RetainedPage{}, &genesys.Error{Op: "enumerate", Kind: genesys.KindTransient}
	case n > 0 && n == s.circles:
		s.circles = 0
		page.Next = "1"
	case n+1 < s.pages:
		page.Next = strconv.Itoa(n + 1)
	}
	return page, nil
}

func (s *shelf) Orphans(context.Context, int) (genesys.OrphanPage, error) {
	return genesys.OrphanPage{}, errors.New("nobody asks for them")
}

// newEnumeration is one at noon of the first day, in an archive of its own.
func newEnumeration(t *testing.T, s *shelf) (*enumeration, *clocktesting.FakeClock) {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), artifacts.SharedArchive)
	if err != nil {
		t.Fatal(err)
	}
	now := clocktesting.NewFakeClock(first.Add(12 * time.Hour))
	return &enumeration{
		enumerable: retained, shared: store, cloud: s, process: process{now, "m"},
		organization: id(7), turn: make(chan struct{}, 1),
	}, now
}

// expect completes the enumeration, and expects so many pages and these requests.
func (e *enumeration) expect(t *testing.T, pages int, asked ...int) enumerationRun {
	t.Helper()
	begun, err := e.complete(t.Context())
	if err != nil || begun.pages != pages {
		t.Fatalf("%d pages, %v; want %d", begun.pages, err, pages)
	}
	if got := e.cloud.(*shelf).asked; !slices.Equal(got, asked) {
		t.Errorf("asked for the pages %v, want %v", got, asked)
	}
	work := compareWork{enumeration: *e}
	n := 0
	for r, err := range work.recordings(t.Context(), begun) {
		if err != nil || r.RecordingID != id(n) {
			t.Errorf("recording %d is %+v, %v", n, r, err)
		}
		n++
	}
	if n != pages {
		t.Errorf("%d recordings are read, want %d", n, pages)
	}
	return begun
}

func TestAnEnumerationIsMadeOnceADay(t *testing.T) {
	e, now := newEnumeration(t, &shelf{pages: 3})
	begun := e.expect(t, 3, 0, 1, 2)
	if !begun.At.Equal(now.Now()) {
		t.Errorf("begun at %v, want %v", begun.At, now.Now())
	}
	now.Step(time.Hour)
	e.expect(t, 3, 0, 1, 2)
	now.Step(12 * time.Hour)
	if again := e.expect(t, 3, 0, 1, 2, 0, 1, 2); !again.At.Equal(now.Now()) {
		t.Errorf("begun at %v, want %v", again.At, now.Now())
	}
}

// TestAnEnumerationContinues from its last page, even if its day is over.
func TestAnEnumerationContinues(t *testing.T) {
	for _, later := range []time.Duration{0, 13 * time.Hour} {
		e, now := newEnumeration(t, &shelf{pages: 4, fails: 2})
		begun := now.Now()
		if _, err := e.complete(t.Context()); genesys.KindOf(err) != genesys.KindTransient {
			t.Fatalf("complete: %v", err)
		}
		now.Step(later)
		if got := e.expect(t, 4, 0, 1, 2, 2, 3); !got.At.Equal(begun) {
			t.Errorf("begun at %v, want %v", got.At, begun)
		}
	}
}

func TestAnEnumerationThatCannotContinueIsStartedAgain(t *testing.T) {
	for name, s := range map[string]*shelf{"refused": {pages: 4, refuses: 2}, "circle": {pages: 4, circles: 2}} {
		e, _ := newEnumeration(t, s)
		if _, err := e.complete(t.Context()); genesys.KindOf(err) != genesys.KindTransient {
			t.Fatalf("%s: complete: %v", name, err)
		}
		e.expect(t, 4, 0, 1, 2, 0, 1, 2, 3)
	}
}

// TestTwoShareAnEnumeration: whichever comes first asks, and the other reads.
func TestTwoShareAnEnumeration(t *testing.T) {
	s := &shelf{pages: 20}
	e, _ := newEnumeration(t, s)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if _, err := e.complete(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if len(s.asked) != 20 {
		t.Errorf("%d pages were asked for, want 20: %v", len(s.asked), s.asked)
	}
}

func TestWaitingForATurnEndsWithItsContext(t *testing.T) {
	e, _ := newEnumeration(t, &shelf{pages: 1})
	e.turn <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.complete(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("complete: %v", err)
	}
}

// TestAPageIsFollowedByARest of as long as it took, within bounds.
func TestAPageIsFollowedByARest(t *testing.T) {
	s := &shelf{pages: 2}
	e, now := newEnumeration(t, s)
	slow := &slowShelf{s, now, time.Minute}
	e.cloud = slow
	ended := make(chan error, 1)
	go func() {
		_, err := e.complete(t.Context())
		ended <- err
	}()
	for !now.HasWaiters() {
		select {
		case err := <-ended:
			t.Fatalf("it did not rest: %v", err)
		default:
		}
	}
	now.Step(longestPause)
	if err := <-ended; err != nil || len(s.asked) != 2 {
		t.Errorf("asked for %v, %v", s.asked, err)
	}
}

// slowShelf takes its time.
type slowShelf struct {
	*shelf
	now  *clocktesting.FakeClock
	took time.Duration
}

func (s *slowShelf) Retained(ctx context.Context, days int, cursor string) (genesys.RetainedPage, error) {
	s.now.Step(s.took)
	return s.shelf.Retained(ctx, days, cursor)
}

func TestOldEnumerationsAreRemoved(t *testing.T) {
	e, now := newEnumeration(t, &shelf{pages: 1})
	var there []string
	for range 6 {
		if _, err := e.complete(t.Context()); err != nil {
			t.Fatal(err)
		}
		now.Step(day)
	}
	for n := range 6 {
		at := first.AddDate(0, 0, n)
		if ok, err := artifacts.Exists(t.Context(), e.shared, artifacts.PageKey(artifacts.DayFolder(artifacts.EnumerationFolder(id(7)), at), 0, 0)); err != nil {
			t.Fatal(err)
		} else if ok {
			there = append(there, fmt.Sprint(n))
		}
	}
	if want := []string{"2", "3", "4", "5"}; !slices.Equal(there, want) {
		t.Errorf("the enumerations of the days %v are there, want %v", there, want)
	}
}

// TestAnEnumerationThatAnotherFoundBroken is not taken for a whole one by a
// process that has reached its end meanwhile.
func TestAnEnumerationThatAnotherFoundBroken(t *testing.T) {
	e, _ := newEnumeration(t, &shelf{pages: 2})
	begun := e.expect(t, 2, 0, 1)
	if err := e.shared.Remove(t.Context(), artifacts.EndKey(begun.folder, begun.number)); err != nil {
		t.Fatal(err)
	}
	other := artifacts.EnumerationEnd{Stamp: e.stamp(), Pages: 1, Broken: "it was refused"}
	if _, err := artifacts.Put(t.Context(), e.shared, artifacts.EndKey(begun.folder, begun.number), other); err != nil {
		t.Fatal(err)
	}
	_, err := e.endListing(t.Context(), begun, artifacts.EnumerationEnd{Pages: 2})
	if genesys.KindOf(err) != genesys.KindTransient {
		t.Fatalf("end: %v, want that it is started again", err)
	}
	if again := e.expect(t, 2, 0, 1, 0, 1); again.number == begun.number {
		t.Error("the broken enumeration is used")
	}
}

// TestAnEnumerationThatDoesNotEnd is broken, whatever its cursors are.
func TestAnEnumerationThatDoesNotEnd(t *testing.T) {
	page := func(next int, ids ...int) genesys.RetainedPage {
		p := genesys.RetainedPage{Next: strconv.Itoa(next)}
		for _, n := range ids {
			p.Recordings = append(p.Recordings, genesys.Retained{RecordingRef: genesys.RecordingRef{ConversationID: id(n), RecordingID: id(n)}})
		}
		return p
	}
	many := func(from int) (ids []int) {
		for n := range 500 {
			ids = append(ids, from+n)
		}
		return ids
	}
	tests := map[string]struct {
		page  func(n int) genesys.RetainedPage
		pages int
		says  string
	}{
		"empty pages":          {func(n int) genesys.RetainedPage { return page(n + 1) }, 20, "its last 20 pages list nothing new"},
		"the same page":        {func(n int) genesys.RetainedPage { return page(n+1, 1, 2) }, 21, "nothing new"},
		"the same, in turn":    {func(n int) genesys.RetainedPage { return page(n+1, n%7) }, 27, "nothing new"},
		"the same, shifted":    {func(n int) genesys.RetainedPage { return page(n+1, many((37*n)%1000)...) }, 0, "nothing new"},
		"a circle":             {func(n int) genesys.RetainedPage { return page((n+1)%5, n) }, 5, "repeat"},
		"more than there are":  {func(n int) genesys.RetainedPage { return page(n+1, n) }, 1000, "more than 1000 pages"},
		"empty pages, and end": {func(n int) genesys.RetainedPage { return map[bool]genesys.RetainedPage{true: page(n + 1)}[n < 19] }, 20, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCycleDetector()
			c.most = 1000
			pages, why := 0, ""
			for cursor := 0; why == ""; pages++ {
				p := tt.page(cursor)
				if why = c.addPage(strconv.Itoa(cursor), artifacts.Enumerated{Page: p}); p.Next == "" {
					pages++
					break
				}
				cursor, _ = strconv.Atoi(p.Next)
			}
			if (why == "") != (tt.says == "") || !strings.Contains(why, tt.says) || tt.pages > 0 && pages != tt.pages {
				t.Errorf("%q after %d pages, want %q after %d", why, pages, tt.says, tt.pages)
			}
		})
	}
}

// TestALongEnumeration is not taken for one that does not end.
func TestALongEnumeration(t *testing.T) {
	c := newCycleDetector()
	for n := range 2000 {
		page := genesys.RetainedPage{Next: strconv.Itoa(n + 1)}
		for i := range 100 {
			page.Recordings = append(page.Recordings, genesys.Retained{RecordingRef: genesys.RecordingRef{RecordingID: id(100*n + i)}})
		}
		if why := c.addPage(strconv.Itoa(n), artifacts.Enumerated{Page: page}); why != "" {
			t.Fatalf("page %d: %s", n, why)
		}
	}
	if len(c.listed) > 2*200_000/sampleShare {
		t.Errorf("%d of 200000 recordings are remembered", len(c.listed))
	}
}

// TestEnumerationsThatBreakAgainAndAgain: after three a person is told, after an hour
// or on a retry request there are others, and one that somebody else has begun is
// continued.
func TestEnumerationsThatBreakAgainAndAgain(t *testing.T) {
	s := &shelf{pages: 4}
	e, now := newEnumeration(t, s)
	e.retryCommand = "kubectl annotate"
	expectBroken := func(exhausted bool) {
		t.Helper()
		s.refuses = 2
		_, err := e.complete(t.Context())
		var got *exhaustedError
		if err == nil || errors.As(err, &got) != exhausted {
			t.Fatalf("complete: %v, want that no other is begun: %t", err, exhausted)
		}
		if exhausted && got.reason != v1alpha1.ReasonComparisonFailed {
			t.Errorf("complete: reason %s", got.reason)
		}
		if exhausted && (!strings.Contains(err.Error(), "its cursor is refused") || !strings.Contains(err.Error(), e.retryCommand)) {
			t.Errorf("complete: %v", err)
		}
	}
	series := func() {
		t.Helper()
		for range seriesLength {
			expectBroken(false)
		}
		expectBroken(true)
	}
	series()
	now.Step(seriesPause)
	series()
	e.request = "now"
	series()
	other := *e
	other.request = "also now"
	s.refuses, s.fails = 0, 3
	if _, err := other.complete(t.Context()); genesys.KindOf(err) != genesys.KindTransient {
		t.Fatalf("complete: %v", err)
	}
	if _, err := e.complete(t.Context()); err != nil {
		t.Errorf("one that another has begun is not continued: %v", err)
	}
}
