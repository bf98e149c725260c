package receiver

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxTriggers bounds the triggers of which something is remembered.
const maxTriggers = 10_000

// rates bound the signed events of each trigger in this process. Unsigned requests do not
// use them up. The zero value is ready for use.
type rates struct {
	mu     sync.Mutex
	limits map[Name]*limit
	// swept is when unused limits were last forgotten.
	swept time.Time
}

type limit struct {
	bucket    *rate.Limiter
	perMinute int
	used      time.Time
}

// forgetAfter is when a limit that is not used has filled up, so that it need not be kept.
const forgetAfter = 2 * time.Minute

// allow reports whether a trigger may accept another event.
func (r *rates) allow(trigger Trigger, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.limits[trigger.Name]
	if known == nil || known.perMinute != trigger.EventsPerMinute {
		r.forgetUnused(now)
		if known == nil && len(r.limits) >= maxTriggers {
			return false
		}
		perSecond := rate.Limit(float64(trigger.EventsPerMinute) / time.Minute.Seconds())
		known = &limit{bucket: rate.NewLimiter(perSecond, trigger.EventsPerMinute), perMinute: trigger.EventsPerMinute}
		r.limits[trigger.Name] = known
	}
	known.used = now
	return known.bucket.AllowN(now, 1)
}

// forgetUnused forgets limits that have filled up, at most once in a while: it looks at all.
func (r *rates) forgetUnused(now time.Time) {
	if r.limits == nil {
		r.limits = map[Name]*limit{}
	}
	if now.Sub(r.swept) < forgetAfter {
		return
	}
	r.swept = now
	for name, known := range r.limits {
		if now.Sub(known.used) > forgetAfter {
			delete(r.limits, name)
		}
	}
}

// Count is how many requests for a trigger had a result. The name is empty for requests that
// name no existing trigger.
type Count struct {
	Name
	Result string
	Count  int64
}

// counts count results. The zero value is ready for use.
type counts struct {
	mu       sync.Mutex
	triggers map[Name]map[string]int64
}

func (c *counts) add(name Name, result string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.triggers == nil {
		c.triggers = map[Name]map[string]int64{}
	}
	if c.triggers[name] == nil {
		if len(c.triggers) >= maxTriggers {
			name = Name{}
		}
		if c.triggers[name] == nil {
			c.triggers[name] = map[string]int64{}
		}
	}
	c.triggers[name][result]++
}

// Counts returns how many requests had which result since the process began.
func (h *Handler) Counts() (all []Count) {
	h.counts.mu.Lock()
	defer h.counts.mu.Unlock()
	for name, results := range h.counts.triggers {
		for result, count := range results {
			all = append(all, Count{name, result, count})
		}
	}
	return all
}
