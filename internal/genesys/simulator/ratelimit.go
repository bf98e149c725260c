package simulator

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// windowLength is how long requests count against the rate limit.
const windowLength = time.Minute

// Window is one minute of one rate budget. It begins with the first request
// after the former one has passed.
type Window struct {
	// ClientID is the OAuth client; with PerToken, each of its logins has windows
	// of its own.
	ClientID string `json:"clientId"`
	// Start is the time of the first request.
	Start time.Time `json:"start"`
	// Used is the number of requests let through, Refused that of those answered
	// 429 by the limit; faults do not show here.
	Used    int `json:"used"`
	Refused int `json:"refused"`
}

// limiter counts requests in fixed windows. Unverified: Genesys Cloud documents
// the limit, not where its windows begin, nor whether a refused request counts;
// here a window begins with its first request, and refused ones do not count.
type limiter struct {
	allowed int

	mu      sync.Mutex
	current map[string]*Window
	history []*Window
}

func newLimiter(allowed int) *limiter {
	return &limiter{allowed: allowed, current: map[string]*Window{}}
}

// use is what a request meets in its window.
type use struct {
	allowed, used int
	refused       bool
	reset         time.Duration // until the window has passed
}

// count lets a request into the window of its key, or refuses it.
func (l *limiter) count(key, clientID string, now time.Time) use {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.current[key]
	if w == nil || !now.Before(w.Start.Add(windowLength)) {
		w = &Window{ClientID: clientID, Start: now}
		l.current[key] = w
		l.history = append(l.history, w)
	}
	refused := w.Used >= l.allowed
	w.Used += count(!refused)
	w.Refused += count(refused)
	return use{allowed: l.allowed, used: w.Used, refused: refused, reset: w.Start.Add(windowLength).Sub(now)}
}

// windows returns all windows so far, in order of their start.
func (l *limiter) windows() []Window {
	l.mu.Lock()
	defer l.mu.Unlock()
	windows := make([]Window, len(l.history))
	for i, w := range l.history {
		windows[i] = *w
	}
	return windows
}

// seconds is how long is left of the window, rounded up.
func (u use) seconds() int { return int(math.Ceil(u.reset.Seconds())) }

// The headers that report the rate limit.
const (
	headerCount   = "inin-ratelimit-count"
	headerAllowed = "inin-ratelimit-allowed"
	headerReset   = "inin-ratelimit-reset"
)

// announce sets the headers that every answer to a token carries.
func (u use) announce(header http.Header) {
	header.Set(headerCount, strconv.Itoa(u.used))
	header.Set(headerAllowed, strconv.Itoa(u.allowed))
	header.Set(headerReset, strconv.Itoa(u.seconds()))
}

// refusal is the answer to a request too many.
func (u use) refusal() *reply {
	r := throttled(u.seconds())
	r.problem.Limit = &limit{Key: "client.credentials.token.rate.per.minute", Namespace: "platform.api", Value: u.allowed}
	return &r
}

// throttled answers 429, to be tried again in that many seconds.
func throttled(seconds int) reply {
	const message = "Rate limit exceeded the maximum. Retry the request in [%s] seconds"
	r := failWith(problem{
		Status:            http.StatusTooManyRequests,
		Code:              "too.many.requests.retry.after",
		Message:           fmt.Sprintf(message, strconv.Itoa(seconds)),
		MessageWithParams: fmt.Sprintf(message, "{seconds}"),
		MessageParams:     map[string]string{"seconds": strconv.Itoa(seconds)},
	})
	r.header = http.Header{"Retry-After": {strconv.Itoa(seconds)}}
	return r
}
