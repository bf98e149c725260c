package recordingexportbatch

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type metadataReader interface {
	RecordingMetadata(ctx context.Context, conversationID string, timeout time.Duration) (genesys.Metadata, error)
}

// metadataSource answers what is asked about a slice before anything is transferred.
type metadataSource interface {
	metadataReader
	holdChecker
}

// metadataStep fetches the metadata of the batch's conversations and then their legal holds,
// and takes the inventory. It ends before anything is transferred. The two hold lanes of a
// slice share the work, because metadata cannot be requested by medium: the batch that comes
// first has it done for both, in the lane LegalHoldScreen and under its limit.
type metadataStep struct {
	process
	pools lanePools
	gates *transfer.Gates
	// maxRecordings is the most recordings that one bag may hold.
	maxRecordings int
}

// Reconcile is satisfied once the inventory is recorded.
func (m *metadataStep) Reconcile(ctx context.Context, b *connectedBatch) (outcome.Outcome, error) {
	if b.state.inventory != nil {
		return outcome.Done(), nil
	}
	// The legal holds are queried when the metadata is complete.
	complete, err := artifacts.Exists(ctx, b.store, artifacts.HoldKey(b.state.group))
	if err != nil {
		return outcome.Outcome{}, err
	}
	if !complete {
		return m.fetch(b), nil
	}
	return m.pools.run(b.loadedBatch, v1alpha1.StepMetadata, loop.Task{
		Pool: StatePool, Key: inventoryKey(b.batch.Name), Group: b.archiveGroup(), Work: func(ctx context.Context, _ transfer.Try) error { return m.recordInventory(ctx, b.resolvedBatch) },
		Reason: v1alpha1.ReasonFetchingMetadata, Message: "taking the inventory of the recordings",
	}), nil
}

// inventoryKey is the key of the work that takes the inventory of a batch, after that of its
// export.
func inventoryKey(batch string) string { return batch + "/inventory" }

// recordInventory takes the inventory and decides whether the batch is split.
func (m *metadataStep) recordInventory(ctx context.Context, b *resolvedBatch) error {
	slice, err := artifacts.Get[artifacts.Slice](ctx, b.store, artifacts.SliceKey(b.batch.Name))
	if err != nil {
		return err
	}
	inventory, err := takeInventory(ctx, b, slice)
	if err != nil {
		return err
	}
	if err := applyRestorations(ctx, b.store, slice, &inventory); err != nil {
		return err
	}
	_, err = artifacts.Put(ctx, b.store, artifacts.InventoryKey(b.batch.Name), artifacts.Inventory{
		Stamp: m.stamp(), Inventory: inventory,
		Split: len(inventory.Wanted()) > m.maxRecordings && len(inventory.Conversations) > 1,
	})
	return err
}

// fetch has the pool fetch the metadata and the legal holds that are missing.
func (m *metadataStep) fetch(b *connectedBatch) outcome.Outcome {
	lane, key := metadataLane(b.batch.Spec.Lane), b.state.group+"/metadata"
	work := &metadataWork{
		recorder: recorder{m.process, b.store}, cloud: b.metadata, retrier: m.pools.retrier(b.loadedBatch, lane, key),
		requests: b.route(m.gates, lane, "metadata"), isolatedRequests: b.route(m.gates, v1alpha1.LaneIsolated, "metadata"),
		policy: exportspec.Policy(b.export.Spec), progress: m.pools.progress(b.loadedBatch),
	}
	return m.pools.run(b.loadedBatch, v1alpha1.StepMetadata, loop.Task{
		Pool: string(lane), Key: key, Work: func(ctx context.Context, try transfer.Try) (err error) {
			if work.slice, err = artifacts.Get[artifacts.Slice](ctx, b.store, artifacts.SliceKey(b.batch.Name)); err != nil {
				return err
			}
			return work.fetchAll(ctx, try)
		}, Reason: v1alpha1.ReasonFetchingMetadata, Message: "requesting the metadata of the conversations",
	})
}

// metadataLane returns the lane in which the metadata of a lane is requested.
func metadataLane(lane v1alpha1.Lane) v1alpha1.Lane {
	if lane == v1alpha1.LaneLegalHold {
		return v1alpha1.LaneLegalHoldScreen
	}
	return lane
}

// takeInventory returns the inventory of a slice, made from its recorded metadata and the
// legal holds before transfer. The error is fs.ErrNotExist if these are not known yet.
func takeInventory(ctx context.Context, b *resolvedBatch, slice artifacts.Slice) (evidence.Inventory, error) {
	hold, err := artifacts.Get[artifacts.Hold](ctx, b.store, artifacts.HoldKey(slice.Group))
	if err != nil {
		return evidence.Inventory{}, err
	}
	known, err := readMetadata(ctx, b.store, slice, hold)
	if err != nil {
		return evidence.Inventory{}, err
	}
	policy := exportspec.Policy(b.export.Spec)
	policy.Stay = slice.Stay
	return evidence.TakeInventory(policy, slice.Lane, hold.Answer(slice.Conversations), known), nil
}

// readMetadata reads the recorded metadata of a slice. A conversation whose legal hold is
// unknown leaves the slice, unless that is of the lane Isolated or of a retry: there the
// survey's answer counts.
func readMetadata(ctx context.Context, store archive.Store, slice artifacts.Slice, hold artifacts.Hold) (func(id string) evidence.Metadata, error) {
	known := make(map[string]evidence.Metadata, len(slice.Conversations))
	for _, c := range slice.Conversations {
		m, err := artifacts.Get[artifacts.Metadata](ctx, store, artifacts.MetadataKey(slice.Group, c.ID))
		if err != nil {
			return nil, err
		}
		known[c.ID] = evidence.Metadata{Recordings: m.Recordings, RestorationsLeft: m.RestorationsLeft, Reason: m.Reason, Detail: m.Detail}
		if why, unknown := hold.Why(c.ID); unknown && slice.Lane != slicing.Isolated && !slice.Stay {
			// The number of its recordings stays known: the bag has the metadata.
			known[c.ID] = evidence.Metadata{
				Recordings: m.Recordings, Reason: evidence.ReasonMovedToIsolated, Detail: "its legal hold is not known: " + why,
			}
		}
	}
	return func(id string) evidence.Metadata { return known[id] }, nil
}
