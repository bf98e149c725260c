package budget

import (
	"math"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// queue holds the callers that wait for leave, and says whose turn is next: by
// weight among lanes (start-time fair queueing), in turn among the exports of a
// lane, first come, first served within an export.
//
// Each lane has a time of its own that runs the slower the more weight it has;
// whose time is least is next. A lane that nobody waits in does not save up its
// share: when it comes back, its time is that of the last one served.
type queue struct {
	lanes map[string]*lane
	// now is the time of the lane that was served last.
	now     float64
	waiting int
}

// lane is the callers of one lane. It is remembered when nobody waits in it, so
// that one who asks again and again is not served as if for the first time.
type lane struct {
	// time is when the lane is due.
	time   float64
	weight int
	// exports are those with callers that wait, in the order of their turns.
	exports []*export
}

type export struct {
	name    string
	callers []*caller
}

// caller is one who waits for leave.
type caller struct {
	share genesys.Share
	since time.Time
	leave chan *Grant
}

func newCaller(share genesys.Share) *caller {
	share.Weight = max(share.Weight, 1)
	return &caller{share: share, leave: make(chan *Grant, 1)}
}

// join has a caller wait.
func (q *queue) join(c *caller) {
	if q.lanes == nil {
		q.lanes = map[string]*lane{}
	}
	l := q.lanes[c.share.Lane]
	if l == nil {
		l = &lane{}
		q.lanes[c.share.Lane] = l
	}
	if len(l.exports) == 0 {
		l.time = max(l.time, q.now)
	}
	l.weight = c.share.Weight
	q.waiting++
	for _, e := range l.exports {
		if e.name == c.share.Export {
			e.callers = append(e.callers, c)
			return
		}
	}
	l.exports = append(l.exports, &export{c.share.Export, []*caller{c}})
}

// next takes out the caller whose turn it is, nil if nobody waits.
func (q *queue) next() *caller {
	l := q.due()
	if l == nil {
		return nil
	}
	first := l.exports[0]
	l.exports = l.exports[1:]
	served := first.callers[0]
	if first.callers = first.callers[1:]; len(first.callers) > 0 {
		l.exports = append(l.exports, first)
	}
	q.now = l.time
	l.time += 1 / float64(l.weight)
	q.waiting--
	return served
}

// due is the lane whose turn it is, nil if nobody waits. Of two that are due at
// the same time it is the one whose name comes first, for no better reason than
// that it is always the same.
func (q *queue) due() *lane {
	var due *lane
	least, name := math.Inf(1), ""
	for other, l := range q.lanes {
		if len(l.exports) > 0 && (l.time < least || l.time == least && other < name) {
			due, least, name = l, l.time, other
		}
	}
	return due
}

// withdraw takes out a caller that does not want to wait any longer, and tells
// whether it was still there.
func (q *queue) withdraw(c *caller) bool {
	l := q.lanes[c.share.Lane]
	for i, e := range l.exports {
		for j, other := range e.callers {
			if other != c {
				continue
			}
			if e.callers = append(e.callers[:j], e.callers[j+1:]...); len(e.callers) == 0 {
				l.exports = append(l.exports[:i], l.exports[i+1:]...)
			}
			q.waiting--
			return true
		}
	}
	return false
}
