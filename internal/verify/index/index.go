// Package index finds recordings in an export's archive by the tables of its
// seals. It reads what the tables say and judges nothing: that is for package
// verify.
package index

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// Query says which recordings are looked for. Empty fields match everything.
type Query struct {
	Conversation, Recording, Medium string
	// From and Until bound the start of the conversation, Until itself excluded.
	From, Until time.Time
}

// Recording is a recording as the last seal that names it has it.
type Recording struct {
	Conversation string    `json:"conversation"`
	Start        time.Time `json:"start"`
	Recording    string    `json:"recording"`
	Medium       string    `json:"medium"`
	Lane         string    `json:"lane"`
	Disposition  string    `json:"disposition"`
	Reason       string    `json:"reason,omitempty"`
	Bag          string    `json:"bag"`
	Files        []File    `json:"files,omitempty"`
}

func (r Recording) key() string { return r.Conversation + "/" + r.Recording }

// File is a file of a recording.
type File struct {
	// Path from the archive's root.
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	// Location is where the file is if it is outside the archive, and not at its path.
	Location string `json:"location,omitempty"`
}

// Find lists the recordings that a query asks for, along the starts of their
// conversations. Only what is found is kept in memory.
func Find(archive fs.FS, q Query) ([]Recording, error) {
	f := finder{
		archive: archive, query: q, starts: map[string]time.Time{}, found: map[string]*Recording{},
		homes: map[string]string{}, isolated: map[string]string{},
	}
	seals, err := numbers(archive)
	if err != nil {
		return nil, err
	}
	for _, number := range seals {
		if err := f.readSeal(evidence.SealFolder(number)); err != nil {
			return nil, err
		}
	}
	list := make([]Recording, 0, len(f.found))
	for _, r := range f.found {
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Recording) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Recording, b.Recording))
	})
	if err := f.addFiles(list); err != nil {
		return nil, err
	}
	return list, f.addLeft(list)
}

// numbers lists the numbers of the seals, in order.
func numbers(archive fs.FS) ([]int, error) {
	entries, err := fs.ReadDir(archive, "seals")
	if err != nil {
		return nil, fmt.Errorf("list the seals: %w", err)
	}
	var numbers []int
	for _, entry := range entries {
		if n, err := strconv.Atoi(entry.Name()); err == nil && entry.IsDir() {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

type finder struct {
	archive fs.FS
	query   Query
	// starts of the conversations that the query asks for.
	starts map[string]time.Time
	found  map[string]*Recording
	// homes are the bags that account for those conversations.
	homes map[string]string
	// isolated are the folders of the seals of recordings that may have files in
	// another bag, by their keys.
	isolated map[string]string
}

// readSeal adds the lines of a seal; they replace those of earlier ones.
func (f *finder) readSeal(folder string) error {
	err := f.each(folder+"/conversations.csv", func(row verify.Row) {
		id := row.Get("conversation_id")
		start, err := time.Parse(time.RFC3339Nano, row.Get("start"))
		if err == nil && f.query.takes(id, start) {
			f.starts[id], f.homes[id] = start, row.Get("bag")
		}
	}, "conversation_id", "start", "bag")
	if err != nil {
		return err
	}
	return f.each(folder+"/recordings.csv", func(row verify.Row) {
		conversation, id := row.Get("conversation_id"), row.Get("recording_id")
		start, wanted := f.starts[conversation]
		wanted = wanted && row.Get("reason") != evidence.ReasonMovedToIsolated // another bag has it
		if !wanted || f.query.Recording != "" && f.query.Recording != id || f.query.Medium != "" && f.query.Medium != row.Get("medium") {
			return
		}
		f.noteIsolated(conversation+"/"+id, folder, row)
		f.found[conversation+"/"+id] = &Recording{
			Conversation: conversation, Start: start, Recording: id, Medium: row.Get("medium"), Lane: row.Get("lane"),
			Disposition: row.Get("disposition"), Reason: row.Get("reason"), Bag: row.Get("bag"),
		}
	}, "conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "bag")
}

// takes reports whether a query asks for a conversation.
func (q Query) takes(id string, start time.Time) bool {
	return (q.Conversation == "" || q.Conversation == id) &&
		(q.From.IsZero() || !start.Before(q.From)) && (q.Until.IsZero() || start.Before(q.Until))
}

// addFiles looks up the files of the recordings, bag by bag.
func (f *finder) addFiles(list []Recording) error {
	bags := map[string]map[string]int{}
	for i, r := range list {
		if bags[r.Bag] == nil {
			bags[r.Bag] = map[string]int{}
		}
		bags[r.Bag][r.key()] = i
	}
	for bag, wanted := range bags {
		err := f.eachFile(evidence.BagFolder(bag)+"/", func(key string, file File) {
			if i, ok := wanted[key]; ok {
				list[i].Files = append(list[i].Files, file)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each reads a table.
func (f *finder) each(name string, do func(verify.Row), needed ...string) error {
	file, err := f.archive.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for row, err := range verify.Rows(file, needed...) {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		do(row)
	}
	return nil
}
