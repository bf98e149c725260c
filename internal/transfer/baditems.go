package transfer

import (
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// IsolationCriteria say when an item that keeps failing, such as a conversation whose
// metadata times out, is bad itself, and not the service (docs/adr/0022).
type IsolationCriteria struct {
	// Failures is how often the item must have failed. The number is doubled while
	// items that fail mostly succeed when they are retried: then items fail by chance.
	Failures int
	// MinInterval is the shortest time between two failures that both count: failures that
	// are closer together have the same cause.
	MinInterval time.Duration
	// Lookback is how long before the item's first failure other items may have succeeded
	// for their success to show that the service works.
	Lookback time.Duration
}

// DefaultIsolationCriteria are what the manager uses.
func DefaultIsolationCriteria() IsolationCriteria {
	return IsolationCriteria{Failures: 3, MinInterval: time.Second, Lookback: time.Minute}
}

// resultsKept is how many of the last items decide whether the service works.
const resultsKept = 64

// longestRetryAfter is the longest Retry-After of an item that was refused for now (429).
// An item with a longer one is bad at once: others must not wait for it.
const longestRetryAfter = 10 * time.Second

// forgetAfter is how long after an item's last failure its failures are forgotten.
const forgetAfter = 2 * time.Hour

// maxFailing is for how many items failures are counted. If there are more, the one that
// failed longest ago is forgotten: its failures then count from zero.
const maxFailing = 10_000

// itemHistory remembers the results of the last items. The zero value is ready for use.
type itemHistory struct {
	// latest are the results of the last items, one for each item, the newest last.
	latest []result
	// failing are the items whose last result was a failure.
	failing map[string]*failures
}

// result is the most recent result of a request for an item.
type result struct {
	item string
	at   time.Time
	// failed reports whether the request failed, recovered whether it succeeded after
	// the one before had failed.
	failed, recovered bool
}

// failures counts the failures of an item since it last succeeded.
type failures struct {
	count       int
	first, last time.Time
}

// record adds the result of a request for an item. It ignores errors that are not about
// the item, such as throttling.
func (h *itemHistory) record(item string, err error, now time.Time, c IsolationCriteria) {
	switch {
	case err == nil:
		_, before := h.failing[item]
		delete(h.failing, item)
		h.rememberResult(result{item: item, at: now, recovered: before})
	case genesys.AboutItem(err):
		h.countFailure(item, now, c)
		if genesys.KindOf(err) == genesys.KindOverloaded && genesys.RetryAfterOf(err) > longestRetryAfter {
			h.failing[item].count = max(h.failing[item].count, c.Failures)
		}
		h.rememberResult(result{item: item, at: now, failed: true})
	}
}

func (h *itemHistory) countFailure(item string, now time.Time, c IsolationCriteria) {
	f := h.failing[item]
	if f == nil {
		f = &failures{first: now}
		if h.failing == nil {
			h.failing = map[string]*failures{}
		}
		h.forgetOldest(now)
		h.failing[item] = f
	}
	if f.count == 0 || now.Sub(f.last) >= c.MinInterval {
		f.count++
		f.last = now
	}
}

// forgetOldest forgets items that have not failed for a long time, and one more if there
// are too many.
func (h *itemHistory) forgetOldest(now time.Time) {
	for item, f := range h.failing {
		if now.Sub(f.last) > forgetAfter {
			delete(h.failing, item)
		}
	}
	if len(h.failing) < maxFailing {
		return
	}
	oldest := ""
	for item, f := range h.failing {
		if oldest == "" || f.last.Before(h.failing[oldest].last) {
			oldest = item
		}
	}
	delete(h.failing, oldest)
}

func (h *itemHistory) rememberResult(e result) {
	h.latest = slices.DeleteFunc(h.latest, func(other result) bool { return other.item == e.item })
	h.latest = append(h.latest, e)
	if len(h.latest) > resultsKept {
		h.latest = slices.Delete(h.latest, 0, 1)
	}
}

// isBad reports whether the item is bad itself: it may be, and has failed often enough.
func (h *itemHistory) isBad(item string, c IsolationCriteria) bool {
	bad, byChance := h.mayBeBad(item, c)
	enough := c.Failures
	if byChance {
		enough *= 2
	}
	return bad && h.failing[item].count >= enough
}

// mayBeBad reports whether an item has failed while at least as many others succeeded as
// failed: if most items fail, the service is bad, and no item is. byChance tells that
// other items that failed mostly succeeded when they were retried.
func (h *itemHistory) mayBeBad(item string, c IsolationCriteria) (bad, byChance bool) {
	f := h.failing[item]
	if f == nil {
		return false, false
	}
	var well, badly, recovered int
	for _, e := range h.latest {
		switch {
		case e.item == item || e.at.Before(f.first.Add(-c.Lookback)):
		case e.failed:
			badly++
		default:
			well++
			if e.recovered {
				recovered++
			}
		}
	}
	return well > 0 && well >= badly, recovered > 0 && recovered >= badly
}
