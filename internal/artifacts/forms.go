package artifacts

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// AnalyticsJob is a job at Genesys Cloud that is answering a survey. It is
// removed once the answer is an artifact.
type AnalyticsJob struct {
	Stamp
	JobID string `json:"jobId"`
}

// Survey is what one day's survey found: every conversation that started in the
// day's part of the window, in exactly one list. Round 0 is the first survey of
// a day; a later round holds what the rounds before it had deferred or missed.
type Survey struct {
	Stamp
	Day   time.Time `json:"day"`
	Round int       `json:"round"`
	JobID string    `json:"jobId"`
	// HeldAt is when the holds were asked for.
	HeldAt time.Time `json:"heldAt"`
	// Conversations have ended and settled.
	Conversations []slicing.Conversation `json:"conversations"`
	// Deferred ones have not, and are asked for again.
	Deferred []genesys.Conversation `json:"deferred,omitempty"`
	// Open ones did not end in time.
	Open []genesys.Conversation `json:"open,omitempty"`
	// Refused are ids that are none, made printable.
	Refused []string `json:"refused,omitempty"`
}

// Plan is the slices that became known with a day's survey.
type Plan struct {
	Stamp
	Day   time.Time `json:"day"`
	Round int       `json:"round"`
	// Conversations of the day's survey, by what becomes of them.
	Surveyed int64 `json:"surveyed"`
	Held     int64 `json:"held"`
	Excluded int64 `json:"excluded"`
	Open     int64 `json:"open"`
	Refused  int64 `json:"refused"`
	Deferred int64 `json:"deferred"`
	// AskAgain is when the deferred ones are worth asking for again.
	AskAgain time.Time      `json:"askAgain,omitzero"`
	Slices   []PlannedSlice `json:"slices"`
}

// PlannedSlice is a slice of the plan: a batch to be.
type PlannedSlice struct {
	Name          string       `json:"name"`
	Lane          slicing.Lane `json:"lane"`
	Start         time.Time    `json:"start"`
	End           time.Time    `json:"end"`
	Conversations int          `json:"conversations"`
}

// Slice is the conversations of a batch.
type Slice struct {
	Stamp
	Lane  slicing.Lane `json:"lane"`
	Start time.Time    `json:"start"`
	End   time.Time    `json:"end"`
	// Group names what shares its metadata.
	Group         string                  `json:"group"`
	Conversations []evidence.Conversation `json:"conversations"`
}

// Metadata is what was learned of one conversation's recordings.
type Metadata struct {
	Stamp
	ConversationID string              `json:"conversationId"`
	CorrelationID  string              `json:"correlationId,omitempty"`
	Recordings     []genesys.Recording `json:"recordings"`
	// Body is Genesys Cloud's answer, byte for byte (base64 in JSON).
	Body []byte `json:"body,omitempty"`
	// Reason is not empty if they could not be learned.
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Hold is which conversations of a batch were under legal hold before transfer.
type Hold struct {
	Stamp
	Held []string `json:"held"`
}

// Request is a batch request at Genesys Cloud.
type Request struct {
	Stamp
	RequestID string `json:"requestId"`
	// Try counts how often the recordings were requested before, from 0.
	Try  int                    `json:"try"`
	Refs []genesys.RecordingRef `json:"refs"`
}

// StoredFile is a file of a recording that is in the batch's bag.
type StoredFile struct {
	Stamp
	evidence.File
	// Number counts the files of a recording, from 1.
	Number int `json:"number"`
	// Adopted tells that the file was found stored, by a process that ended
	// before it could note so.
	Adopted bool `json:"adopted,omitempty"`
}

// Inventory is a batch's inventory.
type Inventory struct {
	Stamp
	evidence.Inventory
}

// Run is a process that worked on a batch.
type Run struct{ Stamp }
