package budget

import (
	"math"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// queue contains the callers that wait for leave, and says whose turn is next: by
// weight among lanes (start-time fair queueing), in turn among the exports of a
// lane, first come, first served within an export.
//
// Each lane has a time of its own that runs the slower the more weight it has;
// whose time is least is next. A lane that nobody waits in does not save up its
// share: when it comes back, its time is that of the last one served.
//
// Spare callers stand aside, all in one lane: the limiter says when it is theirs.
type queue struct {
	lanes map[string]*lane
	// now is the time of the lane that was served last.
	now     float64
	waiting int
	spare   lane
	sparing int
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

// all is how many callers wait.
func (q *queue) all() int { return q.waiting + q.sparing }

// join has a caller wait.
func (q *queue) join(c *caller) {
	if c.share.Spare {
		q.spare.join(c)
		q.sparing++
		return
	}
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
	l.join(c)
}

// join has a caller wait behind those of its export.
func (l *lane) join(c *caller) {
	for _, e := range l.exports {
		if e.name == c.share.Export {
			e.callers = append(e.callers, c)
			return
		}
	}
	l.exports = append(l.exports, &export{c.share.Export, []*caller{c}})
}

// next takes out the caller whose turn it is among those that are not spare, nil
// if none of them waits.
func (q *queue) next() *caller {
	l := q.due()
	if l == nil {
		return nil
	}
	q.now = l.time
	l.time += 1 / float64(l.weight)
	q.waiting--
	return l.next()
}

// nextSpare takes out the spare caller whose turn it is. There must be one.
func (q *queue) nextSpare() *caller {
	q.sparing--
	return q.spare.next()
}

// next takes out the first caller of the export whose turn it is.
func (l *lane) next() *caller {
	first := l.exports[0]
	l.exports = l.exports[1:]
	served := first.callers[0]
	if first.callers = first.callers[1:]; len(first.callers) > 0 {
		l.exports = append(l.exports, first)
	}
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
	l, waiting := q.lanes[c.share.Lane], &q.waiting
	if c.share.Spare {
		l, waiting = &q.spare, &q.sparing
	}
	if !l.withdraw(c) {
		return false
	}
	*waiting--
	return true
}

func (l *lane) withdraw(c *caller) bool {
	for i, e := range l.exports {
		for j, other := range e.callers {
			if other != c {
				continue
			}
			if e.callers = append(e.callers[:j], e.callers[j+1:]...); len(e.callers) == 0 {
				l.exports = append(l.exports[:i], l.exports[i+1:]...)
			}
			return true
		}
	}
	return false
}
