package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// deliverer brings the wanted recordings of one batch to where the export wants them. It
// continues from what it recorded in the archive, in this process or an earlier one.
type deliverer interface {
	// request requests the wanted recordings that have not been requested, as many as can be
	// delivered.
	request(ctx context.Context, try transfer.Try) error
	// deliver waits for what was requested, and requests what is outstanding again. It returns
	// nil once everything is delivered that ever will be; its error says what is outstanding.
	deliver(ctx context.Context, try transfer.Try) error
	// finish ends the delivery, for every process, and returns what became of each wanted
	// recording.
	finish(ctx context.Context) (map[genesys.RecordingRef]evidence.Outcome, error)
}

// deliverers makes the deliverer of a batch.
type deliverers interface {
	// deliverer returns the deliverer of a batch with these contents.
	deliverer(b *connectedBatch, contents batchContents) deliverer
	// requestsLater tells whether delivery can begin when some recordings have been requested:
	// deliver requests the others when these have been delivered.
	requestsLater(b *connectedBatch) bool
}

// completionStep has the requested recordings delivered and seals the bag.
type completionStep struct {
	process
	work       batchWork
	deliverers deliverers
}

// Reconcile waits until the bag is sealed, which the next evaluation finds in the archive.
func (c *completionStep) Reconcile(_ context.Context, b *connectedBatch) (outcome.Outcome, error) {
	work := func(ctx context.Context, try transfer.Try) error {
		work, err := c.prepare(ctx, b)
		if err != nil {
			return err
		}
		return work.deliverAndSeal(ctx, try)
	}
	return c.work.run(b.loadedBatch, v1alpha1.StepCompletion, loop.Task{
		Pool: string(b.batch.Spec.Lane), Key: b.batch.Name + "/completion", Work: work, Reason: v1alpha1.ReasonTransferring, Message: "downloading and storing the recordings",
	}), nil
}

// prepare reads what the work begins with.
func (c *completionStep) prepare(ctx context.Context, b *connectedBatch) (*completionWork, error) {
	contents, err := readCurrentContents(ctx, b.resolvedBatch)
	if err != nil {
		return nil, err
	}
	return &completionWork{
		recorder: recorder{c.process, heldStore(b.store, b.batch.Name, contents.inventory.Inventory)}, batch: b.batch.Name,
		deliverer: c.deliverers.deliverer(b, contents), contents: contents, info: bagInfo(b),
		hasBulkJobs: b.bulkJobs() != nil,
		signing:     artifacts.Signing(b.store, artifacts.BagSignatureKey(b.batch.Name), b.signer),
	}, nil
}

// completionWork has a batch's recordings delivered and seals its bag.
type completionWork struct {
	recorder
	batch     string
	deliverer deliverer
	contents  batchContents
	info      []evidence.InfoField
	signing   evidence.Signing
	// hasBulkJobs tells that bulk jobs may have exported recordings.
	hasBulkJobs bool
}

// deliverAndSeal continues from the artifacts that are there.
func (w *completionWork) deliverAndSeal(ctx context.Context, try transfer.Try) error {
	if _, err := artifacts.Put(ctx, w.store, artifacts.RunKey(w.batch, w.instance), artifacts.Run{Stamp: w.stamp()}); err != nil {
		return err
	}
	settled, err := readOutcome(ctx, w.store, w.batch)
	if err == nil && settled == nil {
		if err = w.deliverer.deliver(ctx, try); err == nil {
			settled, err = w.settle(ctx)
		}
	}
	if err != nil {
		return err
	}
	return w.sealBag(ctx, *settled)
}

// settle ends the delivery and records the final disposition of each recording.
func (w *completionWork) settle(ctx context.Context) (*evidence.Inventory, error) {
	outcomes, err := w.deliverer.finish(ctx)
	if err != nil {
		return nil, err
	}
	settled, err := artifacts.Put(ctx, w.store, artifacts.OutcomeKey(w.batch), artifacts.Inventory{
		Stamp: w.stamp(), Inventory: w.contents.inventory.Settle(outcomes),
	})
	return &settled.Inventory, err
}
