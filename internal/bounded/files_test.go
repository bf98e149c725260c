package bounded

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/fstest"
)

// endless gives the same byte forever, and counts how often.
type endless struct {
	byte
	given int
}

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = e.byte
	}
	e.given += len(p)
	return len(p), nil
}

// TestAFile: one of the bound is read, one byte more is an error.
func TestAFile(t *testing.T) {
	fsys := fstest.MapFS{"a": {Data: []byte("1234")}}
	if content, err := ReadFile(fsys, "a", 4); err != nil || string(content) != "1234" {
		t.Errorf("at the bound: %q, %v", content, err)
	}
	if _, err := ReadFile(fsys, "a", 3); !errors.Is(err, ErrTooLarge) {
		t.Errorf("beyond: %v", err)
	}
	if _, err := ReadFile(fsys, "b", 3); err == nil {
		t.Error("there is none")
	}
}

// TestARecord of the bound is read, whatever was read before it; one without an end is
// an error, and is read only up to the bound.
func TestARecord(t *testing.T) {
	cell := strings.Repeat("x", longestRecord-10)
	table := NewTable(strings.NewReader("a\n" + cell + "\n" + cell + "\nb\n"))
	for range 4 {
		if _, err := table.Read(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := table.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for name, begin := range map[string]string{"a quote": "a\n\"", "a line": "a\n"} {
		from := &endless{byte: 'x'}
		table := NewTable(io.MultiReader(strings.NewReader(begin), from))
		_, _ = table.Read()
		if _, err := table.Read(); !errors.Is(err, ErrTooLarge) || from.given > 2*longestRecord {
			t.Errorf("%s: %v, after %d bytes", name, err, from.given)
		}
	}
}
