package recordingexportbatch

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// batchState is what the archive proves about a batch, in a size that does not depend on that
// of the batch. It is enough to decide on the next step and for the status. Decisions that
// cannot be undone read the artifacts themselves.
type batchState struct {
	// group of the slice, empty if it is not needed any more; late tells that nothing is left
	// of the deadline for its metadata.
	group string
	late  bool
	// subject names the conversation and recordings of a batch of the lane Isolated, empty if
	// there are several conversations.
	subject string
	// missingMetadata counts the conversations whose metadata is still to be fetched.
	missingMetadata int
	// restorationPending tells that archived recordings have to be restored before the inventory
	// is taken, or may have to be, because the metadata is not known yet.
	restorationPending bool
	// inventory is nil until the metadata is complete.
	inventory *inventoryCounts
	split     bool
	bulk      bulkState
	// requested tells whether any request was made, allRequested whether every wanted
	// recording has been requested or set aside.
	requested, allRequested bool
	// stored counts the recordings with files in the bag, bytes their size.
	stored int
	bytes  int64
	// outcome is nil until every wanted recording has its final disposition.
	outcome *inventoryCounts
	// sealed is nil until the bag is sealed.
	sealed *evidence.Summary
	// retentionChanged are the restored recordings of which another date than the archive
	// date changed during the restoration.
	retentionChanged []evidence.Restoration
}

// inventoryCounts are the numbers of an inventory.
type inventoryCounts struct {
	recordings evidence.Counts
	gaps       int64
	// wanted counts the recordings that are to be delivered.
	wanted int
	// moved counts conversations that left for another lane, isolated the conversations and
	// recordings that left for the lane Isolated.
	moved                                     int
	isolatedConversations, isolatedRecordings int
	replaced                                  evidence.Replaced
}

// isFinished tells whether nothing is left to do.
func (s *batchState) isFinished() bool { return s.sealed != nil || s.split }

// summary returns the state that artifacts prove.
func (a *batchArtifacts) summary() *batchState {
	s := &batchState{
		group: a.slice.Group, late: a.slice.Late, subject: subject(a.slice), missingMetadata: len(a.missingMetadata),
		restorationPending: a.restorationPending,
		inventory:          countInventory(a.inventory), split: a.split, requested: len(a.requests) > 0,
		stored: a.countStored(), outcome: countInventory(a.outcome), sealed: a.sealed, retentionChanged: a.retentionChanged,
	}
	if a.inventory != nil {
		s.allRequested = len(notNamed(a.notExported(), a.requests, a.setAside)) == 0
	}
	s.bulk = a.bulk.summary()
	for _, file := range a.files {
		s.bytes += file.Size
	}
	return s
}

// countInventory returns the numbers of an inventory, nil if there is none.
func countInventory(inventory *evidence.Inventory) *inventoryCounts {
	if inventory == nil {
		return nil
	}
	counts := &inventoryCounts{
		recordings: inventory.Counts(), gaps: inventory.Gaps(), wanted: len(inventory.Wanted()), moved: inventory.CountMoved(), replaced: inventory.Replaced(),
	}
	counts.isolatedConversations, counts.isolatedRecordings = inventory.CountIsolated()
	return counts
}

// maxIDs is how many recordings a message names.
const maxIDs = 3

// subject names the conversation of a slice of the lane Isolated, and the recordings if only
// those are retried; it is empty if there are several conversations.
func subject(slice artifacts.Slice) string {
	conversations := slice.Conversations
	if slice.Lane != slicing.Isolated || len(conversations) != 1 || !genesys.ValidID(conversations[0].ID) {
		return ""
	}
	name := "conversation " + conversations[0].ID
	if conversations[0].Held.Held {
		name += " (under legal hold)"
	}
	if ids := slices.DeleteFunc(slices.Clone(conversations[0].Only), func(id string) bool { return !genesys.ValidID(id) }); len(ids) > 0 {
		name += ", recording " + strings.Join(ids[:min(len(ids), maxIDs)], ", ")
		if more := len(ids) - maxIDs; more > 0 {
			name += fmt.Sprintf(" and %d more", more)
		}
	}
	return name
}
