package budget

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// The lanes of the tests, with the weights of the real ones.
var (
	standard   = genesys.Share{Export: "legal/a", Lane: "Standard", Weight: 4}
	hold       = genesys.Share{Export: "legal/a", Lane: "LegalHold", Weight: 2}
	holdScreen = genesys.Share{Export: "legal/a", Lane: "LegalHoldScreen", Weight: 1}
	survey     = genesys.Share{Export: "legal/a", Lane: "Survey", Weight: 2}
)

func of(share genesys.Share, export string) genesys.Share {
	share.Export = export
	return share
}

// order joins one caller for each share and tells in which order they are served.
func order(shares ...genesys.Share) string {
	var q queue
	for _, share := range shares {
		q.join(newCaller(share))
	}
	var names []string
	for c := q.next(); c != nil; c = q.next() {
		names = append(names, c.share.Lane[:1]+strings.TrimPrefix(c.share.Export, "legal/"))
	}
	return strings.Join(names, " ")
}

func TestOrder(t *testing.T) {
	b, c := of(standard, "legal/b"), of(standard, "legal/c")
	tests := map[string]struct {
		shares []genesys.Share
		want   string
	}{
		"one lane, as they come":              {[]genesys.Share{standard, standard}, "Sa Sa"},
		"exports in turn":                     {[]genesys.Share{standard, standard, standard, b, c, b}, "Sa Sb Sc Sa Sb Sa"},
		"lanes by weight":                     {[]genesys.Share{hold, hold, hold, standard, standard, standard, standard}, "La Sa Sa La Sa Sa La"},
		"exports weigh no more for their kin": {[]genesys.Share{b, c, b, c, hold, hold}, "La Sb Sc La Sb Sc"},
	}
	for name, tt := range tests {
		if got := order(tt.shares...); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// TestALaneThatWasIdleSavesNothingUp, nor does one that has just been served lose its share.
func TestALaneThatWasIdleSavesNothingUp(t *testing.T) {
	var q queue
	for range 100 {
		q.join(newCaller(standard))
		q.next()
	}
	got := map[string]int{}
	q.join(newCaller(holdScreen))
	for range 8 {
		q.join(newCaller(standard))
	}
	for range 50 { // each asks again whenever it was served
		served := q.next().share
		got[served.Lane]++
		q.join(newCaller(served))
	}
	if n := got["LegalHoldScreen"]; n < 10 || n > 11 {
		t.Errorf("served %v, want a fifth for the hold lane", got)
	}
}

// TestNobodyIsLostOrStarves: whoever joins is served once, unless it withdraws, in its
// export's order, and before its lane has waited longer than the weights allow.
func TestNobodyIsLostOrStarves(t *testing.T) {
	lanes := []genesys.Share{standard, hold, holdScreen, survey}
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var there []*caller
		waited := map[string]int{} // turns of others while somebody of the lane waited
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1, 2:
				share := rapid.SampledFrom(lanes).Draw(t, "lane")
				c := newCaller(of(share, fmt.Sprint("legal/", rapid.IntRange(0, 2).Draw(t, "export"))))
				q.join(c)
				there = append(there, c)
			case 3:
				if len(there) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(there)-1).Draw(t, "who")
				if !q.withdraw(there[i]) || q.withdraw(there[i]) {
					t.Fatal("a caller that waits could not withdraw once")
				}
				there = slices.Delete(there, i, i+1)
			default:
				c := q.next()
				if (c == nil) != (len(there) == 0) {
					t.Fatalf("served %v while %d waited", c, len(there))
				}
				if c == nil {
					continue
				}
				i := slices.IndexFunc(there, func(other *caller) bool { return other.share == c.share })
				if i < 0 || there[i] != c {
					t.Fatalf("%v was served out of its turn", c.share)
				}
				there = slices.Delete(there, i, i+1)
				for _, share := range lanes {
					waits := slices.ContainsFunc(there, func(c *caller) bool { return c.share.Lane == share.Lane })
					waited[share.Lane]++
					if share.Lane == c.share.Lane || !waits {
						waited[share.Lane] = 0
					}
					// All weights make up 9; a turn more for each lane that is due as well.
					if most := int(math.Ceil(9/float64(share.Weight))) + len(lanes); waited[share.Lane] > most {
						t.Fatalf("%s waited for %d turns of others", share.Lane, waited[share.Lane])
					}
				}
			}
			if q.waiting != len(there) {
				t.Fatalf("%d wait, want %d", q.waiting, len(there))
			}
		}
	})
}

