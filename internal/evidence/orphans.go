package evidence

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// orphanTable of a seal lists recordings that are attached to no conversation. It is
// there if they were listed for the seal.
const orphanTable = "orphans.csv"

// OrphanAccount is what is known of recordings that are attached to no conversation,
// which no survey finds. They are in none of the account's sums. Its numbers add up
// those of all seals.
type OrphanAccount struct {
	// Listed counts those that were created in the window covered so far, and Undated
	// those among them of which Genesys Cloud does not say when. Each is in the
	// orphans.csv of one seal.
	Listed  int64 `json:"listed"`
	Undated int64 `json:"undated"`
	// At is when the newest enumeration was begun, Enumerated how many orphaned
	// recordings of the organisation it lists.
	At         time.Time `json:"at,omitzero"`
	Enumerated int64     `json:"enumerated"`
	// NotListed is the part of the window of which they are not listed. The next
	// enumeration that works makes up for it.
	NotListed *OrphansNotListed `json:"notListed,omitempty"`
}

// OrphansNotListed is a part of the window of which orphaned recordings are not
// listed, up to the end of what the seals cover, and why not.
type OrphansNotListed struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	Why   string    `json:"why"`
}

// FoundOrphans is what an enumeration of orphaned recordings found, for a seal.
type FoundOrphans struct {
	// From and Until are the part of the window in which those that are listed were
	// created. It is empty if the seal covers nothing new; then nobody was asked.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// At is when the enumeration was begun, Enumerated how many it lists, and Listed how
	// many of these are the seal's, Undated among them.
	At         time.Time `json:"at,omitzero"`
	Enumerated int64     `json:"enumerated,omitempty"`
	Listed     int64     `json:"listed,omitempty"`
	Undated    int64     `json:"undated,omitempty"`
	// Table is where in the archive the table is that ListOrphans wrote, empty if there is
	// none, and SHA256 its digest, in hexadecimal.
	Table  string `json:"table,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	// NotListed is why they could not be listed, empty if they could.
	NotListed string `json:"notListed,omitempty"`
}

// OrphansFrom is where the part of the window begins whose orphaned recordings a seal
// has to list: what it is the first to cover, and before that what the former one
// could not list.
func OrphansFrom(former *Former, newFrom time.Time) time.Time {
	if former != nil && former.Account.Orphans != nil && former.Account.Orphans.NotListed != nil {
		return former.Account.Orphans.NotListed.From
	}
	return newFrom
}

// orphansSoFar adds up what a seal and those before it found.
func (f *FoundOrphans) orphansSoFar(former *Former) *OrphanAccount {
	if f == nil {
		return nil
	}
	var sum OrphanAccount
	if former != nil && former.Account.Orphans != nil {
		sum = *former.Account.Orphans
	}
	if f.NotListed != "" {
		sum.NotListed = &OrphansNotListed{f.From, f.Until, f.NotListed}
		return &sum
	}
	sum.Listed += f.Listed
	sum.Undated += f.Undated
	if !f.At.IsZero() {
		sum.At, sum.Enumerated, sum.NotListed = f.At, f.Enumerated, nil
	}
	return &sum
}

// Events report an enumeration of orphaned recordings for a seal, or why there is
// none: nothing if nobody was asked.
func (f FoundOrphans) Events(at time.Time, by string) []Event {
	event := Event{Time: at, Actor: by, Details: map[string]string{"from": stamp(f.From), "until": stamp(f.Until)}}
	switch {
	case f.NotListed != "":
		event.Type, event.Details["why"] = "OrphansNotListed", f.NotListed
	case f.At.IsZero():
		return nil
	default:
		event.Type, event.Details["enumeratedAt"] = "OrphansListed", stamp(f.At)
		event.Details["enumerated"], event.Details["listed"], event.Details["undated"] = formatInt(f.Enumerated), formatInt(f.Listed), formatInt(f.Undated)
		event.Details["sha256"] = f.SHA256
	}
	return []Event{event}
}

// orphanColumns are those of orphans.csv.
var orphanColumns = []string{"orphan_id", "created", "medium", "media_type", "size", "file_state", "orphan_status", "conversation_id"}

// longestWord bounds what is shown of a word or an id of Genesys Cloud, in runes.
const longestWord = 100

// ListOrphans writes to orphans.csv which of an enumeration were created in a part of
// the window, each once, in the order of the enumeration; and those of which it is not
// said when, unless an earlier seal lists them.
func ListOrphans(w io.Writer, enumeration iter.Seq2[genesys.Orphan, error], part Span, earlier func() (map[string]bool, error)) (FoundOrphans, error) {
	digest := sha256.New()
	l := orphanLister{
		Span: part, table: csv.NewWriter(io.MultiWriter(w, digest)), seen: map[key]bool{}, earlier: earlier,
		found: FoundOrphans{From: part.Start, Until: part.End},
	}
	err := l.table.Write(orphanColumns)
	for orphan, failed := range enumeration {
		if err = errors.Join(err, failed); err == nil {
			err = l.addOrphan(orphan)
		}
		if err != nil {
			return l.found, err
		}
	}
	l.table.Flush()
	l.found.SHA256 = hex.EncodeToString(digest.Sum(nil))
	return l.found, errors.Join(err, l.table.Error())
}

// orphanLister is a ListOrphans that is under way.
type orphanLister struct {
	Span
	table *csv.Writer
	seen  map[key]bool
	// earlier reads which undated ones earlier seals list, known once it was needed.
	earlier func() (map[string]bool, error)
	known   map[string]bool
	found   FoundOrphans
}

// addOrphan adds an orphaned recording.
func (l *orphanLister) addOrphan(o genesys.Orphan) error {
	id := keyOf(o.ID)
	if l.seen[id] {
		return nil
	}
	l.seen[id] = true
	l.found.Enumerated++
	if o.Created.IsZero() {
		return l.listUndated(o)
	}
	if o.Created.Before(l.Start) || !o.Created.Before(l.End) {
		return nil
	}
	return l.writeOrphan(o)
}

func (l *orphanLister) listUndated(o genesys.Orphan) (err error) {
	if l.known == nil {
		if l.known, err = l.earlier(); err != nil {
			return err
		}
	}
	if l.known[shownWord(o.ID)] {
		return nil
	}
	l.found.Undated++
	return l.writeOrphan(o)
}

func (l *orphanLister) writeOrphan(o genesys.Orphan) error {
	l.found.Listed++
	size := ""
	if o.Size >= 0 {
		size = strconv.FormatInt(o.Size, 10)
	}
	return l.table.Write([]string{
		shownWord(o.ID), stamp(o.Created), string(o.Medium), shownWord(o.MediaAsReceived), size, shownWord(string(o.FileState)),
		shownWord(o.Status), shownWord(o.ConversationID),
	})
}

func shownWord(word string) string { return cell(Printable(word, longestWord)) }

// UndatedOrphans reads from the first seals of an export which orphaned recordings
// they list without a time of creation, by their ids.
func UndatedOrphans(root fs.FS, seals int) (map[string]bool, error) {
	undated := map[string]bool{}
	for number := 1; number <= seals; number++ {
		err := eachCell(root, SealFolder(number)+"/"+orphanTable, func(row map[string]string) error {
			if row["created"] == "" {
				undated[row["orphan_id"]] = true
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return undated, nil
}
