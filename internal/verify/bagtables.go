package verify

import (
	"slices"
	"strconv"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// tables is what a bag's tables list.
type tables struct {
	conversations map[string]conversationLine
	index         []indexLine
	files         map[string]fileLine
	// references are where the files are that are outside the archive, by their paths.
	references map[string]reference
	// received is what Genesys Cloud said of the recordings of each conversation, as far
	// as it could be read, and there of which conversations there is metadata.
	received map[string][]received
	there    map[string]bool
}

type conversationLine struct {
	Row
	end
	recordings int64
}

type indexLine struct {
	line                                                    int
	conversation, recording, lane, disposition, reason, key string
	medium, detail                                          string
	files                                                   int64
}

// end is what the line says became of the recording.
func (l indexLine) end() end { return end{evidence.Disposition(l.disposition), l.reason} }

// isLost reports whether a line is about a recording that Genesys Cloud did not list
// any more when it was isolated.
func (l indexLine) isLost() bool {
	return l.lane == string(slicing.Isolated) && l.disposition == string(evidence.Unavailable) && l.reason == evidence.ReasonRecordingUnknown
}

type fileLine struct {
	key, sha256, request, receivedAt string
	size                             int64
}

// The columns that are needed; there may be more.
var (
	conversationColumns = []string{
		"conversation_id", "start", "held_at_survey", "held_at_survey_time", "held_before_transfer", "held_before_transfer_time",
		"recordings", "home", "disposition", "reason", "detail", "retried",
	}
	indexColumns = []string{"conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "detail", "files", "retried"}
	fileColumns  = []string{"path", "conversation_id", "recording_id", "size", "sha256", "request_id", "received_at"}
)

// readTables reads a bag's tables.
func (v *verifier) readTables(b *bag) tables {
	t := tables{conversations: map[string]conversationLine{}, files: map[string]fileLine{}, received: map[string][]received{}, there: map[string]bool{}}
	at := b.bagPath(evidence.ConversationsTable)
	for row := range v.rows(at, conversationColumns...) {
		id := row.Get("conversation_id")
		if _, twice := t.conversations[id]; twice {
			v.fault(Contradiction, at, "line %d lists conversation %s a second time", row.Line, cut(id))
		}
		t.conversations[id] = conversationLine{row, end{evidence.Disposition(row.Get("disposition")), row.Get("reason")}, row.number("recordings")}
		v.checkDisposition(at, row, "conversation "+id)
		v.checkIsolated(at, row, b.info["Lane"], "conversation "+id)
	}
	at = b.bagPath(evidence.IndexTable)
	for row := range v.rows(at, indexColumns...) {
		line := indexLine{
			line: row.Line, conversation: row.Get("conversation_id"), recording: row.Get("recording_id"),
			lane: row.Get("lane"), disposition: row.Get("disposition"), reason: row.Get("reason"), files: row.number("files"),
			medium: row.Get("medium"), detail: row.Get("detail"),
		}
		line.key = line.conversation + "/" + line.recording
		t.index = append(t.index, line)
		if !isIsolated(row) {
			b.counts.add(line.disposition, 1)
		}
		v.checkDisposition(at, row, "recording "+line.key)
		v.checkIsolated(at, row, row.Get("lane"), "recording "+line.key)
		if lane := row.Get("lane"); b.info["Lane"] != "" && lane != b.info["Lane"] {
			v.fault(Contradiction, at, "line %d states lane %s, but bag-info.txt states %s", row.Line, cut(lane), b.info["Lane"])
		}
	}
	v.readFiles(b, t)
	b.keepParts(t)
	return t
}

func (v *verifier) readFiles(b *bag, t tables) {
	at := b.bagPath(evidence.FilesTable)
	for row := range v.rows(at, fileColumns...) {
		name, conversation, recording := row.Get("path"), row.Get("conversation_id"), row.Get("recording_id")
		if _, twice := t.files[name]; twice {
			v.fault(Contradiction, at, "line %d lists %s a second time", row.Line, cut(name))
		}
		parts := recordingPath.FindStringSubmatch(name)
		if parts == nil || parts[1] != conversation || parts[2] != recording {
			v.fault(Contradiction, at, "line %d states that %s is a file of recording %s/%s, whose files belong elsewhere", row.Line, cut(name), cut(conversation), cut(recording))
		}
		t.files[name] = fileLine{
			key: conversation + "/" + recording, sha256: row.Get("sha256"), request: row.Get("request_id"), receivedAt: row.Get("received_at"), size: row.number("size"),
		}
		b.files++
		b.bytes += row.number("size")
	}
}

// checkDisposition checks that a line says what became of something, and why.
func (v *verifier) checkDisposition(at string, row Row, of string) {
	disposition, why := row.Get("disposition"), row.Get("reason")
	switch evidence.Disposition(disposition) {
	case evidence.Exported:
		if why != "" {
			v.fault(Contradiction, at, "line %d states that %s is Exported, but gives the reason %s", row.Line, cut(of), cut(why))
		}
	case evidence.Excluded, evidence.Unavailable:
		if why == "" {
			v.fault(Contradiction, at, "line %d states that %s is %s, but gives no reason", row.Line, cut(of), disposition)
		}
	default:
		v.fault(Malformed, at, "line %d states that %s is %q, which is not a disposition", row.Line, cut(of), cut(disposition))
	}
}

// checkFiles compares files.csv with the files, both ways.
func (v *verifier) checkFiles(b *bag, t tables, found hashedFiles) {
	listed := map[string]string{}
	for name, line := range t.files {
		listed[name] = line.sha256
		if file, there := found[name]; there && !file.unread && file.size != line.size {
			v.fault(Contradiction, b.bagPath(evidence.FilesTable), "states that %s has %d bytes, but it has %d", name, line.size, file.size)
		}
	}
	v.compare(b.bagPath(evidence.FilesTable), b.folder, listed, found.sub(recordingPath.MatchString))
}

// checkIndex compares index.csv with the other tables.
func (v *verifier) checkIndex(b *bag, t tables) {
	at, counted := b.bagPath(evidence.IndexTable), map[string]int64{}
	for _, file := range t.files {
		counted[file.key]++
	}
	listed := map[string]bool{}
	for _, line := range t.index {
		switch of, known := t.conversations[line.conversation]; {
		case !known:
			v.fault(Contradiction, at, "line %d lists a recording of conversation %s, which conversations.csv does not list", line.line, cut(line.conversation))
		case of.reason == evidence.ReasonMovedToIsolated:
			v.fault(Contradiction, at, "line %d lists a recording of conversation %s, but conversations.csv states that the whole conversation is isolated", line.line, cut(line.conversation))
		}
		switch {
		case line.reason == evidence.ReasonDuplicateID, !genesys.ValidID(line.recording):
			continue
		case listed[line.key]:
			v.fault(Contradiction, at, "line %d lists recording %s a second time", line.line, line.key)
		}
		listed[line.key] = true
		v.checkCount(at, line, counted[line.key])
	}
	for key, n := range counted {
		if !listed[key] {
			v.fault(Contradiction, at, "does not list recording %s, but the bag contains %s of it", key, words.Count(n, "file"))
		}
	}
}

func (v *verifier) checkCount(at string, line indexLine, files int64) {
	switch exported := line.disposition == string(evidence.Exported); {
	case line.files != files:
		v.fault(Contradiction, at, "line %d states %s of recording %s, but the bag contains %d", line.line, words.Count(line.files, "file"), line.key, files)
	case exported && files == 0 && line.lane != isolatedLane: // files of it may be where it left
		v.fault(Contradiction, at, "line %d states that recording %s is Exported, but there is no file of it", line.line, line.key)
	case line.disposition == string(evidence.Excluded) && line.reason != evidence.ReasonMovedToIsolated && files > 0:
		v.fault(Contradiction, at, "line %d states that recording %s is Excluded, but the bag contains %s of it", line.line, line.key, words.Count(files, "file"))
	}
}

// checkMetadata compares what Genesys Cloud said of each conversation with the tables.
func (v *verifier) checkMetadata(b *bag, t tables, found hashedFiles) {
	listed, told := map[string]map[string]bool{}, map[string][]int64{}
	for name := range found {
		parts := metadataPath.FindStringSubmatch(name)
		if parts == nil {
			continue
		}
		id := parts[1]
		if _, known := t.conversations[id]; !known {
			v.fault(Contradiction, b.bagPath(name), "is about a conversation that conversations.csv does not list")
		}
		counts := told[id]
		t.there[id] = t.there[id] || parts[2] == ""
		if list, ok := v.readMetadata(b.bagPath(name)); ok {
			if listed[id] == nil {
				listed[id] = map[string]bool{}
			}
			for _, r := range list {
				listed[id][r.ID] = true
			}
			if counts = append(counts, int64(len(list))); parts[2] == "" {
				t.received[id] = list
			}
		}
		told[id] = counts
	}
	for id, c := range t.conversations {
		counts, there := told[id]
		switch {
		case !there && c.disposition == evidence.Exported && c.recordings > 0:
			v.reportMissing(b.bagPath(evidence.MetadataPath(id)), "is missing, though conversations.csv states that Genesys Cloud listed %d recordings", c.recordings)
		case len(counts) > 0 && !slices.Contains(counts, c.recordings):
			v.fault(Contradiction, b.bagPath(evidence.ConversationsTable), "states that Genesys Cloud listed %d recordings of conversation %s, but %s lists %d",
				c.recordings, id, evidence.MetadataPath(id), counts[0])
		}
	}
	v.checkNamed(b, t, listed)
}

// checkNamed checks that metadata names each recording of which there is a line.
func (v *verifier) checkNamed(b *bag, t tables, listed map[string]map[string]bool) {
	for _, line := range t.index {
		ids, there := listed[line.conversation]
		if there && genesys.ValidID(line.recording) && !ids[line.recording] && !line.isLost() {
			v.fault(Contradiction, b.bagPath(evidence.IndexTable), "line %d lists recording %s, which the metadata of its conversation does not contain", line.line, line.key)
		}
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