// ask has workers send requests through l until ctx ends, and returns how many went.
func ask(ctx context.Context, l *Limiter, s *server, share genesys.Share, workers int) func() int {
	var all sync.WaitGroup
	var mu sync.Mutex
	sent := 0
	for range workers {
		all.Go(func() {
			for send(ctx, l, share, s, even(fixed(50*time.Millisecond))) {
				mu.Lock()
				sent++
				mu.Unlock()
			}
		})
	}
	return func() int { all.Wait(); return sent }
}

// TestShares: whoever floods the budget, each lane gets its share of it, and
// what a lane does not use goes to the others.
func TestShares(t *testing.T) {
	type class struct {
		genesys.Share
		workers int
		want    float64 // of the budget
	}
	tests := map[string][]class{
		"all lanes":              {{standard, 8, 4. / 9}, {hold, 8, 2. / 9}, {survey, 8, 2. / 9}, {holdScreen, 8, 1. / 9}},
		"a flood in a hold lane": {{standard, 4, 4. / 5}, {holdScreen, 500, 1. / 5}},
		"a lane that is idle":    {{standard, 0, 0}, {hold, 8, 2. / 3}, {holdScreen, 8, 1. / 3}},
		"one lane alone":         {{holdScreen, 8, 1}},
		"a large export": {
			{of(standard, "legal/large"), 500, 1. / 3}, {of(standard, "legal/small"), 4, 1. / 3}, {of(standard, "audit/small"), 4, 1. / 3},
		},
		"many exports of a lane": {
			{of(hold, "legal/a"), 50, 1. / 9}, {of(hold, "legal/b"), 50, 1. / 9}, {of(hold, "legal/c"), 50, 1. / 9}, {standard, 8, 2. / 3},
		},
	}
	for name, classes := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &server{allowed: 300, aligned: true, phase: 20 * time.Second}
				l := NewLimiter(300)
				ctx, cancel := context.WithTimeout(t.Context(), tenMinutes)
				defer cancel()
				sent := make([]func() int, len(classes))
				for i, c := range classes {
					sent[i] = ask(ctx, l, s, c.Share, c.workers)
				}
				counts := make([]int, len(classes))
				for i := range classes {
					counts[i] = sent[i]()
				}
				for i, c := range classes {
					got := float64(counts[i]) / float64(s.accepted)
					if math.Abs(got-c.want) > 0.03 {
						t.Errorf("%v got %.1f %% of the budget, want %.1f %%", c.Share, 100*got, 100*c.want)
					}
				}
				if s.refused > 0 || s.accepted < 10*300*95/100 {
					t.Errorf("%d requests in ten minutes of 300, %d refused", s.accepted, s.refused)
				}
			})
		})
	}
}

// TestAStalledLaneHoldsNobodyUp: requests of a lane that never end cost the others nothing.
func TestAStalledLaneHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{allowed: 300}
		l := NewLimiter(300)
		mustWait(t, l).Observe(Headers{})
		ctx, cancel := context.WithTimeout(t.Context(), tenMinutes)
		defer cancel()
		for range 100 {
			go send(ctx, l, holdScreen, s, path{fixed(time.Millisecond), fixed(time.Hour)})
		}
		sent := ask(ctx, l, s, standard, 8)
		if got := sent(); got < 10*300*90/100 {
			t.Errorf("%d requests in ten minutes of 300 beside a lane without progress", got)
		}
	})
}
