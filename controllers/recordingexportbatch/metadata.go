package recordingexportbatch

import (
	"context"
	"errors"
	"io/fs"
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
	hold, err := artifacts.Get[artifacts.Hold](ctx, b.store, artifacts.HoldKey(b.state.slice.Group))
	if errors.Is(err, fs.ErrNotExist) {
		return m.startWork(b), nil
	}
	if err != nil {
		return outcome.Outcome{}, err
	}
	inventory, err := takeInventory(ctx, b.loadedBatch, hold)
	if err != nil {
		return outcome.Outcome{}, err
	}
	if err := applyRestorations(ctx, b.store, b.state.slice, &inventory); err != nil {
		return outcome.Outcome{}, err
	}
	stored, err := artifacts.Put(ctx, b.store, artifacts.InventoryKey(b.batch.Name), artifacts.Inventory{
		Stamp: m.stamp(), Inventory: inventory,
		Split: len(inventory.Wanted()) > m.maxRecordings && len(inventory.Conversations) > 1,
	})
	b.state.inventory, b.state.split = &stored.Inventory, stored.Split
	return outcome.Done(), err
}

// startWork has the pool fetch what is missing.
func (m *metadataStep) startWork(b *connectedBatch) outcome.Outcome {
	lane, key := metadataLane(b.batch.Spec.Lane), b.state.slice.Group+"/metadata"
	work := &metadataWork{
		recorder: recorder{m.process, b.store}, cloud: b.metadata, retrier: m.pools.retrier(b.loadedBatch, lane, key),
		requests: b.route(m.gates, lane, "metadata"), isolatedRequests: b.route(m.gates, v1alpha1.LaneIsolated, "metadata"),
		slice: b.state.slice, policy: exportspec.Policy(b.export.Spec),
	}
	return m.pools.run(b.loadedBatch, lane, v1alpha1.StepMetadata, loop.Task{
		Key: key, Work: work.run, Reason: v1alpha1.ReasonFetchingMetadata, Message: "requesting the metadata of the conversations",
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
// legal holds before transfer.
func takeInventory(ctx context.Context, b *loadedBatch, hold artifacts.Hold) (evidence.Inventory, error) {
	slice := b.state.slice
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
