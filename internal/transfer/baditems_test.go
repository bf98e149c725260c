package transfer

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

var errItem = &genesys.Error{Op: "ask", Kind: genesys.KindTimeout}

// asked is how one item is answered at each of its attempts, a second apart: "x"
// fails, "." succeeds. After its last answer it is not asked for any more.
func asked(r *itemHistory, c IsolationCriteria, items map[string]string) {
	now := time.Unix(0, 0)
	for attempt := range 10 {
		for n := range 100 {
			answers, exists := items[fmt.Sprint(n)]
			if !exists || attempt >= len(answers) {
				continue
			}
			var err error
			if answers[attempt] == 'x' {
				err = errItem
			}
			r.record(fmt.Sprint(n), err, now, c)
			now = now.Add(10 * time.Millisecond)
		}
		now = now.Add(time.Second)
	}
}

// of makes items that are answered alike, with numbers from first.
func of(items map[string]string, first, n int, answers string) map[string]string {
	if items == nil {
		items = map[string]string{}
	}
	for i := range n {
		items[fmt.Sprint(first+i)] = answers
	}
	return items
}

// TestBadItemsAreToldFromABadService: item 0 is to be judged.
func TestBadItemsAreToldFromABadService(t *testing.T) {
	tests := map[string]struct {
		items map[string]string
		bad   bool
	}{
		"it fails three times among many":         {of(of(nil, 0, 1, "xxx"), 1, 58, "."), true},
		"it fails twice":                          {of(of(nil, 0, 1, "xx"), 1, 58, "."), false},
		"it succeeds after all":                   {of(of(nil, 0, 1, "xxx."), 1, 58, "."), false},
		"one of twenty that fail, forty do not":   {of(of(nil, 0, 20, "xxx"), 20, 40, "."), true},
		"as many fail as succeed":                 {of(of(nil, 0, 31, "xxx"), 31, 30, "."), true},
		"most fail":                               {of(of(nil, 0, 40, "xxxxxxxx"), 40, 20, "."), false},
		"everything fails":                        {of(nil, 0, 60, "xxxxxxxx"), false},
		"nothing else is asked for":               {of(nil, 0, 1, "xxxxxxxx"), false},
		"a storm in which retries succeed":        {of(of(of(nil, 0, 1, "xxx"), 1, 30, "."), 31, 20, "x."), false},
		"a storm, and it fails beyond all chance": {of(of(of(nil, 0, 1, "xxxxxx"), 1, 30, "."), 31, 20, "x."), true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var r itemHistory
			asked(&r, DefaultIsolationCriteria(), tt.items)
			if got := r.isBad("0", DefaultIsolationCriteria()); got != tt.bad {
				t.Errorf("blamed: %v, want %v", got, tt.bad)
			}
		})
	}
}

// TestFailuresThatCount are some time apart, and about the item.
func TestFailuresThatCount(t *testing.T) {
	c, now := DefaultIsolationCriteria(), time.Unix(0, 0)
	tests := map[string]struct {
		apart time.Duration
		err   error
		bad   bool
	}{
		"at once":                {time.Millisecond, errItem, false},
		"some time apart":        {2 * time.Second, errItem, true},
		"throttled":              {2 * time.Second, &genesys.Error{Kind: genesys.KindThrottled}, false},
		"without credentials":    {2 * time.Second, &genesys.Error{Kind: genesys.KindUnauthorized}, false},
		"not to do with Genesys": {2 * time.Second, errors.New("disk"), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var r itemHistory
			for n := range 5 {
				r.record("item", tt.err, now.Add(time.Duration(n)*tt.apart), c)
				r.record(fmt.Sprint(n), nil, now.Add(time.Duration(n)*tt.apart), c)
			}
			if got := r.isBad("item", c); got != tt.bad {
				t.Errorf("blamed: %v, want %v", got, tt.bad)
			}
		})
	}
}

