package recordingexportbatch

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
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

// metadataStep fetches the metadata of the batch's conversations and then their legal holds.
// The two hold lanes of a slice share the work, because metadata cannot be requested by medium:
// the batch that comes first has it done for both, in the lane LegalHoldScreen and under its
// limit.
type metadataStep struct {
	process
	work  batchWork
	gates *transfer.Gates
}

// Reconcile is satisfied once the metadata and the legal holds are recorded.
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
	return outcome.Done(), nil
}

// fetch has the pool fetch the metadata and the legal holds that are missing.
func (m *metadataStep) fetch(b *connectedBatch) outcome.Outcome {
	lane, key := metadataLane(b.batch.Spec.Lane), b.state.group+"/metadata"
	work := &metadataWork{
		recorder: recorder{m.process, b.store}, cloud: b.metadata, retrier: m.work.retrier(b.loadedBatch, lane, key),
		requests: b.route(m.gates, lane, "metadata"), isolatedRequests: b.route(m.gates, v1alpha1.LaneIsolated, "metadata"),
		policy: exportspec.Policy(b.export.Spec), counters: m.work.countersOf(b.loadedBatch),
	}
	return m.work.run(b.loadedBatch, v1alpha1.StepMetadata, loop.Task{
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
