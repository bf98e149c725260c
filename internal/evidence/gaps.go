package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/bounded"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Gap is a conversation, or some of its recordings, that the seals have as
// unavailable and that a retry may export.
type Gap struct {
	ConversationID string
	Start          time.Time
	Lane           slicing.Lane
	// Held reports whether the conversation was under legal hold before its transfer.
	Held bool
	// Recordings that are missing; none if the conversation's could not be determined.
	// Media are theirs, in the same order.
	Recordings []string
	Media      []genesys.Medium
}

// ReadGaps reads from the first seals of an export what is still unavailable,
// along (start, conversation id, lane). What a retry cannot fix is left
// out, and so are conversations that are in no bag.
func ReadGaps(root fs.FS, seals int) ([]Gap, error) {
	known := openGaps{gaps: map[gapKey]*Gap{}, starts: map[string]time.Time{}, held: map[string]bool{}}
	for number := 1; number <= seals; number++ {
		if err := known.readSeal(root, SealFolder(number)); err != nil {
			return nil, err
		}
	}
	return known.sortedGaps(), nil
}

type gapKey struct {
	conversation string
	lane         slicing.Lane
}

// openGaps follows what is unavailable from seal to seal.
type openGaps struct {
	gaps   map[gapKey]*Gap
	starts map[string]time.Time
	held   map[string]bool
}

func (b *openGaps) readSeal(root fs.FS, folder string) error {
	lanes := map[string]slicing.Lane{}
	if err := eachCell(root, folder+"/"+bagTable, func(row map[string]string) error {
		lanes[row["bag"]] = slicing.Lane(row["lane"])
		return nil
	}); err != nil {
		return err
	}
	err := eachCell(root, folder+"/"+conversations, func(row map[string]string) error { return b.conversation(row, lanes) })
	if err != nil {
		return err
	}
	return eachCell(root, folder+"/"+recordings, b.addRecordingLine)
}

// conversation adds a line about a conversation that is in a bag.
func (b *openGaps) conversation(row map[string]string, lanes map[string]slicing.Lane) error {
	lane, inBag := lanes[row["bag"]]
	if !inBag {
		return nil
	}
	start, err := time.Parse(time.RFC3339Nano, row["start"])
	if err != nil {
		return err
	}
	id := row["conversation_id"]
	b.starts[id] = start
	b.held[id] = cmp.Or(row["held_before_transfer"], row["held_at_survey"]) == "true"
	key := gapKey{id, lane}
	if Disposition(row["disposition"]) == Unavailable {
		b.gaps[key] = &Gap{ConversationID: id, Lane: lane}
	} else if row["retried"] == "true" {
		delete(b.gaps, key)
	}
	return nil
}

// notRetried are reasons that a retry does not fix.
var notRetried = []string{ReasonInvalidID, ReasonUnknownMedium}

// addRecordingLine adds a line about a recording.
func (b *openGaps) addRecordingLine(row map[string]string) error {
	key, id := gapKey{row["conversation_id"], slicing.Lane(row["lane"])}, row["recording_id"]
	gap := b.gaps[key]
	switch {
	case Disposition(row["disposition"]) == Unavailable && !slices.Contains(notRetried, row["reason"]):
		if gap == nil {
			gap = &Gap{ConversationID: key.conversation, Lane: key.lane}
			b.gaps[key] = gap
		}
		if !slices.Contains(gap.Recordings, id) {
			gap.Recordings, gap.Media = append(gap.Recordings, id), append(gap.Media, genesys.Medium(row["medium"]))
		}
	case gap != nil && row["retried"] == "true":
		if i := slices.Index(gap.Recordings, id); i >= 0 {
			gap.Recordings, gap.Media = slices.Delete(gap.Recordings, i, i+1), slices.Delete(gap.Media, i, i+1)
		}
		if len(gap.Recordings) == 0 {
			delete(b.gaps, key)
		}
	}
	return nil
}

func (b *openGaps) sortedGaps() []Gap {
	gaps := make([]Gap, 0, len(b.gaps))
	for _, gap := range b.gaps {
		gap.Start, gap.Held = b.starts[gap.ConversationID], b.held[gap.ConversationID]
		gaps = append(gaps, *gap)
	}
	slices.SortFunc(gaps, func(x, y Gap) int {
		if c := x.Start.Compare(y.Start); c != 0 {
			return c
		}
		return strings.Compare(x.ConversationID+string(x.Lane), y.ConversationID+string(y.Lane))
	})
	return gaps
}

// eachCell reads a stored table row by row, each cell by the name of its column.
func eachCell(fsys fs.FS, path string, call func(row map[string]string) error) error {
	file, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	table := bounded.NewTable(file)
	table.ReuseRecord = true
	header, err := table.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	names := slices.Clone(header)
	row := make(map[string]string, len(names))
	for {
		cells, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			for i, name := range names {
				row[name] = cells[i]
			}
			err = call(row)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}