// TestSuccessLongAgo says nothing about the service now.
func TestSuccessLongAgo(t *testing.T) {
	var r itemHistory
	c, now := DefaultIsolationCriteria(), time.Unix(0, 0)
	for n := range 50 {
		r.record(fmt.Sprint(n), nil, now, c)
	}
	for n := range 5 {
		r.record("item", errItem, now.Add(time.Hour+time.Duration(n)*time.Minute), c)
	}
	if r.isBad("item", c) {
		t.Error("an item is blamed although nothing has succeeded in an hour")
	}
	r.record("another", nil, now.Add(70*time.Minute), c)
	if !r.isBad("item", c) {
		t.Error("an item is not blamed although another succeeded meanwhile")
	}
}

// TestRecordsAreBounded: neither items that succeed nor items that fail pile up.
func TestRecordsAreBounded(t *testing.T) {
	var r itemHistory
	now := time.Unix(0, 0)
	for n := range 10_000 {
		now = now.Add(time.Second)
		r.record(fmt.Sprint(n), nil, now, DefaultIsolationCriteria())
		r.record(fmt.Sprint("x", n), errItem, now, DefaultIsolationCriteria())
	}
	if len(r.latest) > resultsKept || len(r.failing) > int(forgetAfter/time.Second)+1 {
		t.Errorf("%d and %d items are remembered", len(r.latest), len(r.failing))
	}
}

// TestRetryDeadline: only the waits between failures of what is asked for use it up, the
// last attempt comes when it is used up, and never before a few have failed.
func TestRetryDeadline(t *testing.T) {
	tests := map[string]struct {
		waitLimit WaitLimit
		// errs are the answers to the attempts, the last one for all others.
		errs []error
		// last is the attempt (from 1) that is told to be the last, after so long.
		last   int
		waited time.Duration
	}{
		"used up by waiting":              {WaitLimit{Total: 20 * time.Second}, []error{errItem}, 6, 20 * time.Second},
		"partly used up by another":       {WaitLimit{Total: 20 * time.Second, Used: 15 * time.Second}, []error{errItem}, 4, 5 * time.Second},
		"used up by another, tried again": {WaitLimit{Total: 20 * time.Second, Used: 20 * time.Second}, []error{errItem}, 3, 3 * time.Second},
		"throttled meanwhile":             {WaitLimit{Total: 3 * time.Second}, []error{errEarly, errEarly, errItem}, 5, 5 * time.Second},
		"a person was waited for":         {WaitLimit{Total: 3 * time.Second}, []error{errNever, errNever, errItem}, 4, 6 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pool, begun, attempts := startPool(t, 1), time.Now(), 0
				pool.backoff = func(err error, attempt int) Pause {
					kind := genesys.KindOf(err)
					return Pause{Wait: time.Second << attempt, Counts: kind != genesys.KindThrottled, UsesDeadline: kind == genesys.KindTimeout}
				}
				last := 0
				work := func(_ context.Context, try Try) error {
					attempts++
					if try.Last {
						last = attempts
						return nil
					}
					return tt.errs[min(attempts, len(tt.errs))-1]
				}
				for last == 0 {
					state := pool.Do(Job{Key: "key", Owner: "a", Wake: func() {}, Work: work, WaitLimit: tt.waitLimit})
					synctest.Wait()
					<-time.After(state.After)
				}
				if last != tt.last || time.Since(begun) != tt.waited {
					t.Errorf("attempt %d after %v was the last, want %d after %v", last, time.Since(begun), tt.last, tt.waited)
				}
			})
		})
	}
}

