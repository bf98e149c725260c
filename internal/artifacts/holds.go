package artifacts

import (
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

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
