package bounded

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// ErrTooLarge is the error for a stored file, or a record of one, that is larger than such
// a file can be: somebody who can write to an archive must not be able to make a process
// run out of memory.
var ErrTooLarge = outcome.Advise(fmt.Errorf("is larger than it can be: %w", Err), outcome.CorruptArchive())

// ReadAll reads everything, which may be at most so many bytes.
func ReadAll(from io.Reader, most int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(from, most+1))
	if err == nil && int64(len(content)) > most {
		return nil, fmt.Errorf("%w: %d bytes", ErrTooLarge, most)
	}
	return content, err
}

// ReadFile reads a file of at most so many bytes.
func ReadFile(fsys fs.FS, name string, most int64) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := ReadAll(file, most)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return content, errors.Join(err, file.Close())
}

// longestRecord is the longest record of a table, in bytes: a dozen cells, each of a few
// kilobytes at most.
const longestRecord = 1 << 20

// Table reads a table in CSV, with records of at most 1 MiB: with a quote that never ends,
// a record would extend to the end of the file.
type Table struct {
	*csv.Reader
	from *records
}

// NewTable reads a table from a reader.
func NewTable(from io.Reader) *Table {
	records := &records{from: from}
	return &Table{csv.NewReader(records), records}
}

// Read reads a record. The error is ErrTooLarge if the record is too long.
func (t *Table) Read() ([]string, error) {
	t.from.left = longestRecord
	return t.Reader.Read()
}

// records returns no more bytes than are left for a record. csv.Reader reads ahead by its
// buffer, so the beginning of a record may have been returned for the one before.
type records struct {
	from io.Reader
	left int
}

func (r *records) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, fmt.Errorf("a record %w: %d bytes", ErrTooLarge, longestRecord)
	}
	n, err := r.from.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