// TestAPauseDoesNotUseUpTheDeadline: work that is cancelled and begun again, after however
// long, is tried a few times before its last attempt.
func TestAPauseDoesNotUseUpTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := startPool(t, 1)
		var lasts []bool
		work := func(_ context.Context, try Try) error { lasts = append(lasts, try.Last); return errItem }
		look := func() State {
			state := pool.Do(Job{Key: "key", Owner: "a", Wake: func() {}, Work: work, WaitLimit: WaitLimit{Total: 3 * time.Second}})
			synctest.Wait()
			return state
		}
		for range 2 {
			look()
			<-time.After(time.Second)
			look()
			<-time.After(2 * time.Second)
			if used := look().Used; used != 3*time.Second {
				t.Errorf("%v are used, want 3s", used)
			}
			pool.Cancel("")
			<-time.After(100 * time.Hour)
		}
		if got := fmt.Sprint(lasts); got != "[false false true false false true]" {
			t.Errorf("last attempts %s", got)
		}
		if state := look(); state.Exhausted {
			t.Errorf("%+v", state)
		}
	})
}

// TestAnItemThatWantsToBeLeftAlone for long is bad at once, if others succeed.
func TestAnItemThatWantsToBeLeftAlone(t *testing.T) {
	now := time.Unix(0, 0)
	for after, want := range map[time.Duration]bool{time.Second: false, time.Minute: true} {
		var r itemHistory
		r.record("other", nil, now, DefaultIsolationCriteria())
		r.record("item", &genesys.Error{Kind: genesys.KindOverloaded, RetryAfter: after}, now, DefaultIsolationCriteria())
		if got := r.isBad("item", DefaultIsolationCriteria()); got != want {
			t.Errorf("for %v: blamed %v", after, got)
		}
	}
}

// TestAGateIsBlocked when two items in a row are refused for a while, and no other does.
func TestAGateIsBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Gates
		blocked := func(at Gate) bool {
			permit, err := g.Acquire(t.Context(), at, 1)
			if err == nil {
				permit.Drop()
			}
			return genesys.KindOf(err) == genesys.KindThrottled && genesys.RetryAfterOf(err) > 0
		}
		at, other := Gate{"legal", "o", "LegalHold", "metadata"}, Gate{"legal", "o", "Standard", "metadata"}
		refused := &genesys.Error{Kind: genesys.KindOverloaded, RetryAfter: time.Minute}
		for _, step := range []struct {
			item    string
			err     error
			blocked bool
		}{{"a", refused, false}, {"a", refused, false}, {"b", nil, false}, {"a", refused, false}, {"c", errItem, false}, {"d", refused, true}} {
			g.Record(at, step.item, step.err)
			if blocked(at) != step.blocked || blocked(other) {
				t.Fatalf("after %+v: blocked %v, the other %v", step, blocked(at), blocked(other))
			}
		}
		if _, err := g.Acquire(t.Context(), at, 1); !errors.Is(err, ErrBlocked) {
			t.Errorf("the error is %v", err)
		}
		<-time.After(time.Minute)
		if blocked(at) {
			t.Error("it is still blocked after a minute")
		}
		if g.Record(at, "d", refused); blocked(at) {
			t.Error("one item alone blocks it again")
		}
	})
}

// TestWhatFailsIsForgotten: however many items fail, no more than a bound is remembered, and
// none that nobody asks for any more.
func TestWhatFailsIsForgotten(t *testing.T) {
	r, now := itemHistory{failing: map[string]*failures{}}, time.Unix(0, 0)
	for n := range maxFailing {
		r.failing[fmt.Sprint(n)] = &failures{count: 1, last: now.Add(time.Duration(n) * time.Millisecond)}
	}
	for n := range 10 {
		r.record(fmt.Sprint("more-", n), errItem, now.Add(time.Minute), DefaultIsolationCriteria())
	}
	if _, there := r.failing["9"]; there || len(r.failing) != maxFailing {
		t.Errorf("%d items are remembered, want %d without the oldest", len(r.failing), maxFailing)
	}
	r.record("last", errItem, now.Add(forgetAfter+time.Hour), DefaultIsolationCriteria())
	if len(r.failing) != 1 {
		t.Errorf("%d items are remembered after hours", len(r.failing))
	}
}
