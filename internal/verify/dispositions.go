package verify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// end is what may become of a conversation or recording, and why.
type end struct {
	disposition evidence.Disposition
	reason      string
}

func (e end) String() string {
	if e.reason == "" {
		return string(e.disposition)
	}
	return string(e.disposition) + " " + e.reason
}

// The ends.
var (
	isExported      = end{evidence.Exported, ""}
	isNotDelivered  = end{evidence.Unavailable, evidence.ReasonNotDelivered}
	isRefused       = end{evidence.Unavailable, evidence.ReasonRefused}
	isArchived      = end{evidence.Unavailable, evidence.ReasonArchived}
	isNotRestored   = end{evidence.Unavailable, evidence.ReasonNotRestored}
	isOverQuota     = end{evidence.Unavailable, evidence.ReasonRestorationQuota}
	isDeleted       = end{evidence.Unavailable, evidence.ReasonDeleted}
	isNotReady      = end{evidence.Unavailable, evidence.ReasonNotReady}
	isFileError     = end{evidence.Unavailable, evidence.ReasonFileError}
	isUnknownMedium = end{evidence.Unavailable, evidence.ReasonUnknownMedium}
	isInvalidID     = end{evidence.Unavailable, evidence.ReasonInvalidID}
	isUnknown       = end{evidence.Unavailable, evidence.ReasonRecordingUnknown}
	isUnreadable    = end{evidence.Unavailable, evidence.ReasonMetadataUnreadable}
	isNotFound      = end{evidence.Unavailable, evidence.ReasonConversationNotFound}
	isOpen          = end{evidence.Unavailable, evidence.ReasonConversationOpen}
	isNotRequested  = end{evidence.Excluded, evidence.ReasonMediumNotRequested}
	isLeftByHold    = end{evidence.Excluded, evidence.ReasonHoldScope}
	isOutOfScope    = end{evidence.Excluded, evidence.ReasonOutOfScope}
	isOutsideWindow = end{evidence.Excluded, evidence.ReasonOutsideWindow}
	isDuplicate     = end{evidence.Excluded, evidence.ReasonDuplicateID}
	hasLeft         = end{evidence.Excluded, evidence.ReasonMovedToIsolated}
	hasMovedToHold  = end{evidence.Excluded, evidence.ReasonMovedToHold}
	hasMovedFrom    = end{evidence.Excluded, evidence.ReasonMovedFromHold}
)

// transferred are the ends of a recording that was requested.
var transferred = []end{isExported, isNotDelivered, isRefused}

// expected is a recording that Genesys Cloud listed, and what may become of it.
type expected struct {
	received
	lane string
	ends []end
	// restored tells that it is to be transferred only if it came back from the archive.
	restored bool
}

// expect says of the recordings that Genesys Cloud listed for a conversation what may
// become of each in a bag of a lane, in the order of the list. Recordings that are
// another lane's business are left out.
func (t exportTerms) expect(lane string, held bool, listed []received) map[string][]expected {
	all, seen := map[string][]expected{}, map[string]bool{}
	spent := overQuota(listed)
	for _, r := range listed {
		e := expected{received: r, lane: lane}
		e.ends, e.restored = t.ends(r, lane == isolatedLane)
		if lane != isolatedLane {
			e.lane = t.laneOf(held, r.medium)
			e.ends = leave(e.ends, r.state, t.restores, spent)
		}
		if seen[r.ID] && !e.restored && (slices.Contains(e.ends, isExported) || slices.Contains(e.ends, hasLeft)) {
			e.ends = []end{isDuplicate}
		}
		seen[r.ID] = true
		if e.lane == lane {
			all[r.shownID()] = append(all[r.shownID()], e)
		}
	}
	return all
}

// ends are what may become of a recording by what Genesys Cloud said of it and by the
// terms. restored tells that it is transferred only once it is back from the archive.
func (t exportTerms) ends(r received, isolated bool) (ends []end, restored bool) {
	returns := isolated && t.restores
	switch {
	case !genesys.ValidID(r.ID):
		return []end{isInvalidID}, false
	case r.medium == "":
		return []end{isUnknownMedium}, false
	case !t.wants(r.medium):
		return []end{isNotRequested}, false
	}
	switch r.state {
	case genesys.FileAvailable, genesys.FileRestored:
		return transferred, false
	case genesys.FileArchived:
		if returns {
			return append(slices.Clone(transferred), isNotRestored, isOverQuota), true
		}
		return []end{isArchived}, false
	case genesys.FileRestoring:
		if returns {
			return append(slices.Clone(transferred), isNotRestored, isOverQuota), true
		}
		return []end{isNotReady}, false
	case genesys.FileUploading:
		return []end{isNotReady}, false
	case genesys.FileDeleted:
		return []end{isDeleted}, false
	case genesys.FileError:
		return []end{isFileError}, false
	default:
		return []end{isFileError}, false
	}
}

// leave says what else may become of a recording where it may leave its bag for one of
// the lane Isolated: what is not ready does, and so does what is to be restored.
func leave(ends []end, state genesys.FileState, restores, overQuota bool) []end {
	switch {
	case slices.Contains(ends, isNotReady):
		return []end{hasLeft}
	case slices.Contains(ends, isArchived) && restores && overQuota:
		return []end{isOverQuota}
	case slices.Contains(ends, isArchived) && restores:
		return []end{hasLeft}
	case state == genesys.FileAvailable || state == genesys.FileRestored:
		if slices.Contains(ends, isExported) {
			return append(slices.Clone(ends), hasLeft)
		}
	}
	return ends
}

// conversationEnds are what may become of a conversation in a bag, by what the log
// says about its metadata, by the answers about its legal hold and by the scope.
func (t exportTerms) conversationEnds(lane string, c conversationLine, told toldMetadata, unknownHolds bool) []end {
	var ends []end
	switch told.kind {
	case "MetadataReceived":
		ends = []end{isExported}
	case "MetadataUnreadable":
		ends = slices.DeleteFunc([]end{isUnreadable, isNotFound}, func(e end) bool { return e.reason != told.reason })
	case "ConversationIsolated":
		if lane != isolatedLane {
			ends = []end{hasLeft}
		}
		if c.Get("home") != "true" {
			ends = append(ends, isUnreadable) // its recordings leave, of which a retry asks
		}
	}
	later := c.Get("held_before_transfer")
	if unknownHolds && later == "" && lane != isolatedLane {
		ends = append(ends, hasLeft)
	}
	if later == "" || later == c.Get("held_at_survey") {
		return ends
	}
	switch held := later == "true"; {
	case t.leavesOut(held):
		return append(ends, isLeftByHold)
	case lane == isolatedLane:
		return ends
	case held:
		return append(ends, hasMovedToHold)
	default:
		return append(ends, hasMovedFrom)
	}
}

// oneOf lists ends for people.
func oneOf(ends []end) string {
	if len(ends) == 0 {
		return "nothing"
	}
	names := make([]string, len(ends))
	for i, e := range ends {
		names[i] = fmt.Sprint(e)
	}
	return strings.Join(names, ", ")
}
