package budget

import "time"

const (
	// windowLength is the length of the windows in which Genesys Cloud counts.
	windowLength = time.Minute
	// resetSlack is added to the end of a window as told, because it is told in
	// whole seconds: a window must not be believed over before it is.
	resetSlack = time.Second
	// sameWindow is how far apart two answers may put the end of one window;
	// the ends of two windows are a whole window apart.
	sameWindow = windowLength / 2
	// slowAnswer is when an answer comes too late to tell where the window
	// stands: Genesys Cloud may have counted when the request came.
	slowAnswer = 5 * time.Second
	// transit is how long a request takes to be counted. Of two requests that
	// are sent further apart, the first is counted first.
	transit = time.Second
	// settling is how long a window continues before what others have sent so far
	// says at which rate they send.
	settling = 5 * time.Second
	// foresight is how long others are taken to continue as they did without our
	// looking again.
	foresight = 10 * time.Second
	// reservePercent of a window that others use too is left alone: they do
	// not send quite evenly.
	reservePercent = 2
)

// window is the account of Genesys Cloud's present window.
type window struct {
	// allowed is how many requests Genesys Cloud accepts in a window, 0 if it has
	// not said.
	allowed int
	// end is never before the window's true end.
	end time.Time
	// told is whether end comes from Genesys Cloud; otherwise it is our guess.
	told bool
	// counted is the most that an answer has told for this window, and asOf when
	// the request of that answer was sent.
	counted int
	asOf    time.Time
	// unseen is when we sent the requests that counted may not contain yet.
	unseen []time.Time
	// own is how many requests of this window are ours at most.
	own int
}

// roll begins a new window if the present one is over, and reports whether it
// did. Where the new one ends is a guess until an answer tells: it may have
// begun earlier than our next request, not later.
func (w *window) roll(now time.Time) bool {
	if now.Before(w.end) {
		return false
	}
	w.begin(now, now.Add(windowLength+resetSlack), 0)
	w.told = false
	return true
}

// send enters a request of ours.
func (w *window) send(now time.Time) {
	w.unseen = append(w.unseen, now)
	w.own++
}

// observe enters what the answer to a request sent at sent told.
func (w *window) observe(h Headers, sent, now time.Time) {
	w.allowed = h.Allowed
	end := now.Add(h.Reset + resetSlack)
	switch {
	case !w.told && sent.Before(w.asOf): // perhaps of the window before
	case !w.told:
		w.end, w.told = end, true
		w.count(sent, h.Count)
	case end.Sub(w.end) > sameWindow: // the first answer of a new window
		w.begin(sent, end, h.Count)
		w.told = true
	case w.end.Sub(end) > sameWindow: // an answer of an earlier window, overtaken
	default:
		// Each answer's end is no earlier than the true one, so the earliest is
		// the closest.
		if end.Before(w.end) {
			w.end = end
		}
		w.count(sent, h.Count)
	}
}

// begin begins a window of which an answer, or nothing, is known. Requests that
// the last window has not certainly counted may be counted in this one.
func (w *window) begin(asOf, end time.Time, counted int) {
	w.own = len(w.unseen)
	w.end, w.counted = end, 0
	w.count(asOf, counted)
}

// count enters how many requests were counted as of a time, unless more are
// known to be.
func (w *window) count(asOf time.Time, counted int) {
	if counted < w.counted {
		return
	}
	w.counted, w.asOf = counted, asOf
	seen := 0
	for seen < len(w.unseen) && asOf.Sub(w.unseen[seen]) >= transit {
		seen++
	}
	w.unseen = w.unseen[seen:]
}

// shared reports whether others send with the same client in this window.
func (w *window) shared() bool { return w.counted > w.own }

// others is how many requests a second others have sent in this window so far.
func (w *window) others() float64 {
	if !w.shared() {
		return 0
	}
	began := w.end.Add(-resetSlack - windowLength)
	return float64(w.counted-w.own) / max(w.asOf.Sub(began), settling).Seconds()
}

// room is how many more requests fit into the window now. Others are taken to
// continue as they did. Without any limit told it is one, always.
func (w *window) room(now time.Time) int {
	if w.allowed == 0 {
		return 1
	}
	counted := w.counted + len(w.unseen)
	if w.shared() {
		since := min(now.Sub(w.asOf), foresight)
		counted += int(w.others()*since.Seconds()) + w.allowed*reservePercent/100
	}
	return w.allowed - counted
}

// share is how many requests a second we may send for the rest of the window
// so that what others keep sending fits in too.
func (w *window) share(now time.Time) float64 {
	left := max(w.end.Add(-resetSlack).Sub(now), time.Second)
	return float64(w.room(now))/left.Seconds() - w.others()
}
