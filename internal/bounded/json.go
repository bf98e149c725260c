// Package bounded bounds texts from outside before they are decoded.
//
// Decoders take far more memory than the text that they decode: eight megabytes of "{},"
// become a slice of millions of structs, and a few kilobytes of gzip become those eight
// megabytes. So this package counts the structure of a text first, which takes no memory,
// and refuses a text that contains more than its kind can have.
package bounded

import (
	"errors"
	"fmt"
	"io"
)

// Err is wrapped by all errors of this package.
var Err = errors.New("more than such an answer may contain")

// JSON bounds a JSON text. A field that is zero sets no bound.
type JSON struct {
	// Depth is how deep objects and arrays may be nested.
	Depth int
	// Values is how many values there may be, including nested ones.
	Values int
	// Element is how long one element of an array in the outermost object may be,
	// and anything else that a streaming decoder keeps at once, in bytes.
	Element int64
}

// streamed is the depth of a list in the outermost object: its elements are what a
// streaming decoder keeps one at a time.
const streamed = 2

// Check checks a whole text. It does not check that the text is JSON.
func (j JSON) Check(text []byte) error {
	s := scanner{limits: j}
	return s.feed(text)
}

// Reader checks a text while it is read. The first read that exceeds a bound returns the
// error, and so does every one after it.
func (j JSON) Reader(from io.Reader) io.Reader {
	return &reader{from: from, scanner: scanner{limits: j}}
}

type reader struct {
	from    io.Reader
	scanner scanner
	failed  error
}

// Read implements io.Reader. It returns nothing of a read that exceeds a bound.
func (r *reader) Read(p []byte) (int, error) {
	if r.failed != nil {
		return 0, r.failed
	}
	n, err := r.from.Read(p)
	if r.failed = r.scanner.feed(p[:n]); r.failed != nil {
		return 0, r.failed
	}
	return n, err
}

// scanner counts the structure of a JSON text. It looks only at strings, brackets and
// commas: each value except the first follows an opening bracket or a comma.
type scanner struct {
	limits        JSON
	depth, values int
	// run is how many bytes came since the last bracket or comma outside elements.
	run               int64
	inString, escaped bool
}

func (s *scanner) feed(text []byte) error {
	for _, b := range text {
		s.run++
		if s.inString {
			s.string(b)
			continue
		}
		switch b {
		case '"':
			s.inString = true
			continue
		case '{', '[':
			s.depth++
			s.values++
		case '}', ']':
			s.depth--
		case ',':
			s.values++
		default:
			continue
		}
		if err := s.check(); err != nil {
			return err
		}
		if s.depth <= streamed {
			s.run = 0
		}
	}
	return s.check()
}

// string takes a byte inside of a string.
func (s *scanner) string(b byte) {
	switch {
	case s.escaped:
		s.escaped = false
	case b == '\\':
		s.escaped = true
	case b == '"':
		s.inString = false
	}
}

func (s *scanner) check() error {
	switch l := s.limits; {
	case l.Depth > 0 && s.depth > l.Depth:
		return fmt.Errorf("%w: objects and arrays nested more than %d deep", Err, l.Depth)
	case l.Values > 0 && s.values > l.Values:
		return fmt.Errorf("%w: over %d values", Err, l.Values)
	case l.Element > 0 && s.run > l.Element:
		return fmt.Errorf("%w: an element of over %d bytes", Err, l.Element)
	default:
		return nil
	}
}
