package artifacts

import (
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

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
