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

// checkHolds asks, before anything is transferred, which conversations are under
// legal hold, if there is something to transfer at all. Both answers, this one
// and the survey's, are evidence. The hold lanes of a slice share the answer, so
// that a conversation leaves either both of them or none.
//
// A conversation about which there is no answer, though there is one about others,
// is isolated, and so are a few about which there is none until the patience is used
// up. There the survey's answer counts once the patience is used up.
func (w *metadataWork) checkHolds(ctx context.Context, try transfer.Try) error {
	known, err := readMetadata(ctx, w.store, w.slice, artifacts.Hold{})
	if err != nil {
		return err
	}
	hold := artifacts.Hold{Stamp: artifacts.NewStamp(w.clock.Now(), w.actor), Asked: w.wantsAny(known)}
	if hold.Asked {
		answer, err := w.again.LegalHolds(ctx, w.cloud.Protected, w.ids(), try.Last)
		switch {
		case err == nil:
			hold.Held, hold.Unknown = answer.Held, answer.Unknown
		case !transfer.AboutItem(err):
			return err
		case !w.isolated() || !try.Last:
			return &retriedError{says: "retrying the legal-hold query", reason: v1alpha1.ReasonMetadataRetrying, last: err, isolated: w.isolated()}
		default:
			for _, id := range w.ids() {
				hold.Unknown = append(hold.Unknown, genesys.UnknownHold{ConversationID: id, Why: err.Error()})
			}
		}
		hold.Late = len(hold.Unknown) == len(w.slice.Conversations)
	}
	_, err = artifacts.Put(ctx, w.store, artifacts.HoldKey(w.slice.Group), hold)
	return err
}

// wantsAny tells whether any lane of the slice's conversations has something to
// transfer, now or once it has returned from the archive.
func (w *metadataWork) wantsAny(known func(id string) evidence.Metadata) bool {
	lanes := []slicing.Lane{slicing.Isolated}
	if !w.isolated() {
		lanes = w.policy.Slicing.Lanes(w.slice.Lane != slicing.Standard)
	}
	for _, lane := range lanes {
		inventory := evidence.TakeInventory(w.policy, lane, w.slice.Conversations, known)
		if len(inventory.Wanted()) > 0 || w.isolated() && w.policy.Restores && slices.ContainsFunc(inventory.Recordings, mayReturn) {
			return true
		}
	}
	return false
}

func (w *metadataWork) ids() []string {
	ids := make([]string, len(w.slice.Conversations))
	for i, c := range w.slice.Conversations {
		ids[i] = c.ID
	}
	return ids
}

// heldStore has what a batch of the lanes Standard and Isolated stores of
// conversations that were under legal hold before their transfer stored under legal
// hold, as the hold lanes do it.
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
