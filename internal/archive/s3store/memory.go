package s3store

import (
	"context"
	"slices"
	"sync"
)

const (
	// smallestPart is the size of a part of usual files, and with it of the largest file
	// that is sent in one request, in bytes: S3 verifies the SHA-256 of the whole file then.
	// Each tenant has one in memory of its own, so it is small; S3 takes no part below 5 MiB.
	smallestPart = 8 << 20
	// mostParts is how many parts S3 takes of one file.
	mostParts = 10_000
	// PartsInMemory is how many parts are sent at a time by a process of one tenant;
	// each other tenant adds one. What comes while all are in use waits.
	PartsInMemory = 17
	// small is the size of files that need no part of their own, in bytes: all
	// but long recordings.
	small = 4 << 20
)

// PartSize is the size of the parts of files of at most so many bytes: whole MiB, and as
// few of them as S3 takes files in.
func PartSize(largest int64) int {
	const unit = 1 << 20
	needed := (largest + mostParts - 1) / mostParts
	return max(smallestPart, int((needed+unit-1)/unit*unit))
}

// Memory is the parts that are being sent. All uploads of a process share one, so that
// what they hold does not depend on how many or how long they are. An upload holds its
// part for as long as what it stores takes to come, which may be without end: so each
// tenant has a part of its own, and only those beyond it are shared.
type Memory struct {
	size int
	// shared is how many parts tenants may have beyond their own.
	shared int

	mu sync.Mutex
	// taken counts the parts of each tenant, beyond those of all that are not their own.
	taken   map[string]int
	beyond  int
	waiting []*taker
	// free are parts that were used before, no more than a process without tenants uses.
	free [][]byte
}

// taker is one who waits for a part; it is closed once there is one.
type taker struct {
	tenant string
	ready  chan struct{}
}

// NewMemory makes a Memory of some parts of a size in bytes: one for each tenant, and
// one less than parts for all. Each is made when it is first used.
func NewMemory(parts, size int) *Memory {
	return &Memory{size: size, shared: parts - 1, taken: map[string]int{}}
}

// take waits for a part. It is empty.
func (m *Memory) take(ctx context.Context, tenant string) ([]byte, error) {
	t := &taker{tenant, make(chan struct{})}
	m.mu.Lock()
	m.waiting = append(m.waiting, t)
	m.admit()
	m.mu.Unlock()
	select {
	case <-t.ready:
		return m.part(), nil
	case <-ctx.Done():
	}
	m.withdraw(t)
	return nil, ctx.Err()
}

// part is one that is free, or a new one.
func (m *Memory) part() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last := len(m.free) - 1; last >= 0 {
		part := m.free[last]
		m.free = m.free[:last]
		return part[:0]
	}
	return make([]byte, 0, m.size)
}

// give gives a part back.
func (m *Memory) give(tenant string, part []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.free) <= m.shared {
		m.free = append(m.free, part)
	}
	m.leave(tenant)
}

// withdraw takes back that somebody waits, who may have got a part in the meantime.
func (m *Memory) withdraw(t *taker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before := len(m.waiting)
	m.waiting = slices.DeleteFunc(m.waiting, func(other *taker) bool { return other == t })
	if len(m.waiting) == before {
		m.leave(t.tenant)
	}
}

// leave counts a part of a tenant less. The caller holds the lock.
func (m *Memory) leave(tenant string) {
	if m.taken[tenant] > 1 {
		m.beyond--
	}
	if m.taken[tenant]--; m.taken[tenant] == 0 {
		delete(m.taken, tenant)
	}
	m.admit()
}

// admit lets those take a part for whom there is one, in the order in which they came.
// The caller holds the lock.
func (m *Memory) admit() {
	m.waiting = slices.DeleteFunc(m.waiting, func(t *taker) bool {
		isOwn := m.taken[t.tenant] == 0
		if !isOwn && m.beyond >= m.shared {
			return false
		}
		if !isOwn {
			m.beyond++
		}
		m.taken[t.tenant]++
		close(t.ready)
		return true
	})
}
