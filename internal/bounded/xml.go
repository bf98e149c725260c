package bounded

import (
	"bytes"
	"fmt"
	"io"
)

// XML bounds an XML text: how many bytes it may have, and how many tags, each of which a
// decoder may keep in memory until it ends.
type XML struct {
	Bytes int64
	Tags  int
}

// Reader checks a text while it is read, and fails as soon as it exceeds a bound.
func (x XML) Reader(from io.Reader) io.Reader { return &xmlReader{from: from, left: x, limits: x} }

type xmlReader struct {
	from         io.Reader
	left, limits XML
	failed       error
}

// Read implements io.Reader. It returns nothing of a read that exceeds a bound.
func (r *xmlReader) Read(p []byte) (int, error) {
	if r.failed != nil {
		return 0, r.failed
	}
	n, err := r.from.Read(p)
	r.left.Bytes -= int64(n)
	r.left.Tags -= bytes.Count(p[:n], []byte{'<'})
	switch {
	case r.left.Bytes < 0:
		r.failed = fmt.Errorf("%w: over %d bytes", Err, r.limits.Bytes)
	case r.left.Tags < 0:
		r.failed = fmt.Errorf("%w: over %d tags", Err, r.limits.Tags)
	default:
		return n, err
	}
	return 0, r.failed
}
