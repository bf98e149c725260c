package artifacts

import (
	"time"

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
	// OutOfScope are not in the scope of the export, and will not come into it.
	OutOfScope []LeftOut `json:"outOfScope,omitempty"`
	// Undecided are those of Deferred that are not in scope so far, and may come into it.
	Undecided []string `json:"undecided,omitempty"`
	// NotFound are, with the review of the window's first day, those that the scope names and
	// Genesys Cloud does not know.
	NotFound []string `json:"notFound,omitempty"`
	// Outside are, with that review, those that the scope names and that did not start in the window.
	Outside []LeftOut `json:"outside,omitempty"`
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

// NamedLookup is what Genesys Cloud answered about the conversations that a scope names. Later
// ones repeat what earlier ones have settled.
type NamedLookup struct {
	Stamp
	Conversations []NamedConversation `json:"conversations,omitempty"`
	// Unknown are those that Genesys Cloud does not know.
	Unknown []string `json:"unknown,omitempty"`
	// Final tells that the operator does not look for the unknown ones any more.
	Final bool `json:"final,omitempty"`
}

// NamedConversation is a conversation that a scope names.
type NamedConversation struct {
	genesys.Conversation
	// OutOfScope tells that it does not match the other fields of the scope.
	OutOfScope bool `json:"outOfScope,omitempty"`
}

// LeftOut is a conversation that the export leaves out.
type LeftOut struct {
	ID    string    `json:"id"`
	Start time.Time `json:"start"`
}
