package s3store

import (
	"bytes"
	"strings"
	"sync"
)

const (
	// memoSize is what is remembered of a destination's working artifacts, in
	// bytes: some fifty thousand of them.
	memoSize = 32 << 20
	// memoLargest is the largest that is worth it, in bytes.
	memoLargest = 32 << 10
)

// memo remembers small working artifacts, which reconcilers read at every look.
// What has a key never changes, so what is remembered is what is there. When it
// is full, it forgets everything: what is still needed comes back.
type memo struct {
	mu   sync.Mutex
	kept map[place][]byte
	size int
}

// get returns what is remembered, as the caller's own.
func (m *memo) get(at place) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	content, ok := m.kept[at]
	return bytes.Clone(content), ok
}

// put remembers what is stored.
func (m *memo) put(at place, content []byte) {
	if len(content) > memoLargest {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil || m.size+len(content) > memoSize {
		m.kept, m.size = map[place][]byte{}, 0
	}
	if _, ok := m.kept[at]; !ok {
		m.kept[at] = append([]byte{}, content...)
		m.size += len(content)
	}
}

// forget forgets a key and all below it.
func (m *memo) forget(at place) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for known, content := range m.kept {
		if known.bucket == at.bucket && strings.HasPrefix(known.key+"/", at.key+"/") {
			m.size -= len(content)
			delete(m.kept, known)
		}
	}
}
