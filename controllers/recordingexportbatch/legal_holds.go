package recordingexportbatch

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type holdChecker interface {
	Protected(ctx context.Context, conversationIDs []string, timeout time.Duration) ([]string, error)
}

// queryHolds queries, before anything is transferred, which conversations are under legal
// hold, if there is anything to transfer. This answer and the survey's are both evidence. The
// two hold lanes of a slice share the answer, so that a conversation moves out of both or of
// neither.
//
// A conversation without an answer is isolated if others have one, or if the deadline is used
// up. In the lane Isolated the survey's answer applies once the deadline is used up.
func (w *metadataWork) queryHolds(ctx context.Context, try transfer.Try) error {
	known, err := readMetadata(ctx, w.store, w.slice, artifacts.Hold{})
	if err != nil {
		return err
	}
	hold := artifacts.Hold{Stamp: w.stamp(), Asked: w.anyWanted(known)}
	if hold.Asked {
		answer, err := w.retrier.LegalHolds(ctx, w.cloud.Protected, w.conversationIDs(), try.Last)
		switch {
		case err == nil:
			hold.Held, hold.Unknown = answer.Held, answer.Unknown
		case !genesys.AboutItem(err):
			return err
		case !w.isIsolated() || !try.Last:
			return &retryError{action: "retrying the legal-hold query", reason: v1alpha1.ReasonMetadataRetrying, last: err, isolated: w.isIsolated()}
		default:
			for _, id := range w.conversationIDs() {
				hold.Unknown = append(hold.Unknown, genesys.UnknownHold{ConversationID: id, Why: err.Error()})
			}
		}
		hold.Late = len(hold.Unknown) == len(w.slice.Conversations)
	}
	_, err = artifacts.Put(ctx, w.store, artifacts.HoldKey(w.slice.Group), hold)
	return err
}

// anyWanted tells whether any lane has something to transfer of the slice's conversations, now
// or after a restoration.
func (w *metadataWork) anyWanted(known func(id string) evidence.Metadata) bool {
	lanes := []slicing.Lane{slicing.Isolated}
	if !w.isIsolated() {
		lanes = w.policy.Slicing.Lanes(w.slice.Lane != slicing.Standard)
	}
	for _, lane := range lanes {
		inventory := evidence.TakeInventory(w.policy, lane, w.slice.Conversations, known)
		if len(inventory.Wanted()) > 0 || w.isIsolated() && w.policy.Restores && slices.ContainsFunc(inventory.Recordings, mayReturn) {
			return true
		}
	}
	return false
}

func (w *metadataWork) conversationIDs() []string {
	ids := make([]string, len(w.slice.Conversations))
	for i, c := range w.slice.Conversations {
		ids[i] = c.ID
	}
	return ids
}

// heldStore returns a store that puts files under legal hold if their conversation was under
// legal hold before transfer. Batches of the lanes Standard and Isolated need it; in the hold
// lanes everything is under legal hold.
func heldStore(store archive.Store, batch string, inventory evidence.Inventory) archive.Store {
	held := inventory.HeldHere()
	if len(held) == 0 {
		return store
	}
	return archive.HeldWhere(store, func(key string) bool {
		file, inBag := strings.CutPrefix(key, evidence.BagFolder(batch)+"/")
		return inBag && held.Needs(file)
	})
}
