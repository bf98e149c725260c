package transfer

import (
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Criteria say when an item that keeps failing, such as a conversation whose
// metadata times out, is taken to be bad itself, rather than the service that it
// is asked of (docs/adr/0022).
type Criteria struct {
	// Failures is how often the item must have failed. It is twice as often while
	// items that fail mostly succeed when they are retried: then failing is a matter
	// of chance.
	Failures int
	// Apart is the shortest time between two failures that count: failures that
	// are closer together tell of the same trouble.
	Apart time.Duration
	// Before is how long before the item's first failure the success of others
	// still tells that the service works.
	Before time.Duration
}

// DefaultCriteria are what the manager uses.
func DefaultCriteria() Criteria {
	return Criteria{Failures: 3, Apart: time.Second, Before: time.Minute}
}

// remembered is how many of the last items decide whether the service works.
const remembered = 64

// tooLong is how long an item may want to be left alone (429 with Retry-After)
// without being taken to be bad at once: others must not wait for it that long.
const tooLong = 10 * time.Second

// forgotten is when the failures of an item are forgotten if it is not asked for
// any more.
const forgotten = 2 * time.Hour

// mostFailing is how many items are remembered that fail. Of more, the one that was asked
// for longest ago is forgotten: its failures count from the beginning again.
const mostFailing = 10_000

// record remembers how asking for items ended. The zero value is ready for use.
type record struct {
	// latest are the last items that were asked for, each once, the newest last.
	latest []ending
	// failing are the items whose last answer was a failure.
	failing map[string]*failures
}

// ending is how asking for an item ended most recently.
type ending struct {
	item string
	at   time.Time
	// failed tells whether it failed, recovered whether it did before.
	failed, recovered bool
}

// failures counts the failures of an item since it last succeeded.
type failures struct {
	count       int
	first, last time.Time
}

// enter takes in how asking for an item has ended. Errors that are not about the
// item, such as throttling, say nothing.
func (r *record) enter(item string, err error, now time.Time, c Criteria) {
	switch {
	case err == nil:
		_, before := r.failing[item]
		delete(r.failing, item)
		r.remember(ending{item: item, at: now, recovered: before})
	case AboutItem(err):
		r.fail(item, now, c)
		if genesys.KindOf(err) == genesys.KindOverloaded && genesys.RetryAfterOf(err) > tooLong {
			r.failing[item].count = max(r.failing[item].count, c.Failures)
		}
		r.remember(ending{item: item, at: now, failed: true})
	}
}

func (r *record) fail(item string, now time.Time, c Criteria) {
	f := r.failing[item]
	if f == nil {
		f = &failures{first: now}
		if r.failing == nil {
			r.failing = map[string]*failures{}
		}
		r.forget(now)
		r.failing[item] = f
	}
	if f.count == 0 || now.Sub(f.last) >= c.Apart {
		f.count++
		f.last = now
	}
}

// forget drops items that nobody has asked for in a long time, and makes room for one more.
func (r *record) forget(now time.Time) {
	for item, f := range r.failing {
		if now.Sub(f.last) > forgotten {
			delete(r.failing, item)
		}
	}
	if len(r.failing) < mostFailing {
		return
	}
	oldest := ""
	for item, f := range r.failing {
		if oldest == "" || f.last.Before(r.failing[oldest].last) {
			oldest = item
		}
	}
	delete(r.failing, oldest)
}

func (r *record) remember(e ending) {
	r.latest = slices.DeleteFunc(r.latest, func(other ending) bool { return other.item == e.item })
	r.latest = append(r.latest, e)
	if len(r.latest) > remembered {
		r.latest = slices.Delete(r.latest, 0, 1)
	}
}

// blames tells whether it is the item that is bad: it is suspected, and has failed
// often enough.
func (r *record) blames(item string, c Criteria) bool {
	suspected, chance := r.suspects(item, c)
	enough := c.Failures
	if chance {
		enough *= 2
	}
	return suspected && r.failing[item].count >= enough
}

// suspects tells whether an item has failed while at least as many others succeeded
// as failed: if most fail, it is the service that is bad, and no item is. By chance it
// has failed if others that did mostly succeed when they are retried.
func (r *record) suspects(item string, c Criteria) (suspected, chance bool) {
	f := r.failing[item]
	if f == nil {
		return false, false
	}
	var well, badly, recovered int
	for _, e := range r.latest {
		switch {
		case e.item == item || e.at.Before(f.first.Add(-c.Before)):
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

// AboutItem tells whether an error may be about the one thing that was asked
// for: with other things the same call may succeed. Being throttled, without
// credentials or cancelled is about the caller.
func AboutItem(err error) bool {
	switch genesys.KindOf(err) {
	case genesys.KindTimeout, genesys.KindTransient, genesys.KindMalformed, genesys.KindOverloaded,
		genesys.KindNotFound, genesys.KindInvalid, genesys.KindForbidden:
		return true
	default:
		return false
	}
}
