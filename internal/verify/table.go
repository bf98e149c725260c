package verify

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
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
	return func(yield func(Row, error) bool) {
		table := csv.NewReader(from)
		header, err := table.Read()
		if err != nil {
			yield(Row{}, fmt.Errorf("line 1 names no columns: %w", err))
			return
		}
		columns := make(map[string]int, len(header))
		for i, name := range header {
			columns[name] = i
		}
		for _, name := range needed {
			if _, ok := columns[name]; !ok {
				yield(Row{}, fmt.Errorf("line 1 lacks the column %s", name))
				return
			}
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

// source keeps the error that reading ended with, apart from what is wrong with
// what was read.
type source struct {
	io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// rows reads a stored table. What is wrong with it is a finding, and its end.
func (v *verifier) rows(name string, needed ...string) iter.Seq[Row] {
	return func(yield func(Row) bool) {
		file, err := v.fsys.Open(name)
		if err != nil {
			v.unread(name, err)
			return
		}
		defer func() { _ = file.Close() }()
		from := &source{Reader: file}
		for row, err := range Rows(from, needed...) {
			if from.err != nil {
				v.unread(name, from.err)
				return
			}
			if err != nil {
				v.fault(Malformed, name, "is not the table that it should be: %v", err)
				return
			}
			if !yield(row) {
				return
			}
		}
	}
}
