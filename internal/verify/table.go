package verify

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strconv"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/bounded"
)

// Row is one line of a table, its cells by the names of their columns.
type Row struct {
	// Line is its number in the file.
	Line    int
	cells   []string
	columns map[string]int
}

// Get is the cell of a column, empty if there is no such column.
func (r Row) Get(column string) string {
	i, ok := r.columns[column]
	if !ok || i >= len(r.cells) {
		return ""
	}
	return r.cells[i]
}

func (r Row) number(column string) int64 {
	n, err := strconv.ParseInt(r.Get(column), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// Rows reads a table whose first line names the columns. It ends at the first error.
func Rows(from io.Reader, needed ...string) iter.Seq2[Row, error] {
	return tableRows(from, func([]string) bool { return true }, needed...)
}

// tableRows reads a table whose columns fit.
func tableRows(from io.Reader, fits func(columns []string) bool, needed ...string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		table := bounded.NewTable(from)
		header, err := table.Read()
		if err != nil {
			yield(Row{}, fmt.Errorf("line 1 names no columns: %w", err))
			return
		}
		columns := make(map[string]int, len(header))
		for i, name := range header {
			if _, twice := columns[name]; twice {
				yield(Row{}, fmt.Errorf("line 1 names the column %s twice", cut(name)))
				return
			}
			columns[name] = i
		}
		for _, name := range needed {
			if _, ok := columns[name]; !ok {
				yield(Row{}, fmt.Errorf("line 1 does not name the column %s", name))
				return
			}
		}
		if !fits(header) {
			yield(Row{}, fmt.Errorf("line 1 does not name the columns of such a table in their order: %s", cut(strings.Join(header, ","))))
			return
		}
		for {
			cells, err := table.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			line, _ := table.FieldPos(0)
			if !yield(Row{line, cells, columns}, err) || err != nil {
				return
			}
		}
	}
}

// boundedReader keeps the error that reading ended with, apart from what is wrong with
// what was read.
type boundedReader struct {
	io.Reader
	err error
	// left is how many more bytes there may be.
	left int64
}

func newBoundedReader(from io.Reader, name string) *boundedReader {
	return &boundedReader{Reader: from, left: longestList(name) + 1}
}

// The longest lists, in bytes. Much of what they say is kept in memory until it has been
// compared, and several bags are read at a time.
const (
	// longestOfBag is for the tables and the log of a bag, which contains at most 10,000
	// recordings: more than a kilobyte for each.
	longestOfBag = 16 << 20
	// longestBagTable is for the list of a seal's bags, of which an export of five years in
	// hours has 131,400.
	longestBagTable = 128 << 20
	// longestOfSeal is for the other tables and the log of a seal, which are compared as
	// they are read.
	longestOfSeal = 4 << 30
)

// longestList is how many bytes a table or a log of this name may contain.
func longestList(name string) int64 {
	switch {
	case strings.HasPrefix(name, "bags/"):
		return longestOfBag
	case path.Base(name) == bagTable, path.Base(name) == sealLog:
		return longestBagTable
	default:
		return longestOfSeal
	}
}

func (s *boundedReader) Read(p []byte) (int, error) {
	if s.left <= 0 {
		return 0, bounded.ErrTooLarge
	}
	n, err := s.Reader.Read(p[:min(int64(len(p)), s.left)])
	s.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// mostRows bounds the lines of a table of a bag, which are kept in memory: a bag contains
// at most 10,000 recordings.
const mostRows = 1 << 20

// rows reads a stored table. An error is a finding, and ends the rows.
func (v *verifier) rows(name string, needed ...string) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		file, err := v.open(name)
		if err != nil {
			v.reportUnreadable(name, err)
			return
		}
		defer func() { _ = file.Close() }()
		from := newBoundedReader(file, name)
		for row, err := range tableRows(from, func(columns []string) bool { return fitsHeader(name, columns) }, needed...) {
			if from.err != nil {
				v.reportUnreadable(name, from.err)
				return
			}
			if err != nil {
				v.fault(Malformed, name, "is not a valid table: %v", err)
				return
			}
			if row.Line > mostRows && strings.HasPrefix(name, "bags/") {
				v.fault(Malformed, name, "has more than %d lines", mostRows)
				return
			}
			if v.isEnded() || !yield(row) {
				return
			}
		}
	}
}
