package evidence

import (
	"cmp"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Conversation is one surveyed conversation of a slice.
type Conversation struct {
	ID    string    `json:"id"`
	Start time.Time `json:"start"`
	// Held is the hold answer at the survey, HeldLater the one before transfer.
	Held      HoldAnswer `json:"held"`
	HeldLater HoldAnswer `json:"heldLater,omitzero"`
	// Recordings is how many recordings Genesys Cloud lists, of whatever lane.
	Recordings  int         `json:"recordings"`
	Disposition Disposition `json:"disposition"`
	Reason      string      `json:"reason,omitempty"`
	Detail      string      `json:"detail,omitempty"`
	// Home reports whether this slice's lane accounts for the conversation: the
	// other hold lane lists it without counting it.
	Home bool `json:"home"`
	// Retried tells that the line replaces one of an earlier bag, by which the
	// conversation's recordings could not be determined.
	Retried bool `json:"retried,omitempty"`
	// Only are the recordings that are this slice's business, all if there are none.
	Only []string `json:"only,omitempty"`
	// Media are the media that they are known to have, in the same order.
	Media []genesys.Medium `json:"media,omitempty"`
	// Left tells that they left another batch, and are not requested again after a seal.
	Left bool `json:"left,omitempty"`
}

// HoldAnswer is what Genesys Cloud answered, and when, about a legal hold.
type HoldAnswer struct {
	Held bool      `json:"held"`
	At   time.Time `json:"at"`
}

// Moved reports whether the conversation left the slice for one of another lane
// because its legal hold changed.
func (c Conversation) Moved() bool {
	return c.Reason == ReasonMovedToHold || c.Reason == ReasonMovedFromHold
}

// Isolated reports whether the conversation left the slice for one of the lane
// Isolated because its recordings could not be determined.
func (c Conversation) Isolated() bool { return c.Reason == ReasonMovedToIsolated }

// retries reports whether the slice requests again recordings that a seal has as
// unavailable.
func (c Conversation) retries() bool { return len(c.Only) > 0 && !c.Left }

// LastHeld is the latest hold answer up to the transfer.
func (c Conversation) LastHeld() bool {
	if !c.HeldLater.At.IsZero() {
		return c.HeldLater.Held
	}
	return c.Held.Held
}

// Drifted reports whether the hold was another before transfer than at the survey.
func (c Conversation) Drifted() bool {
	return !c.HeldLater.At.IsZero() && c.HeldLater.Held != c.Held.Held
}

// unlistedRecordings lists the requested recordings that Genesys Cloud does not let anybody
// list. If they left another batch it lists those that are not listed any
// more, too: the batch that they left does not account for them, so this slice does.
func (c Conversation) unlistedRecordings(known Metadata, listed map[string]bool) []Recording {
	if !c.Left && known.Reason == "" {
		return nil
	}
	var out []Recording
	for i, id := range c.Only {
		if listed[id] {
			continue
		}
		line := Recording{
			ConversationID: c.ID, RecordingID: id, Disposition: Unavailable,
			Reason: cmp.Or(known.Reason, ReasonRecordingUnknown), Detail: known.Detail, Retried: c.retries(),
		}
		if i < len(c.Media) {
			line.Medium = c.Media[i]
		}
		if line.MovedToIsolated() {
			line.Disposition = Excluded
		}
		if c.Reason == ReasonHoldScope {
			line.Disposition, line.Reason, line.Detail = Excluded, ReasonHoldScope, ""
		}
		out = append(out, line)
	}
	return out
}

// isolate has a recording that is not ready yet leave the slice for one of the
// lane Isolated, where it is waited for: one that is being uploaded or restored,
// or that is to be restored. If no more can be restored, there is nothing to wait for.
func (p Policy) isolate(line *Recording, state genesys.FileState, restorationsLeft *int) {
	switch {
	case line.Reason == ReasonNotReady:
	case line.Reason == ReasonArchived && p.Restores && restorationsLeft != nil && *restorationsLeft <= 0:
		line.Reason = ReasonRestorationQuota
		return
	case line.Reason == ReasonArchived && p.Restores:
	default:
		return
	}
	line.Disposition, line.Reason, line.Detail = Excluded, ReasonMovedToIsolated, string(state)
}
