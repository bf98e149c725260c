package recordingexportbatch

import (
	"context"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

type holdChecker interface {
	Protected(ctx context.Context, conversationIDs []string) ([]string, error)
}

// checkHolds asks, before anything is transferred, which conversations are under
// legal hold, if there is something to transfer at all. Both answers, this one
// and the survey's, are evidence. The hold lanes of a slice share the answer, so
// that a conversation leaves either both of them or none.
func (w *metadataWork) checkHolds(ctx context.Context) error {
	known, err := readMetadata(ctx, w.store, w.slice)
	if err != nil {
		return err
	}
	hold := artifacts.Hold{Stamp: artifacts.NewStamp(w.clock.Now(), w.actor), Asked: w.wantsAny(known)}
	if hold.Asked {
		if hold.Held, err = w.again.Held(ctx, w.cloud.Protected, w.ids()); err != nil {
			return err
		}
	}
	_, err = artifacts.Put(ctx, w.store, artifacts.HoldKey(w.slice.Group), hold)
	return err
}

// wantsAny tells whether any lane of the slice's conversations has something to
// transfer, now or once it has returned from the archive.
func (w *metadataWork) wantsAny(known func(id string) evidence.Metadata) bool {
	for _, lane := range w.policy.Slicing.Lanes(w.slice.Lane != slicing.Standard) {
		inventory := evidence.TakeInventory(w.policy, lane, w.slice.Conversations, known)
		if len(inventory.Wanted()) > 0 || w.restores && slices.ContainsFunc(inventory.Recordings, mayReturn) {
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

// heldStore has what a batch of the Standard lane stores of conversations that
// stay in it, though they were found under legal hold before their transfer, stored
// under legal hold as the hold lanes do it.
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
