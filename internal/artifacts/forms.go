package artifacts

import (
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// AnalyticsJob is a job at Genesys Cloud for a survey. It is removed once the survey is an
// artifact.
type AnalyticsJob struct {
	Stamp
	Job genesys.Ticket `json:"job"`
}

// Survey is the result of a survey of a day. Every conversation that started in the day's part
// of the window, and that no earlier survey has settled, is in exactly one list.
type Survey struct {
	Stamp
	Day time.Time `json:"day"`
	// Pass counts the surveys of the day before this one.
	Pass    int          `json:"pass"`
	Purpose plan.Purpose `json:"purpose"`
	JobID   string       `json:"jobId"`
	// HeldAt is when the operator queried the holds.
	HeldAt time.Time `json:"heldAt"`
	// Conversations have ended and settled.
	Conversations []slicing.Conversation `json:"conversations"`
	// Deferred ones have not, and are surveyed again.
	Deferred []genesys.Conversation `json:"deferred,omitempty"`
	// Open ones did not end in time.
	Open []genesys.Conversation `json:"open,omitempty"`
	// Refused are invalid ids, made printable.
	Refused []string `json:"refused,omitempty"`
	// Reopened are those of Conversations that a survey before has listed as open.
	Reopened []string `json:"reopened,omitempty"`
	// Before are, with the window's first day, those that began before the window
	// and reach into it. They are not part of the export.
	Before []string `json:"before,omitempty"`
	// Held is, of a review, which of all conversations of the day are under legal hold.
	Held []string `json:"held,omitempty"`
	// HoldsUnknown are those whose legal hold could not be determined. Before transfer it
	// is queried again; until then they count as held, unless the export leaves held
	// ones out.
	HoldsUnknown []genesys.UnknownHold `json:"holdsUnknown,omitempty"`
}

// Metadata is what was found out about one conversation's recordings.
type Metadata struct {
	Stamp
	ConversationID string              `json:"conversationId"`
	CorrelationID  string              `json:"correlationId,omitempty"`
	Recordings     []genesys.Recording `json:"recordings"`
	// RestorationsLeft is how many recordings the organisation may still have
	// restored from the archive, nil if that was not said.
	RestorationsLeft *int `json:"restorationsLeft,omitempty"`
	// Body is Genesys Cloud's answer, byte for byte (base64 in JSON).
	Body []byte `json:"body,omitempty"`
	// Reason is not empty if they could not be determined: then it is
	// evidence.ReasonMovedToIsolated, unless the slice is of the lane Isolated.
	Reason string `json:"reason,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Late is true if the conversation left only when its retry deadline was used up:
	// in the lane Isolated the operator makes a last few attempts.
	Late bool `json:"late,omitempty"`
}

// Attempt is a request to restore a recording from Genesys Cloud's archive. It is recorded
// before the request, which must not be made twice.
type Attempt struct {
	Stamp
	genesys.RecordingRef
	// Before is the recording's dates as they were read just before, Until the archive
	// date that is requested, in whole milliseconds.
	Before genesys.Retention `json:"before,omitzero"`
	Until  time.Time         `json:"until,omitzero"`
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
	// After is the recording's dates as they were read when this ended, later than any
	// request to restore it. It is nil if they were not read again, which is different
	// from a recording that has no dates.
	After *genesys.Retention `json:"after,omitempty"`
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
	// Asked is false if there was nothing to transfer, so that no query was made.
	Asked bool     `json:"asked"`
	Held  []string `json:"held,omitempty"`
	// Unknown are those about which there was no answer. They leave the slice, unless
	// it is of the lane Isolated: there the survey's answer is the last one.
	Unknown []genesys.UnknownHold `json:"unknown,omitempty"`
	// Late is true if there was no answer about any of them and the retry deadline was used up.
	Late bool `json:"late,omitempty"`
}

// Request is a batch request at Genesys Cloud.
type Request struct {
	Stamp
	Ticket genesys.Ticket `json:"ticket"`
	// Try is the number of the round of requests that it belongs to, from 0.
	Try  int                    `json:"try"`
	Refs []genesys.RecordingRef `json:"refs"`
}

// Answer is the final answer to a batch request.
type Answer struct {
	Stamp
	RequestID  string     `json:"requestId"`
	Recordings []Answered `json:"recordings"`
	// Lost tells that the request as a whole could not be read.
	Lost bool `json:"lost,omitempty"`
}

// SetAside is a recording that its batch no longer requests.
type SetAside struct {
	Stamp
	genesys.RecordingRef
	// Reason is evidence.ReasonMovedToIsolated if it comes in a batch of the lane
	// Isolated, and otherwise why it is unavailable.
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
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
	// Failed is why a result did not arrive, and Expired is true if that was because
	// its address did not work any more.
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
	// Split tells that the batch is too large for one bag: two others contain its halves.
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
		if _, unknown := h.Why(out[i].ID); !unknown {
			out[i].HeldLater = evidence.HoldAnswer{Held: held[out[i].ID], At: h.At}
		}
	}
	return out
}

// Why reports whether there was no answer about a conversation, and why.
func (h Hold) Why(conversationID string) (why string, unknown bool) {
	for _, u := range h.Unknown {
		if u.ConversationID == conversationID {
			return u.Why, true
		}
	}
	return "", false
}
