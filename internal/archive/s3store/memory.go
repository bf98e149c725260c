package s3store

import "context"

const (
	// PartSize is the size of a part, and with it of the largest file that is
	// sent in one request, in bytes: S3 verifies the SHA-256 of the whole file
	// then. 10,000 parts, the most that S3 takes, make 625 GiB.
	PartSize = 64 << 20
	// PartsInMemory is how many parts are sent at a time by one process; what
	// comes while all are in use waits.
	PartsInMemory = 3
	// small is the size of files that need no part of their own, in bytes: all
	// but long recordings.
	small = 4 << 20
)

// Memory is the parts that are being sent. All uploads of a process share one,
// so that what they hold does not depend on how many or how long they are.
type Memory struct {
	size int
	free chan []byte
}

// NewMemory makes a Memory of some parts of a size in bytes. Each is made when
// it is first used, and kept.
func NewMemory(parts, size int) *Memory {
	m := &Memory{size, make(chan []byte, parts)}
	for range parts {
		m.free <- nil
	}
	return m
}

// take waits for a part that is free. It is empty.
func (m *Memory) take(ctx context.Context) ([]byte, error) {
	select {
	case part := <-m.free:
		if part == nil {
			part = make([]byte, 0, m.size)
		}
		return part[:0], nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (m *Memory) give(part []byte) { m.free <- part }
