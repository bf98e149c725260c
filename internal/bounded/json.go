// Package bounded looks at how much a text from outside holds before it is decoded.
//
// Decoders take far more memory than the text that they decode: eight megabytes of
// "{}," become a slice of millions of structs, and a few kilobytes of gzip become
// those eight megabytes. So the structure of a text is counted first, which takes
// no memory, and a text that holds more than its kind can have is refused.
package bounded

import (
	"errors"
	"fmt"
	"io"
)

// Err is the root of all errors of this package.
var Err = errors.New("more than such an answer can have")

// JSON bounds a JSON text. A field that is zero bounds nothing.
type JSON struct {
	// Depth is how many objects and arrays may be inside each other.
	Depth int
	// Values is how many values there may be, nested ones included.
	Values int
	// Element is how long one element of an array in the outermost object may be,
	// and anything else that a streaming decoder holds at once, in bytes.
	Element int64
}

// streamed is the depth of a list in the outermost object: its elements are what a
// streaming decoder holds one at a time.
const streamed = 2

// Check looks at a whole text. It tells nothing of whether the text is JSON.
func (j JSON) Check(text []byte) error {
	s := scanner{limits: j}
	return s.feed(text)
}

// Reader looks at a text while it is read. Its error comes with the first read that
// goes too far, and with every one after it.
func (j JSON) Reader(from io.Reader) io.Reader {
	return &reader{from: from, scanner: scanner{limits: j}}
}

type reader struct {
	from    io.Reader
	scanner scanner
	failed  error
}

// Read implements io.Reader. What goes too far is not handed on.
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

// scanner counts what is in a JSON text. It looks at nothing but strings, brackets
// and commas: each value but the first is behind an opening bracket or a comma.
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
