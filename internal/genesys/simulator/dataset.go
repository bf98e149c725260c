package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// Medium is what a recording is a recording of.
type Medium string

// The media that Genesys Cloud records, by the names its S3 exports use.
const (
	Call    Medium = "Call"
	Screen  Medium = "Screen"
	Chat    Medium = "Chat"
	Email   Medium = "Email"
	Message Medium = "Message"
)

// FileState says where a recording's file is.
type FileState string

// The file states of RecordingMetadata. Only available and restored recordings
// can be downloaded.
const (
	Available FileState = "AVAILABLE"
	Archived  FileState = "ARCHIVED"
	Deleted   FileState = "DELETED"
	Restored  FileState = "RESTORED"
	Restoring FileState = "RESTORING"
	Uploading FileState = "UPLOADING"
	Errored   FileState = "ERROR"
)

// special reports whether s is a state that a recording is not usually in.
func (s FileState) special() bool {
	switch s {
	case Archived, Deleted, Restored, Restoring, Uploading, Errored:
		return true
	default:
		return false
	}
}

// Downloadable reports whether a recording in this state has media to give.
func (s FileState) Downloadable() bool { return s == Available || s == Restored }

// Dataset is the truth about an organisation's conversations at one moment,
// whether or not analytics or the recording service know of them yet.
type Dataset struct {
	// Conversations are in order of start, then id.
	Conversations []Conversation
	// Orphans are the recordings of no conversation, in order of creation. Methods
	// that choose conversations leave them out.
	Orphans []Orphan
}

// Conversation is one conversation.
type Conversation struct {
	// ID is a UUID except for the conversation that Edges.HostileIDs adds.
	ID    string
	Start time.Time
	// End is zero until the conversation has ended.
	End time.Time
	// Medium is what people talked by; never Screen.
	Medium Medium
	// Held reports whether the conversation is under deletion protection.
	Held bool
	// Recordings are all that the conversation will ever have. They can be requested
	// once it has ended and Options.RecordingLag has passed.
	Recordings []Recording

	key uint64
	// unlisted ones are not known to analytics yet.
	unlisted   bool
	jobTrouble JobTrouble
	// queue is where somebody moved it; empty if nobody did.
	queue string
}

// HasScreens reports whether a screen was recorded.
func (c Conversation) HasScreens() bool {
	return slices.ContainsFunc(c.Recordings, func(r Recording) bool { return r.Medium == Screen })
}

// Recording is one recording of a conversation.
type Recording struct {
	// ID is a UUID except for one of Edges.HostileIDs.
	ID             string
	ConversationID string
	Medium         Medium
	// ContentType is the media type of the files, with its parameters.
	ContentType string
	FileState   FileState
	// Start and End are when it was recorded; the media are a short sample.
	Start, End time.Time
	// Sensitive recordings need a permission of their own.
	Sensitive bool
	// ArchiveDate is when the recording went to the archive, or goes there; zero if
	// it stays where it is. DeleteDate is when it is deleted, zero if never.
	ArchiveDate, DeleteDate time.Time
	// ExportDate is when a bulk job wants the recording exported, ExportedDate
	// when it was; both are zero before.
	ExportDate, ExportedDate time.Time

	// unlisted ones are not known to the recording service yet.
	unlisted bool
	subtype  string
	session  string
	files    int
	key      uint64

	exportTrouble ExportTrouble
}

// File is one file of a recording, as it is downloaded.
type File struct {
	ContentType string
	// Size is in bytes.
	Size int
	// SHA256 is in lower-case hexadecimal.
	SHA256 string
}

// Files describes the recording's files, in the order in which a batch request
// gives them. There is nearly always one. The bytes are made for the purpose,
// so asking for all files of a large data set takes its time.
func (r Recording) Files() []File {
	files := make([]File, r.files)
	for i := range files {
		media := r.Media(i)
		sum := sha256.Sum256(media)
		files[i] = File{ContentType: r.ContentType, Size: len(media), SHA256: hex.EncodeToString(sum[:])}
	}
	return files
}

// Conversation returns the conversation with this id, and whether there is one.
func (d Dataset) Conversation(id string) (Conversation, bool) {
	for _, c := range d.Conversations {
		if c.ID == id {
			return c, true
		}
	}
	return Conversation{}, false
}

// Started returns the conversations that started in [from, to).
func (d Dataset) Started(from, to time.Time) Dataset {
	return d.where(func(c Conversation) bool { return !c.Start.Before(from) && c.Start.Before(to) })
}

// Held returns the conversations under deletion protection.
func (d Dataset) Held() Dataset {
	return d.where(func(c Conversation) bool { return c.Held })
}

// NotHeld returns the conversations that are not under deletion protection.
func (d Dataset) NotHeld() Dataset {
	return d.where(func(c Conversation) bool { return !c.Held })
}

// Recordings returns the recordings of all conversations.
func (d Dataset) Recordings() []Recording {
	var recordings []Recording
	for _, c := range d.Conversations {
		recordings = append(recordings, c.Recordings...)
	}
	return recordings
}

func (d Dataset) where(wanted func(Conversation) bool) Dataset {
	var found Dataset
	for _, c := range d.Conversations {
		if wanted(c) {
			found.Conversations = append(found.Conversations, c)
		}
	}
	return found
}
