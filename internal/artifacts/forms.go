package artifacts

import (
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// AnalyticsJob is a job at Genesys Cloud that is answering a survey. It is
// removed once the answer is an artifact.
type AnalyticsJob struct {
	Stamp
	Job genesys.Ticket `json:"job"`
}

// Purpose says why a day is surveyed.
type Purpose string

// The purposes of a survey.
const (
	// First: the day has settled.
	First Purpose = "First"
	// Deferred: conversations of the day had not ended, or not settled.
	Deferred Purpose = "Deferred"
	// Review: the day is about to be sealed.
	Review Purpose = "Review"
	// Retry: somebody asked for what was unavailable.
	Retry Purpose = "Retry"
)

// Survey is what one survey of a day found: every conversation that started in
// the day's part of the window and that no survey before has settled, in exactly
// one list.
type Survey struct {
	Stamp
	Day time.Time `json:"day"`
	// Pass counts the surveys of the day before this one.
	Pass    int     `json:"pass"`
	Purpose Purpose `json:"purpose"`
	JobID   string  `json:"jobId"`
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
	// Reopened are those of Conversations that a survey before has listed as open.
	Reopened []string `json:"reopened,omitempty"`
	// Before are, with the window's first day, those that began before the window
	// and reach into it. They are no part of the export.
	Before []string `json:"before,omitempty"`
	// Held is, of a review, which of all conversations of the day are under legal hold.
	Held []string `json:"held,omitempty"`
}

// Entry is a line of an export's plan. The plan only grows; its entries are
// numbered from 0, and what an entry names follows from it and from artifacts
// that were there before: so whoever reads it cuts the same slices. Exactly one
// of the pointers is set.
type Entry struct {
	Stamp
	Surveyed *Surveyed `json:"surveyed,omitempty"`
	Moved    *Moved    `json:"moved,omitempty"`
	Halved   *Halved   `json:"halved,omitempty"`
	Retried  *Retried  `json:"retried,omitempty"`
	Sealing  *Sealing  `json:"sealing,omitempty"`
	// Slices that the entry leads to.
	Slices []PlannedSlice `json:"slices,omitempty"`
}

// Surveyed takes a survey into the plan.
type Surveyed struct {
	Day     time.Time `json:"day"`
	Pass    int       `json:"pass"`
	Purpose Purpose   `json:"purpose"`
	// To is the end of the part of the day that was asked for.
	To time.Time `json:"to"`
	// Conversations of the survey, by what becomes of them.
	Conversations int64 `json:"conversations"`
	Held          int64 `json:"held"`
	Excluded      int64 `json:"excluded"`
	Open          int64 `json:"open"`
	Refused       int64 `json:"refused"`
	Deferred      int64 `json:"deferred"`
	Reopened      int64 `json:"reopened,omitempty"`
	// AskAgain is when the deferred ones are worth asking for again.
	AskAgain time.Time `json:"askAgain,omitzero"`
}

// Moved gives conversations whose legal hold changed before their transfer to
// the lanes that are theirs now.
type Moved struct {
	// Group of slices that they left, and one batch of it.
	Group string `json:"group"`
	Batch string `json:"batch"`
	// Day at which the batch's part of the window begins.
	Day time.Time `json:"day"`
}

// Halved cuts a batch that is too large in two.
type Halved struct {
	Batch string    `json:"batch"`
	Day   time.Time `json:"day"`
}

// Retried asks again for what the seals so far have as unavailable.
type Retried struct {
	// Token of the request.
	Token string `json:"token"`
	// Seals is how many there were.
	Seals int `json:"seals"`
	// Days with conversations that had not ended in time.
	Days []time.Time `json:"days,omitempty"`
}

// Sealing closes a part of the plan.
type Sealing struct {
	// Number of the seal, from 1.
	Number int `json:"number"`
	// Until is the end of the days that the seals cover then.
	Until time.Time `json:"until"`
	// Entries that the seal takes in, as numbers and intervals: 0-41,43.
	Entries string `json:"entries"`
}

// PlannedSlice is a slice of the plan: a batch to be.
type PlannedSlice struct {
	Name string `json:"name"`
	// Group names what shares its metadata and hold answers.
	Group         string       `json:"group"`
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
	// Group names what shares its metadata and hold answers.
	Group string `json:"group"`
	// Stay tells that its conversations stay in the batch even if their legal hold
	// changes: they have been moved before, or are asked for again.
	Stay          bool                    `json:"stay,omitempty"`
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

// Attempt is a request to restore a recording from Genesys Cloud's archive. It is
// noted down before it is made: there must not be another one.
type Attempt struct {
	Stamp
	genesys.RecordingRef
}

// Refusal is Genesys Cloud's refusal to restore a recording.
type Refusal struct {
	Stamp
	Restored
}

// Restored is what became of a recording that was archived: it is back, or there
// is a reason why not.
type Restored struct {
	genesys.RecordingRef
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// Restoration is how the restoration of a conversation's recordings ended.
type Restoration struct {
	Stamp
	ConversationID string     `json:"conversationId"`
	CorrelationID  string     `json:"correlationId,omitempty"`
	Recordings     []Restored `json:"recordings"`
	// Body is the conversation's metadata then, byte for byte (base64 in JSON).
	Body []byte `json:"body,omitempty"`
}

// Hold is which conversations of a group were under legal hold before transfer.
type Hold struct {
	Stamp
	// Asked is false if there was nothing to transfer, and nobody was asked.
	Asked bool     `json:"asked"`
	Held  []string `json:"held,omitempty"`
}

// Request is a batch request at Genesys Cloud.
type Request struct {
	Stamp
	Ticket genesys.Ticket `json:"ticket"`
	// Try counts how often the recordings were requested before, from 0.
	Try  int                    `json:"try"`
	Refs []genesys.RecordingRef `json:"refs"`
}

// Answer is what a batch request had given when it would give no more.
type Answer struct {
	Stamp
	RequestID  string     `json:"requestId"`
	Recordings []Answered `json:"recordings"`
}

// Answered is how a request answered for one recording.
type Answered struct {
	genesys.RecordingRef
	// Results is the most results with an address that were listed, in this request
	// or before, and Listed the most of any kind.
	Results int `json:"results"`
	Listed  int `json:"listed,omitempty"`
	// Refused is what Genesys Cloud said of a result that it will not give.
	Refused string `json:"refused,omitempty"`
	// Failed is why a result did not arrive, and Expired tells whether that was
	// for its address.
	Failed  string `json:"failed,omitempty"`
	Expired bool   `json:"expired,omitempty"`
	// Passed tells that not all came that is due, without a reason.
	Passed bool `json:"passed,omitempty"`
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
	// Split tells that the batch is too large for one bag: two others hold its halves.
	Split bool `json:"split,omitempty"`
	evidence.Inventory
}

// Closing tells that no recording is stored in a batch's bag any more.
type Closing struct{ Stamp }

// Run is a process that worked on a batch.
type Run struct{ Stamp }

// Answer returns the conversations with what the hold says of each. It says
// nothing if nobody was asked.
func (h Hold) Answer(conversations []evidence.Conversation) []evidence.Conversation {
	if !h.Asked {
		return conversations
	}
	held := make(map[string]bool, len(h.Held))
	for _, id := range h.Held {
		held[id] = true
	}
	out := slices.Clone(conversations)
	for i := range out {
		out[i].HeldLater = evidence.HoldAnswer{Held: held[out[i].ID], At: h.At}
	}
	return out
}
