package artifacts

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Entry is a line of an export's plan, as it is stored. The plan only grows; its entries
// are numbered from 0, and what an entry names follows from it and from artifacts that
// were there before: so whoever reads it makes the same slices.
type Entry struct {
	Stamp
	plan.Entry
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
	// changes: they have been moved before, or are requested again.
	Stay bool `json:"stay,omitempty"`
	// From is the batch that the recordings of the slice left, empty if none did.
	From string `json:"from,omitempty"`
	// Late tells that there is no patience left with its conversations: their metadata
	// and legal holds are queried a last few times.
	Late          bool                    `json:"late,omitempty"`
	Conversations []evidence.Conversation `json:"conversations"`
}
