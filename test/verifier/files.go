package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// stored is a file as it is stored.
type stored struct {
	size   int64
	sha256 string
}

// segment is what the parts of a path in an archive may be.
var segment = regexp.MustCompile(`^[A-Za-z0-9._-]{1,255}$`)

// walk hashes every file below a directory, by its slash path from there.
// Anything that is neither a file nor a directory, or has a name that tools may
// stumble over, is a violation.
func (v *verdict) walk(directory string) map[string]stored {
	files := map[string]stored{}
	err := filepath.WalkDir(directory, func(name string, found fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(directory, name)
		if err != nil || relative == "." {
			return err
		}
		relative = filepath.ToSlash(relative)
		if !segment.MatchString(path.Base(relative)) {
			v.fault(relative, "is not a name that belongs into an archive")
		}
		if found.IsDir() {
			return nil
		}
		if !found.Type().IsRegular() {
			v.fault(relative, "is neither a file nor a directory")
			return nil
		}
		files[relative], err = digest(name)
		return err
	})
	if err != nil {
		v.fault(directory, "cannot be read: %v", err)
	}
	return files
}

func digest(name string) (stored, error) {
	from, err := os.Open(name)
	if err != nil {
		return stored{}, err
	}
	defer func() { _ = from.Close() }()
	hash := sha256.New()
	size, err := io.Copy(hash, from)
	return stored{size, hex.EncodeToString(hash.Sum(nil))}, err
}

// manifest reads lines of "<sha256>  <path>".
func (v *verdict) manifest(name string) map[string]string {
	entries := map[string]string{}
	body, err := os.ReadFile(name)
	if err != nil {
		v.fault(name, "cannot be read: %v", err)
		return entries
	}
	for line := range strings.Lines(string(body)) {
		sum, of, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || len(sum) != 2*sha256.Size || !strings.HasSuffix(line, "\n") {
			v.fault(name, "has a line that is none of a manifest: %q", line)
			continue
		}
		if _, twice := entries[of]; twice {
			v.fault(name, "lists %s twice", of)
		}
		entries[of] = sum
	}
	return entries
}

// compare compares a manifest with what is stored, both ways.
func (v *verdict) compare(where string, listed map[string]string, found map[string]stored) {
	for name, sum := range listed {
		f, ok := found[name]
		switch {
		case !ok:
			v.fault(where, "lists %s, which is missing", name)
		case f.sha256 != sum:
			v.fault(where, "lists %s with another digest than it has", name)
		}
	}
	for name := range found {
		if _, ok := listed[name]; !ok {
			v.fault(where, "does not list %s, which is there", name)
		}
	}
}

// row is a line of a table, by the names of its columns.
type row map[string]string

// table reads a CSV file whose first line names the columns. Columns that are
// not needed may be there; those that are needed must be.
func (v *verdict) table(name string, needed ...string) []row {
	body, err := os.ReadFile(name)
	if err != nil {
		v.fault(name, "cannot be read: %v", err)
		return nil
	}
	lines, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil || len(lines) == 0 {
		v.fault(name, "is not a table: %v", err)
		return nil
	}
	columns := lines[0]
	rows := make([]row, 0, len(lines)-1)
	for _, line := range lines[1:] {
		r := row{}
		for i, column := range columns {
			r[column] = line[i]
		}
		rows = append(rows, r)
	}
	for _, column := range needed {
		if !contains(columns, column) {
			v.fault(name, "has no column %s", column)
		}
	}
	return rows
}

func contains(list []string, wanted string) bool {
	for _, item := range list {
		if item == wanted {
			return true
		}
	}
	return false
}

// chain checks a custody log: numbered lines in order of time, each with the
// digest of the one before. It returns the events.
func (v *verdict) chain(name string) []event {
	body, err := os.ReadFile(name)
	if err != nil {
		v.fault(name, "cannot be read: %v", err)
		return nil
	}
	var events []event
	previous, last := strings.Repeat("0", 2*sha256.Size), time.Time{}
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, len(body)+1)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			v.fault(name, "has a line that is not JSON: %v", err)
			return events
		}
		if e.Sequence != len(events)+1 || e.Previous != previous || e.Time.Before(last) || e.Type == "" || e.Actor == "" {
			v.fault(name, "breaks at line %d", len(events)+1)
			return events
		}
		sum := sha256.Sum256(lines.Bytes())
		previous, last = hex.EncodeToString(sum[:]), e.Time
		events = append(events, e)
	}
	if len(events) == 0 || !bytes.HasSuffix(body, []byte("\n")) {
		v.fault(name, "is empty or cut off")
	}
	return events
}

// event is a line of a custody log.
type event struct {
	Sequence int               `json:"sequence"`
	Time     time.Time         `json:"time"`
	Type     string            `json:"type"`
	Actor    string            `json:"actor"`
	Details  map[string]string `json:"details"`
	Previous string            `json:"previous"`
}
