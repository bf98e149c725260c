package recordingexportbatch

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// bulkStep has recording bulk jobs of Genesys Cloud export the recordings into the bucket of the
// organisation, if the export asks for that. The steps after it download what the jobs did not export.
type bulkStep struct {
	process
	owner     archiveOwner
	work      batchWork
	gates     *transfer.Gates
	intervals Intervals
	turns     *bulkTurns
	bucket    func(*v1alpha1.RecordingExport) (Bucket, error)
}

// Reconcile is satisfied once nothing more is expected of bulk jobs.
func (s *bulkStep) Reconcile(_ context.Context, b *connectedBatch) (outcome.Outcome, error) {
	if b.bulkJobs() == nil || b.state.outcome != nil || b.state.bulk.done || b.state.inventory.wanted == 0 && !b.sharesListing() {
		return outcome.Done(), nil
	}
	if !controllerutil.ContainsFinalizer(&b.export, v1alpha1.Finalizer) || !b.export.DeletionTimestamp.IsZero() {
		return outcome.Wait(v1alpha1.ReasonBulkExporting, "waiting until a deletion of the export would end its recording bulk jobs (finalizer)", s.intervals.Retry), nil
	}
	lone := loneFiles{}
	return s.work.run(b.loadedBatch, v1alpha1.StepBulkExport, loop.Task{
		Pool: string(b.batch.Spec.Lane), Key: b.batch.Name + "/bulk", Reason: v1alpha1.ReasonBulkExporting, Message: "having recording bulk jobs export the recordings",
		Work: func(ctx context.Context, try transfer.Try) error {
			first, err := readContents(ctx, b.store, b.batch.Name)
			if err != nil {
				return err
			}
			contents, err := first.current(ctx, b.resolvedBatch)
			if err != nil {
				return err
			}
			return s.newWork(b, first.inventory.Inventory, contents, lone).export(ctx, try)
		},
	}), nil
}

// newWork returns the work for the contents of a batch. first is the inventory from before conversations
// were listed again, lone what earlier attempts saw in the bucket.
func (s *bulkStep) newWork(b *connectedBatch, first evidence.Inventory, contents batchContents, lone loneFiles) *bulkWork {
	plan, counters := newBulkPlan(&b.references, first, contents), s.work.countersOf(b.loadedBatch)
	return &bulkWork{
		recorder: recorder{s.process, b.store}, batch: b.batch.Name, cloud: b.cloud, owner: s.owner.verifier(b.resolvedBatch), turns: s.turns,
		queue:        func(ctx context.Context, own []*bulkJob) (*bulkQueue, error) { return s.turns.queueOf(ctx, b, own) },
		organization: b.organization, plan: plan, slice: contents.slice, group: contents.slice.Group, objects: s.newObjects(b, contents, lone),
		metadata: b.metadata, listings: b.route(s.gates, metadataLane(b.batch.Spec.Lane), "metadata"),
		seen: func(jobID string, state genesys.BulkState) { counters.bulkSeen(jobID, string(state)) }, listedAfter: s.intervals.Listed,
		created: func(jobID string, job *bulkJob) {
			s.turns.remember(jobID, createdJob{b.organization, b.batch.UID, bulk.Started{Owner: ownerOf(b.batch), At: job.At}})
		},
	}
}

// newObjects returns what takes in the objects of the bucket.
func (s *bulkStep) newObjects(b *connectedBatch, contents batchContents, lone loneFiles) bulkObjects {
	lane, configured := b.batch.Spec.Lane, b.bulkJobs()
	return bulkObjects{
		open: func() (Bucket, error) { return s.bucket(&b.export) }, lone: lone,
		spec: configured.S3, organization: b.organization, group: contents.slice.Group, limit: exportspec.Parallelism(b.export.Spec, lane),
		taker: objectTaker{
			bucketName: configured.S3.Bucket, copies: configured.Copy,
			follower: requestFollower{
				bagTransfer: bagTransfer{recorder: recorder{s.process, heldStore(b.store, b.batch.Name, contents.inventory.Inventory)}, batch: b.batch.Name},
				space:       b.space, counters: s.work.countersOf(b.loadedBatch), intervals: s.intervals,
			},
		},
	}
}
