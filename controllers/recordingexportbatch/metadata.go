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
)

type metadataReader interface {
	RecordingMetadata(ctx context.Context, conversationID string, timeout time.Duration) (genesys.Metadata, error)
}

// metadataSource is what is asked about a slice before anything is transferred.
type metadataSource interface {
	metadataReader
	holdChecker
}

// fetchMetadata learns the recordings of the batch's conversations, and which of
// them are under legal hold now, before anything is transferred. The two hold
// lanes of a slice share this step, because metadata cannot be asked by medium:
// whichever batch comes first has it done for both, in the lane and under the
// limit of LegalHoldScreen.
func (r *Reconciler) fetchMetadata(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if s.state.inventory != nil {
		return outcome.Done(), nil
	}
	hold, err := artifacts.Get[artifacts.Hold](ctx, s.store, artifacts.HoldKey(s.state.slice.Group))
	if errors.Is(err, fs.ErrNotExist) {
		return r.startMetadata(s), nil
	}
	if err != nil {
		return outcome.Outcome{}, err
	}
	inventory, err := takeInventory(ctx, s, hold)
	if err != nil {
		return outcome.Outcome{}, err
	}
	if err := applyRestorations(ctx, s.store, s.state.slice, &inventory); err != nil {
		return outcome.Outcome{}, err
	}
	stored, err := artifacts.Put(ctx, s.store, artifacts.InventoryKey(s.batch.Name), artifacts.Inventory{
		Stamp: artifacts.NewStamp(r.Clock.Now(), r.InstanceID), Inventory: inventory,
		Split: len(inventory.Wanted()) > r.MaxRecordings && len(inventory.Conversations) > 1,
	})
	s.state.inventory, s.state.split = &stored.Inventory, stored.Split
	return outcome.Done(), err
}

// startMetadata has the pool ask for what is not known of the slice.
func (r *Reconciler) startMetadata(s *scope) outcome.Outcome {
	lane, key := metadataLane(s.batch.Spec.Lane), s.state.slice.Group+"/metadata"
	work := &metadataWork{
		store: s.store, cloud: s.metadata, retrier: r.retrier(s, lane, key), clock: r.Clock, instance: r.InstanceID, gates: r.Gates,
		gate: s.gate(lane, "metadata"), limit: exportspec.Parallelism(s.export.Spec, lane),
		isolatedGate: s.gate(v1alpha1.LaneIsolated, "metadata"), isolatedLimit: exportspec.Parallelism(s.export.Spec, v1alpha1.LaneIsolated),
		slice: s.state.slice, policy: exportspec.Policy(s.export.Spec),
	}
	return r.runWork(s, lane, v1alpha1.StepMetadata, loop.Task{
		Key: key, Work: work.run,
		Reason: v1alpha1.ReasonFetchingMetadata, Message: "requesting the metadata of the conversations",
	})
}

// metadataLane is the lane in which a lane's metadata is asked for.
func metadataLane(lane v1alpha1.Lane) v1alpha1.Lane {
	if lane == v1alpha1.LaneLegalHold {
		return v1alpha1.LaneLegalHoldScreen
	}
	return lane
}

// takeInventory lists what the metadata artifacts of a slice say, and what the
// legal holds before transfer make of it.
func takeInventory(ctx context.Context, s *scope, hold artifacts.Hold) (evidence.Inventory, error) {
	known, err := readMetadata(ctx, s.store, s.state.slice, hold)
	if err != nil {
		return evidence.Inventory{}, err
	}
	policy := exportspec.Policy(s.export.Spec)
	policy.Stay = s.state.slice.Stay
	return evidence.TakeInventory(policy, s.state.slice.Lane, hold.Answer(s.state.slice.Conversations), known), nil
}

// readMetadata reads the metadata artifacts of a slice. Conversations whose legal
// hold is not known leave it, unless it is of the lane Isolated or of a retry: there
// the answer of the survey counts.
func readMetadata(ctx context.Context, store archive.Store, slice artifacts.Slice, hold artifacts.Hold) (func(id string) evidence.Metadata, error) {
	known := make(map[string]evidence.Metadata, len(slice.Conversations))
	for _, c := range slice.Conversations {
		m, err := artifacts.Get[artifacts.Metadata](ctx, store, artifacts.MetadataKey(slice.Group, c.ID))
		if err != nil {
			return nil, err
		}
		known[c.ID] = evidence.Metadata{Recordings: m.Recordings, RestorationsLeft: m.RestorationsLeft, Reason: m.Reason, Detail: m.Detail}
		if why, unknown := hold.Why(c.ID); unknown && slice.Lane != slicing.Isolated && !slice.Stay {
			// How many recordings it has stays known: the bag holds what says so.
			known[c.ID] = evidence.Metadata{
				Recordings: m.Recordings, Reason: evidence.ReasonMovedToIsolated, Detail: "its legal hold is not known: " + why,
			}
		}
	}
	return func(id string) evidence.Metadata { return known[id] }, nil
}
