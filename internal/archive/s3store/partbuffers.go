package s3store

import (
	"context"
	"slices"
	"sync"
)

const (
	// smallestPart is the size of a part of usual files, and with it of the largest file
	// that is sent in one request, in bytes: S3 verifies the SHA-256 of the whole file then.
	// Each tenant has a buffer of its own, so it is small; S3 accepts no part below 5 MiB.
	smallestPart = 8 << 20
	// maxParts is how many parts S3 accepts of one file.
	maxParts = 10_000
	// PartsInMemory is how many parts are sent at a time by a process of one tenant; each
	// other tenant adds one. Further uploads wait.
	PartsInMemory = 17
	// small is the size of files that need no part of their own, in bytes: all except long
	// recordings.
	small = 4 << 20
)

// PartSize is the size of the parts of files of at most so many bytes: the fewest whole
// MiB with which S3 accepts the largest file.
func PartSize(largest int64) int {
	const unit = 1 << 20
	needed := (largest + maxParts - 1) / maxParts
	return max(smallestPart, int((needed+unit-1)/unit*unit))
}

// PartBuffers are the buffers for the parts that are being sent. All uploads of a process
// share them, so that the memory in use does not depend on how many uploads there are or
// how long they take. An upload keeps its buffer until all of the file has arrived, which
// may take forever: so each tenant has a buffer of its own, and tenants share only those
// beyond it.
type PartBuffers struct {
	size int
	// shared is how many buffers tenants may have beyond their own.
	shared int

	mu sync.Mutex
	// inUse counts the buffers of each tenant, sharedInUse those of all tenants that are not
	// their own.
	inUse       map[string]int
	sharedInUse int
	waiting     []*waiter
	// unused are buffers that were used before, at most as many as a process of one tenant
	// uses.
	unused [][]byte
}

// waiter waits for a buffer; ready is closed once there is one.
type waiter struct {
	tenant string
	ready  chan struct{}
}

// NewPartBuffers returns buffers of a size in bytes: one for each tenant, and one less
// than parts for all. Each is allocated when it is first used.
func NewPartBuffers(parts, size int) *PartBuffers {
	return &PartBuffers{size: size, shared: parts - 1, inUse: map[string]int{}}
}

// acquire waits for a buffer. It is empty.
func (p *PartBuffers) acquire(ctx context.Context, tenant string) ([]byte, error) {
	t := &waiter{tenant, make(chan struct{})}
	p.mu.Lock()
	p.waiting = append(p.waiting, t)
	p.admit()
	p.mu.Unlock()
	select {
	case <-t.ready:
		return p.unusedOrNew(), nil
	case <-ctx.Done():
	}
	p.withdraw(t)
	return nil, ctx.Err()
}

// unusedOrNew returns an unused buffer, or a new one.
func (p *PartBuffers) unusedOrNew() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.unused) - 1; last >= 0 {
		part := p.unused[last]
		p.unused = p.unused[:last]
		return part[:0]
	}
	return make([]byte, 0, p.size)
}

// release gives a buffer back.
func (p *PartBuffers) release(tenant string, part []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.unused) <= p.shared {
		p.unused = append(p.unused, part)
	}
	p.uncount(tenant)
}

// withdraw ends a wait, and returns the buffer if there was one in the meantime.
func (p *PartBuffers) withdraw(t *waiter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := len(p.waiting)
	p.waiting = slices.DeleteFunc(p.waiting, func(other *waiter) bool { return other == t })
	if len(p.waiting) == before {
		p.uncount(t.tenant)
	}
}

// uncount counts a buffer of a tenant less. The caller has the lock.
func (p *PartBuffers) uncount(tenant string) {
	if p.inUse[tenant] > 1 {
		p.sharedInUse--
	}
	if p.inUse[tenant]--; p.inUse[tenant] == 0 {
		delete(p.inUse, tenant)
	}
	p.admit()
}

// admit serves those that wait and can have a buffer, in the order in which they came. The
// caller has the lock.
func (p *PartBuffers) admit() {
	p.waiting = slices.DeleteFunc(p.waiting, func(t *waiter) bool {
		isOwn := p.inUse[t.tenant] == 0
		if !isOwn && p.sharedInUse >= p.shared {
			return false
		}
		if !isOwn {
			p.sharedInUse++
		}
		p.inUse[t.tenant]++
		close(t.ready)
		return true
	})
}
