package transfer

import (
	"context"
	"slices"
	"sync"
)

// queue gives room to a bounded number at a time, in the order of joining, once it
// is opened.
type queue struct {
	mu      sync.Mutex
	open    bool
	free    int
	waiting []place
}

// place is one in the queue; it is closed when there is room.
type place chan struct{}

// join takes the last place.
func (q *queue) join() place {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := make(place)
	q.waiting = append(q.waiting, p)
	q.admit()
	return p
}

// begin opens the queue.
func (q *queue) begin() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open = true
	q.admit()
}

// await waits until there is room for who has the place. It has to be left after
// use, but not if there is an error, which is ctx's.
func (q *queue) await(ctx context.Context, p place) error {
	select {
	case <-p:
		if ctx.Err() != nil {
			q.leave()
		}
		return ctx.Err()
	case <-ctx.Done():
		q.withdraw(p)
		return ctx.Err()
	}
}

// leave gives room to the next.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.free++
	q.admit()
}

// withdraw leaves the queue, for which there may be room in the meantime.
func (q *queue) withdraw(p place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := len(q.waiting)
	q.waiting = slices.DeleteFunc(q.waiting, func(other place) bool { return other == p })
	if len(q.waiting) == before {
		q.free++
		q.admit()
	}
}

// admit lets in those at the head for whom there is room. The caller holds the lock.
func (q *queue) admit() {
	for q.open && q.free > 0 && len(q.waiting) > 0 {
		close(q.waiting[0])
		q.waiting = q.waiting[1:]
		q.free--
	}
}
