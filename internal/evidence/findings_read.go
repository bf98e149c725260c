package evidence

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// findingsReader reads findings, one table after the other.
type findingsReader struct {
	Findings
	root  fs.FS
	seals int
	// from is where the window begins.
	from time.Time
	// bags is where in Findings.Bags a bag is.
	bags map[string]int
	// replaced are recordings that a later seal has a line about.
	replaced map[key]bool
	// open has, for each conversation that could not be exported, the number of the
	// last seal that says so; zero if a later seal has the conversation. Without
	// former seals it is not needed.
	open           map[key]int
	gaps, excluded map[string]*ReasonCount
	hours          map[time.Time]*UnbatchedHour
	// holds is where in Findings.HoldChanges a conversation is that may be requested
	// again, notListed if it is counted only.
	holds map[key]int
	// isolated are the conversations that left their batch as a whole, with what
	// became of them at last.
	isolated map[key]Disposition
	// differences are counted by what is zero in Recordings.
	differences map[DifferenceCount]int64
}

// eachSeal reads a table of each seal, from the first to the last.
func (r *findingsReader) eachSeal(table string, call func(number int, row map[string]string) error) error {
	for number := 1; number <= r.seals; number++ {
		path := SealFolder(number) + "/" + table
		if err := eachCell(r.root, path, func(row map[string]string) error { return call(number, row) }); err != nil {
			return err
		}
	}
	return nil
}

func (r *findingsReader) readBags() error {
	return r.eachSeal(bagTable, func(number int, row map[string]string) error {
		bag := FoundBag{
			BagRef: BagRef{Name: row["bag"], Lane: slicing.Lane(row["lane"]), Start: instant(row["start"]), End: instant(row["end"])},
			Seal:   number, Digest: row["tagmanifest_sha256"],
		}
		for column, into := range map[string]*int64{
			"exported": &bag.Exported, "excluded": &bag.Excluded, "unavailable": &bag.Unavailable, "files": &bag.Files, "bytes": &bag.Bytes,
		} {
			n, err := strconv.ParseInt(row[column], 10, 64)
			if err != nil {
				return fmt.Errorf("%s of bag %s: %w", column, bag.Name, err)
			}
			*into = n
		}
		r.bags[bag.Name] = len(r.Bags)
		r.Bags = append(r.Bags, bag)
		return nil
	})
}

// readSeals notes the digests of the seals before.
func (r *findingsReader) readSeals() error {
	for number := max(1, r.seals-mostSeals+1); number < r.seals; number++ {
		manifest, err := digestFile(r.root, SealFolder(number)+"/"+payloadManifest)
		if err != nil {
			return err
		}
		r.Seals = append(r.Seals, SealRef{number, manifest.SHA256})
	}
	r.Seals = append(r.Seals, SealRef{Number: r.seals})
	return nil
}

// readRecordings reads from the last seal to the first, so that it is known of
// each line whether a later one replaces it.
func (r *findingsReader) readRecordings() error {
	for number := r.seals; number >= 1; number-- {
		var missing []Missing
		var again []key
		left := map[key]bool{} // retried and isolated: a later line says what became of it
		err := eachCell(r.root, SealFolder(number)+"/"+recordings, func(row map[string]string) error {
			id, retried := keyOf(row["conversation_id"], row["recording_id"]), row["retried"] == "true"
			if retried {
				again = append(again, id)
			}
			if movedToIsolated(row) {
				left[id] = true
				return nil
			}
			if retried || left[id] {
				r.Retried.add(Disposition(row["disposition"]))
			}
			if !r.replaced[id] {
				missing = r.takeRecordingLine(row, missing)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, id := range again {
			r.replaced[id] = true
		}
		missing = append(missing, r.Missing...)
		r.Missing = missing[:min(len(missing), MostListed)]
	}
	return nil
}

// takeRecordingLine adds a line about a recording that no later one replaces.
func (r *findingsReader) takeRecordingLine(row map[string]string, missing []Missing) []Missing {
	r.countIsolated(row)
	switch Disposition(row["disposition"]) {
	case Excluded:
		count(r.excluded, row["reason"]).Recordings++
	case Unavailable:
		count(r.gaps, row["reason"]).Recordings++
		r.addGap(row["bag"])
		if len(missing) < MostListed {
			missing = append(missing, Missing{
				ConversationID: row["conversation_id"], RecordingID: row["recording_id"], Medium: genesys.Medium(row["medium"]),
				Reason: row["reason"], Detail: row["detail"], Bag: row["bag"],
			})
		}
	default:
	}
	return missing
}

func (r *findingsReader) addGap(bag string) {
	if i, ok := r.bags[bag]; ok {
		r.Bags[i].Gaps++
	}
}

// readFailures adds the details of the listed conversations that could not be exported:
// no other table of a seal contains them.
func (r *findingsReader) readFailures() error {
	listed := map[string][]int{}
	for i, m := range r.Missing {
		if m.RecordingID == "" {
			listed[m.ConversationID] = append(listed[m.ConversationID], i)
		}
	}
	if len(listed) == 0 {
		return nil
	}
	return r.eachSeal(failures, func(_ int, row map[string]string) error {
		if row["recording_id"] == "" {
			for _, i := range listed[row["conversation_id"]] {
				r.Missing[i].Detail = row["detail"]
			}
		}
		return nil
	})
}

// readDifferences reads how the seals compare with a second source, as far as they do.
func (r *findingsReader) readDifferences() error {
	for number := 1; number <= r.seals; number++ {
		err := eachCell(r.root, SealFolder(number)+"/"+secondTable, func(row map[string]string) error {
			r.difference(number, row)
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (r *findingsReader) difference(number int, row map[string]string) {
	what := DifferenceCount{Difference: Difference(row["difference"]), Reason: row["reason"]}
	r.differences[what]++
	if what.Difference == NotInAccount && len(r.Unknown) < MostListed {
		r.Unknown = append(r.Unknown, Unknown{row["conversation_id"], row["recording_id"], instant(row["created"]), what.Reason, number})
	}
}

// readLogs reads what happened to the export as a whole.
func (r *findingsReader) readLogs() error {
	for number := 1; number <= r.seals; number++ {
		path := SealFolder(number) + "/" + sealLog
		if err := eachEvent(r.root, path, r.event); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// event adds an event.
func (r *findingsReader) event(e Event) {
	switch e.Type {
	case "DaySurveyed":
		if r.Surveys++; r.Surveys == 1 || e.Time.Before(r.FirstSurvey) {
			r.FirstSurvey = e.Time
		}
		if e.Time.After(r.LastSurvey) {
			r.LastSurvey = e.Time
		}
	case "ConversationsIsolated", "RecordingsIsolated":
		r.Isolated.at(e.Time)
	case "ConversationsMoved":
		r.Moves = append(r.Moves, e)
	case "RetryRequested":
		r.Retries = append(r.Retries, e)
	}
}

// eachEvent reads a stored log event by event.
func eachEvent(fsys fs.FS, path string, call func(Event)) error {
	file, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for lines := json.NewDecoder(file); ; {
		var line logLine
		if err := lines.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		call(line.Event)
	}
}

// count is where to count a reason.
func count(counts map[string]*ReasonCount, reason string) *ReasonCount {
	if counts[reason] == nil {
		counts[reason] = &ReasonCount{Reason: reason}
	}
	return counts[reason]
}

// instant reads what stamp writes.
func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return at
}
