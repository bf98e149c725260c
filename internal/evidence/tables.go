package evidence

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/bounded"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// File is one file of a recording, in its bag or referenced by it.
type File struct {
	// Path within the bag.
	Path           string `json:"path"`
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId"`
	// Size in bytes.
	Size int64 `json:"size"`
	// SHA256 in hexadecimal, taken while the file was received, or read where it is.
	SHA256      string `json:"sha256"`
	ContentType string `json:"contentType"`
	// RequestID is Genesys Cloud's id of the batch request that gave the file, or of the bulk
	// job that exported it.
	RequestID  string    `json:"requestId"`
	ReceivedAt time.Time `json:"receivedAt"`
	// Reference is where the file is if it is not in the bag.
	Reference Reference `json:"reference,omitzero"`
}

var (
	conversationColumns = []string{
		"conversation_id", "start", "held_at_survey", "held_at_survey_time", "held_before_transfer",
		"held_before_transfer_time", "recordings", "home", "disposition", "reason", "detail", "retried",
	}
	indexColumns = []string{
		"conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "detail", "files", "retried",
	}
	fileColumns = []string{
		"path", "conversation_id", "recording_id", "size", "sha256", "content_type", "request_id", "received_at",
	}
)

// WriteConversations writes conversations.csv.
func WriteConversations(w io.Writer, conversations []Conversation) error {
	return writeTable(w, conversationColumns, len(conversations), func(i int) []string {
		c := conversations[i]
		return []string{
			c.ID, stamp(c.Start), strconv.FormatBool(c.Held.Held), stamp(c.Held.At), heldCell(c.HeldLater), stamp(c.HeldLater.At),
			strconv.Itoa(c.Recordings), strconv.FormatBool(c.Home), string(c.Disposition), c.Reason, cell(c.Detail),
			strconv.FormatBool(c.Retried),
		}
	})
}

// WriteIndex writes index.csv.
func WriteIndex(w io.Writer, lane slicing.Lane, recordings []Recording) error {
	return writeTable(w, indexColumns, len(recordings), func(i int) []string {
		r := recordings[i]
		return []string{
			r.ConversationID, cell(r.RecordingID), string(r.Medium), string(lane), string(r.Disposition), r.Reason,
			cell(r.Detail), strconv.Itoa(r.Files), strconv.FormatBool(r.Retried),
		}
	})
}

// WriteFiles writes files.csv.
func WriteFiles(w io.Writer, files []File) error {
	return writeTable(w, fileColumns, len(files), func(i int) []string {
		f := files[i]
		return []string{
			f.Path, f.ConversationID, f.RecordingID, strconv.FormatInt(f.Size, 10), f.SHA256, cell(f.ContentType),
			f.RequestID, stamp(f.ReceivedAt),
		}
	})
}

// ReadConversations reads what WriteConversations writes, as far as an account needs it.
func ReadConversations(r io.Reader) iter.Seq2[Conversation, error] {
	return readTable(r, conversationColumns, func(row []string) (Conversation, error) {
		recordings, err := strconv.Atoi(row[6])
		if err != nil {
			return Conversation{}, err
		}
		start, err := time.Parse(time.RFC3339Nano, row[1])
		return Conversation{
			ID: row[0], Start: start, Held: HoldAnswer{row[2] == "true", parseHoldAnswer(row[2], row[3]).At}, Recordings: recordings,
			Home: row[7] == "true", Disposition: Disposition(row[8]), Reason: row[9], Detail: row[10], Retried: row[11] == "true",
			HeldLater: parseHoldAnswer(row[4], row[5]),
		}, err
	})
}

// ReadIndex reads what WriteIndex writes.
func ReadIndex(r io.Reader) iter.Seq2[Recording, error] {
	return readTable(r, indexColumns, func(row []string) (Recording, error) {
		files, err := strconv.Atoi(row[7])
		return Recording{
			ConversationID: row[0], RecordingID: row[1], Medium: genesys.Medium(row[2]),
			Disposition: Disposition(row[4]), Reason: row[5], Detail: row[6], Files: files,
			Retried: row[8] == "true",
		}, err
	})
}

// ReadFiles reads what WriteFiles writes, as far as an account needs it.
func ReadFiles(r io.Reader) iter.Seq2[File, error] {
	return readTable(r, fileColumns, func(row []string) (File, error) {
		size, err := strconv.ParseInt(row[3], 10, 64)
		return File{Path: row[0], ConversationID: row[1], RecordingID: row[2], Size: size, SHA256: row[4]}, err
	})
}

func writeTable(w io.Writer, columns []string, n int, row func(i int) []string) error {
	table := csv.NewWriter(w)
	if err := table.Write(columns); err != nil {
		return err
	}
	for i := range n {
		if err := table.Write(row(i)); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

// errColumns is the error for a table that names other columns than it has to.
var errColumns = errors.New("it has other columns, or in another order")

// readTable reads a table with exactly these columns.
func readTable[T any](r io.Reader, columns []string, parse func(row []string) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		table := bounded.NewTable(r)
		table.FieldsPerRecord = len(columns)
		for line := 0; ; line++ {
			row, err := table.Read()
			if errors.Is(err, io.EOF) && line > 0 {
				return
			}
			var value T
			switch {
			case err != nil:
			case line > 0:
				value, err = parse(row)
			case !slices.Equal(row, columns):
				err = errColumns
			}
			if err != nil {
				err = fmt.Errorf("table of %s, line %d: %w", columns[0], line+1, err)
			}
			if (err != nil || line > 0) && !yield(value, err) || err != nil {
				return
			}
		}
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func heldCell(answer HoldAnswer) string {
	if answer.At.IsZero() {
		return ""
	}
	return strconv.FormatBool(answer.Held)
}

// parseHoldAnswer reads what heldCell and stamp write.
func parseHoldAnswer(held, at string) HoldAnswer {
	when, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return HoldAnswer{}
	}
	return HoldAnswer{Held: held == "true", At: when}
}

// eachBagRow reads a table of each bag row by row, up to the first error.
func eachBagRow[T any](root fs.FS, bags []BagRef, table string, read func(io.Reader) iter.Seq2[T, error], call func(BagRef, T) error) error {
	for _, bag := range bags {
		err := eachRow(root, BagFolder(bag.Name)+"/"+table, read, func(row T) error { return call(bag, row) })
		if err != nil {
			return err
		}
	}
	return nil
}

// eachRow reads a stored table row by row.
func eachRow[T any](fsys fs.FS, path string, read func(io.Reader) iter.Seq2[T, error], call func(T) error) error {
	file, err := fsys.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for row, err := range read(file) {
		if err == nil {
			err = call(row)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}
