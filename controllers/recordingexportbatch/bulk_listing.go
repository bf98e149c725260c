package recordingexportbatch

import (
	"context"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// readCurrentContents reads the current contents of a batch.
func readCurrentContents(ctx context.Context, b *resolvedBatch) (batchContents, error) {
	contents, err := readContents(ctx, b.store, b.batch.Name)
	if err != nil {
		return contents, err
	}
	return contents.current(ctx, b)
}

// current returns the contents as they are now. If bulk jobs had conversations listed again, the inventory
// is the one that follows from that. It can change until nothing more is expected of bulk jobs.
func (c batchContents) current(ctx context.Context, b *resolvedBatch) (batchContents, error) {
	if b.bulkJobs() == nil {
		return c, nil
	}
	record, err := readBulkRecord(ctx, b.store, b.batch.Name)
	if err != nil {
		return c, err
	}
	err = c.useRelisted(ctx, b, record)
	return c, err
}

// useRelisted replaces the inventory by the one that follows from the conversations that were listed
// again: those that are known so far or, once nothing more is expected of bulk jobs, those that
// were known then.
func (c *batchContents) useRelisted(ctx context.Context, b *resolvedBatch, record *bulkRecord) (err error) {
	var names []string
	switch {
	case record.done != nil:
		names = record.done.Relisted
	case record.hasRelisted():
		if names, err = relistedIn(ctx, b.store, c.slice); err != nil {
			return err
		}
	}
	if c.relisted, err = readRelisted(ctx, b.store, c.slice.Group, names); err != nil || len(c.relisted) == 0 {
		return err
	}
	c.inventory.Inventory, err = takeInventoryWith(ctx, b, c.slice, c.relisted)
	return err
}

// useRelisted replaces the inventory by the one that the batch transfers, once that is final.
func (a *batchArtifacts) useRelisted(ctx context.Context, b *resolvedBatch) error {
	if a.bulk.done == nil || len(a.bulk.done.Relisted) == 0 {
		return nil
	}
	contents := batchContents{slice: a.slice, inventory: artifacts.Inventory{Inventory: *a.inventory}}
	err := contents.useRelisted(ctx, b, a.bulk)
	a.inventory = &contents.inventory.Inventory
	return err
}

// relistedIn names the later listings of the conversations of a slice.
func relistedIn(ctx context.Context, store archive.Store, slice artifacts.Slice) ([]string, error) {
	own := map[string]bool{}
	for _, c := range slice.Conversations {
		own[c.ID] = true
	}
	names, err := artifacts.Names(ctx, store, artifacts.RelistedFolder(slice.Group))
	return slices.DeleteFunc(names, func(name string) bool {
		id, _, _ := strings.Cut(name, ".")
		return !own[id]
	}), err
}

// readRelisted returns the latest of the named listings of each conversation.
func readRelisted(ctx context.Context, store archive.Store, group string, names []string) (map[string]artifacts.Metadata, error) {
	latest := map[string]artifacts.Metadata{}
	for _, name := range slices.Sorted(slices.Values(names)) {
		stored, err := artifacts.Get[artifacts.Relisted](ctx, store, artifacts.RelistedKey(group, name))
		if err != nil {
			return nil, err
		}
		if stored.Metadata != nil {
			latest[stored.ConversationID] = *stored.Metadata
		}
	}
	return latest, nil
}

// hasRelisted tells whether conversations were listed again because a job of the batch found more.
func (r *bulkRecord) hasRelisted() bool {
	return slices.ContainsFunc(r.all(), func(job *bulkJob) bool { return job.foundMore() })
}

// foundMore tells whether the job was cancelled because it found more than was listed.
func (j *bulkJob) foundMore() bool {
	return j.endedBecause(artifacts.BulkRelisted) || j.endedBecause(artifacts.BulkMismatch)
}

// finalListing decides which listing of each conversation the batch uses, and names the later ones. If
// another batch shares the conversations, the first of the two decides for both.
func (w *bulkWork) finalListing(ctx context.Context) (relisted []string, err error) {
	if !w.plan.sharesListing {
		if !w.record.hasRelisted() {
			return nil, nil
		}
		return relistedIn(ctx, w.store, w.slice)
	}
	for _, c := range w.slice.Conversations {
		for number := 0; ; number++ {
			name := artifacts.RelistedName(c.ID, number)
			stored, err := artifacts.Put(ctx, w.store, artifacts.RelistedKey(w.slice.Group, name), artifacts.Relisted{Stamp: w.stamp(), ConversationID: c.ID})
			if err != nil {
				return nil, err
			}
			if stored.Metadata == nil {
				break
			}
			relisted = append(relisted, name)
		}
	}
	return relisted, nil
}

// sharesListing tells whether the conversations of the batch have recordings in two lanes. Then both
// batches must use the same listing of a conversation, because only one of them accounts for it.
func (r *references) sharesListing() bool {
	lanes := exportspec.Slicing(r.export.Spec).Lanes(true)
	return len(lanes) > 1 && slices.Contains(lanes, slicing.Lane(r.batch.Spec.Lane))
}
