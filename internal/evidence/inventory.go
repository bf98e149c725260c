package evidence

import (
	"cmp"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Disposition is what became of a recording or conversation.
type Disposition string

// The dispositions. Wanted ones are still to be transferred; no sealed bag contains one.
const (
	Wanted      Disposition = "Wanted"
	Exported    Disposition = "Exported"
	Excluded    Disposition = "Excluded"
	Unavailable Disposition = "Unavailable"
)

// Reasons why a recording or conversation is excluded or unavailable.
const (
	// ReasonMediumNotRequested: the export's media types do not contain its medium.
	ReasonMediumNotRequested = "MediumNotRequested"
	// ReasonHoldScope: the export's legal-hold scope leaves the conversation out.
	ReasonHoldScope = "HoldScope"
	// ReasonOutOfScope: the conversation is not in the scope of the export.
	ReasonOutOfScope = "OutOfScope"
	// ReasonMovedToHold: the conversation was put under legal hold before its transfer, and comes in a batch of the hold lanes.
	ReasonMovedToHold = "MovedToHold"
	// ReasonMovedFromHold: the conversation was released before its transfer, and comes in a batch of the Standard lane.
	ReasonMovedFromHold = "MovedFromHold"
	// ReasonMovedToIsolated: the conversation or recording could not be read, requested or received while others were, and
	// comes in a batch of the lane Isolated, where nothing else waits for it.
	ReasonMovedToIsolated = "MovedToIsolated"
	// ReasonUnknownMedium: Genesys Cloud names a medium that this version does not know.
	ReasonUnknownMedium = "UnknownMedium"
	// ReasonInvalidID: Genesys Cloud gave an id that is not a UUID.
	ReasonInvalidID = "InvalidID"
	// ReasonDuplicateID: Genesys Cloud listed the recording more than once.
	ReasonDuplicateID = "DuplicateID"
	// ReasonArchived: Genesys Cloud has archived the file.
	ReasonArchived = "Archived"
	// ReasonRestorationQuota: the organisation may have no more recordings restored from the archive.
	ReasonRestorationQuota = "RestorationQuota"
	// ReasonNotRestored: the file did not come back from the archive in time, or cannot.
	ReasonNotRestored = "NotRestored"
	// ReasonDeleted: Genesys Cloud has deleted the file.
	ReasonDeleted = "Deleted"
	// ReasonNotReady: the file was still being uploaded or restored when the operator stopped waiting for it.
	ReasonNotReady = "NotReady"
	// ReasonFileError: Genesys Cloud reports an error, or a state that this version does not know, for the file.
	ReasonFileError = "FileError"
	// ReasonMetadataUnreadable: the conversation's recordings could not be determined by the deadline.
	ReasonMetadataUnreadable = "MetadataUnreadable"
	// ReasonOutsideWindow: the scope names the conversation, but it did not start in the window.
	ReasonOutsideWindow = "OutsideWindow"
	// ReasonConversationNotFound: Genesys Cloud does not know the conversation, or not any more.
	ReasonConversationNotFound = "ConversationNotFound"
	// ReasonConversationOpen: the conversation did not end in time.
	ReasonConversationOpen = "ConversationOpen"
	// ReasonRefused: Genesys Cloud answered the request for the recording with an error.
	ReasonRefused = "Refused"
	// ReasonNotDelivered: Genesys Cloud answered with neither a recording nor an error, or its file could not be fetched.
	ReasonNotDelivered = "NotDelivered"
)

// NothingSaid is the detail if Genesys Cloud refused a recording without a word.
const NothingSaid = "no reason was given"

// Said reports whether a detail is what Genesys Cloud said. Others are the operator's
// words: they may cite an answer, or say that there was none.
func Said(reason, detail string) bool {
	return reason == ReasonRefused && detail != "" && detail != NothingSaid
}

// Recording is one line of an inventory.
type Recording struct {
	ConversationID string         `json:"conversationId"`
	RecordingID    string         `json:"recordingId"`
	Medium         genesys.Medium `json:"medium"`
	Disposition    Disposition    `json:"disposition"`
	Reason         string         `json:"reason,omitempty"`
	// Detail says more about the reason, in words of Genesys Cloud or of ours: see Said.
	Detail string `json:"detail,omitempty"`
	// Files is how many files were stored.
	Files int `json:"files,omitempty"`
	// Retried tells that the line replaces one of an earlier bag, by which the
	// recording was unavailable.
	Retried bool `json:"retried,omitempty"`
}

// MovedToIsolated reports whether the recording left the slice for one of the lane Isolated,
// which accounts for it.
func (r Recording) MovedToIsolated() bool { return r.Reason == ReasonMovedToIsolated }

// Ref names the recording.
func (r Recording) Ref() genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: r.ConversationID, RecordingID: r.RecordingID}
}

