package s3store

import (
	"bytes"
	"strings"
	"sync"
)

const (
	// cacheSize is how much of a destination's working artifacts is cached, in bytes: some
	// fifty thousand artifacts.
	cacheSize = 32 << 20
	// cacheLargest is the size of the largest artifact that is cached, in bytes.
	cacheLargest = 32 << 10
)

// artifactCache keeps small working artifacts, which reconcilers read often. Stored
// artifacts never change, so the cache is never out of date. When it is full, it forgets
// everything.
type artifactCache struct {
	mu       sync.Mutex
	contents map[location][]byte
	size     int
}

// get returns a copy of what is cached.
func (c *artifactCache) get(at location) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	content, ok := c.contents[at]
	return bytes.Clone(content), ok
}

// put caches what is stored.
func (c *artifactCache) put(at location, content []byte) {
	if len(content) > cacheLargest {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.contents == nil || c.size+len(content) > cacheSize {
		c.contents, c.size = map[location][]byte{}, 0
	}
	if _, ok := c.contents[at]; !ok {
		c.contents[at] = append([]byte{}, content...)
		c.size += len(content)
	}
}

// forget forgets a key and all below it.
func (c *artifactCache) forget(at location) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for known, content := range c.contents {
		if known.bucket == at.bucket && strings.HasPrefix(known.key+"/", at.key+"/") {
			c.size -= len(content)
			delete(c.contents, known)
		}
	}
}
