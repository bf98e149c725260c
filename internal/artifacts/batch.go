package artifacts

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

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
	// Late is true if the retry deadline of its conversations is used up: the operator
	// queries their metadata and legal holds a last few times.
	Late          bool                    `json:"late,omitempty"`
	Conversations []evidence.Conversation `json:"conversations"`
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
