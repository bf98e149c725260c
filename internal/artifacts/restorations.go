package artifacts

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// RestorationAttempt is a request to restore a recording from Genesys Cloud's archive. It is
// recorded before the request, which must not be made twice.
type RestorationAttempt struct {
	Stamp
	genesys.RecordingRef
	// Before is the recording's dates as they were read just before, Until the archive
	// date that is requested, in whole milliseconds.
	Before genesys.Retention `json:"before,omitzero"`
	Until  time.Time         `json:"until,omitzero"`
}

// RestorationRefusal is Genesys Cloud's refusal to restore a recording.
type RestorationRefusal struct {
	Stamp
	RestorationEnd
}

// RestorationEnd is what became of a recording that was archived: it is back, or there
// is a reason why not.
type RestorationEnd struct {
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
	ConversationID string           `json:"conversationId"`
	CorrelationID  string           `json:"correlationId,omitempty"`
	Recordings     []RestorationEnd `json:"recordings"`
	// Body is the conversation's metadata then, byte for byte (base64 in JSON).
	Body []byte `json:"body,omitempty"`
}