// Inventory is what a slice contains.
type Inventory struct {
	Lane          slicing.Lane   `json:"lane"`
	Conversations []Conversation `json:"conversations"`
	Recordings    []Recording    `json:"recordings"`
}

// Metadata is what was found out about one conversation's recordings.
type Metadata struct {
	Recordings []genesys.Recording
	// RestorationsLeft is how many recordings the organisation may still have
	// restored from the archive, nil if that is not known.
	RestorationsLeft *int
	// Reason is not empty if they could not be determined.
	Reason, Detail string
}

// Policy is what an inventory must know of an export.
type Policy struct {
	Slicing slicing.Spec
	Media   []genesys.Medium
	// Restores reports whether archived recordings are to be restored.
	Restores bool
	// Stay keeps conversations in their slice even if their legal hold has changed.
	Stay bool
}

// TakeInventory lists every recording that is the lane's business, with what is
// to become of it. metadata answers for each of the slice's conversations. A
// conversation whose legal hold has changed since the survey leaves the slice,
// unless the policy has it stay or the lane is Isolated. Conversations that
// cannot be read, and recordings that are not ready yet, leave the slice for one
// of the lane Isolated.
func TakeInventory(policy Policy, lane slicing.Lane, conversations []Conversation, metadata func(id string) Metadata) Inventory {
	inventory := Inventory{Lane: lane, Conversations: slices.Clone(conversations)}
	for i := range inventory.Conversations {
		c := &inventory.Conversations[i]
		known := metadata(c.ID)
		c.Recordings, c.Reason, c.Detail = len(known.Recordings), known.Reason, known.Detail
		c.Home = policy.isHome(lane, *c)
		switch {
		case known.Reason == "":
			c.Disposition = Exported
		case c.Isolated() && len(c.Only) == 0:
			c.Disposition, c.Home = Excluded, false
			continue
		case c.Isolated(): // what leaves are those of its recordings that are requested
			c.Disposition, c.Reason = Unavailable, ReasonMetadataUnreadable
		default:
			c.Disposition = Unavailable
		}
		if c.Drifted() && !policy.Stay && policy.moveIfHoldChanged(lane, c) {
			continue
		}
		inventory.Recordings = append(inventory.Recordings, policy.recordingsOf(lane, *c, known)...)
	}
	return inventory
}

// isHome reports whether a slice's lane accounts for a conversation.
func (p Policy) isHome(lane slicing.Lane, c Conversation) bool {
	return len(c.Only) == 0 && (lane == slicing.Isolated || p.Slicing.Home(c.Held.Held, false) == lane)
}

// moveIfHoldChanged takes a conversation whose hold has changed out of its slice, and tells
// whether another slice has it then. If the scope leaves it out there is none: then it
// stays and is accounted for here, with all of its recordings excluded. An isolated
// conversation stays isolated.
func (p Policy) moveIfHoldChanged(lane slicing.Lane, c *Conversation) bool {
	if !p.Slicing.Scope.Takes(c.HeldLater.Held) {
		c.Disposition, c.Reason, c.Detail = Excluded, ReasonHoldScope, ""
		return false
	}
	if lane == slicing.Isolated {
		return false
	}
	c.Disposition, c.Detail = Excluded, ""
	c.Home, c.Reason = false, ReasonMovedFromHold
	if c.HeldLater.Held {
		c.Reason = ReasonMovedToHold
	}
	return true
}

// recordingsOf lists the recordings of one conversation that are the lane's business.
func (p Policy) recordingsOf(lane slicing.Lane, c Conversation, known Metadata) []Recording {
	var out []Recording
	seen := map[string]bool{}
	for _, r := range known.Recordings {
		if len(c.Only) > 0 && (seen[r.ID] || !slices.Contains(c.Only, r.ID)) {
			continue
		}
		line := p.judge(r)
		if lane != slicing.Isolated {
			p.isolate(&line, r.FileState, known.RestorationsLeft)
		}
		if (line.Disposition == Wanted || line.MovedToIsolated()) && seen[r.ID] {
			line.Disposition, line.Reason, line.Detail = Excluded, ReasonDuplicateID, ""
		}
		if c.Reason == ReasonHoldScope {
			line.Disposition, line.Reason, line.Detail = Excluded, ReasonHoldScope, ""
		}
		seen[r.ID] = true
		line.ConversationID, line.Retried = c.ID, c.retries()
		if lane == slicing.Isolated || p.laneOf(c.Held.Held, r.Medium) == lane {
			out = append(out, line)
		}
	}
	out = append(out, c.unlistedRecordings(known, seen)...)
	slices.SortStableFunc(out, func(a, b Recording) int { return cmp.Compare(a.RecordingID, b.RecordingID) })
	return out
}

// laneOf returns the lane that accounts for a recording.
func (p Policy) laneOf(held bool, medium genesys.Medium) slicing.Lane {
	return p.Slicing.Home(held, medium == genesys.Screen && p.wants(medium))
}

func (p Policy) wants(medium genesys.Medium) bool { return slices.Contains(p.Media, medium) }

// judge says what is to become of a recording.
func (p Policy) judge(r genesys.Recording) Recording {
	line := Recording{RecordingID: r.ID, Medium: r.Medium, Disposition: Unavailable}
	switch {
	case !genesys.ValidID(r.ID):
		line.RecordingID, line.Reason = Printable(r.ID, 80), ReasonInvalidID
	case r.Medium == "":
		line.Reason, line.Detail = ReasonUnknownMedium, Printable(r.MediaAsReceived, 80)
	case !p.wants(r.Medium):
		line.Disposition, line.Reason = Excluded, ReasonMediumNotRequested
	default:
		line.Disposition, line.Reason, line.Detail = fileState(r.FileState)
	}
	return line
}

// fileState says what is to become of a recording whose file is in this state.
func fileState(state genesys.FileState) (Disposition, string, string) {
	switch state {
	case genesys.FileAvailable, genesys.FileRestored:
		return Wanted, "", ""
	case genesys.FileArchived:
		return Unavailable, ReasonArchived, ""
	case genesys.FileDeleted:
		return Unavailable, ReasonDeleted, ""
	case genesys.FileUploading, genesys.FileRestoring:
		return Unavailable, ReasonNotReady, string(state)
	default:
		return Unavailable, ReasonFileError, Printable(string(state), 80)
	}
}

// Wanted returns the recordings that are to be transferred, in order.
func (inventory Inventory) Wanted() []genesys.RecordingRef {
	var out []genesys.RecordingRef
	for _, r := range inventory.Recordings {
		if r.Disposition == Wanted {
			out = append(out, r.Ref())
		}
	}
	return out
}

// Outcome is what became of a wanted recording.
type Outcome struct {
	// Files is how many files were stored, and Elsewhere how many of it are in the bag
	// that it left.
	Files, Elsewhere int
	// Reason is empty if everything was stored, and Detail then too. It is
	// ReasonMovedToIsolated if the recording left for a batch of the lane Isolated.
	Reason, Detail string
}

// Settle gives every wanted recording its last disposition. A recording that
// outcomes does not know was not delivered; one of which only a part was stored
// is unavailable, and its index line says how many files there are.
func (inventory Inventory) Settle(outcomes map[genesys.RecordingRef]Outcome) Inventory {
	inventory.Recordings = slices.Clone(inventory.Recordings)
	for i := range inventory.Recordings {
		r := &inventory.Recordings[i]
		if r.Disposition != Wanted {
			continue
		}
		outcome := outcomes[r.Ref()]
		r.Files = outcome.Files
		if outcome.Files+outcome.Elsewhere > 0 && outcome.Reason == "" {
			r.Disposition = Exported
			continue
		}
		r.Disposition = Unavailable
		if outcome.Reason == ReasonMovedToIsolated {
			r.Disposition = Excluded
		}
		r.Reason, r.Detail = cmp.Or(outcome.Reason, ReasonNotDelivered), Printable(outcome.Detail, 200)
	}
	return inventory
}
