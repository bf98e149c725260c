package recordingexportbatch

import (
	"cmp"
	"context"
	"errors"
	"math"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// process is this process, as the evidence names it.
type process struct {
	clock    clock.Clock
	instance string
}

// stamp returns the stamp of what this process records now.
func (p process) stamp() artifacts.Stamp { return artifacts.NewStamp(p.clock.Now(), p.instance) }

// recorder records what this process does in an archive.
type recorder struct {
	process
	store archive.Store
}

// route is the gate that one kind of requests passes, and the limit of requests in flight.
type route struct {
	gates *transfer.Gates
	gate  transfer.Gate
	limit int
}

func (r route) acquire(ctx context.Context) (*transfer.Permit, error) {
	return r.gates.Acquire(ctx, r.gate, r.limit)
}

// record tells the gate how a request about an item ended; nil is success.
func (r route) record(item string, err error) { r.gates.Record(r.gate, item, err) }

// isBad tells whether an item keeps failing while others succeed.
func (r route) isBad(item string) bool { return r.gates.IsBad(r.gate, item) }

// mayBeBad tells whether an item has failed while others succeeded.
func (r route) mayBeBad(item string) bool { return r.gates.MayBeBad(r.gate, item) }

// workReport tells the status about the work of an evaluation.
type workReport struct {
	// started tells whether the evaluation came to the work of a step.
	started bool
	// retry is how that step is retried, nil if it has not failed.
	retry *v1alpha1.RetryStatus
	// queued is the batch's place in the queue for a bulk job, nil if it does not wait for one.
	queued *queuedError
	// beginsBulkJobs tells that the work of bulk jobs has begun, and this process does not know yet whether
	// the batch has to wait for one.
	beginsBulkJobs bool
}

// batchWork has pools do the work of batches. It reads a batch's state again after each piece of
// work.
type batchWork struct {
	worker *loop.Worker
	states *stateCache
}

// countersOf returns the counters of what work for the batch records.
func (w batchWork) countersOf(b *loadedBatch) counters { return counters{w.states, keyOf(b.batch)} }

// retrier returns what the work with this key retries with.
func (w batchWork) retrier(b *loadedBatch, lane v1alpha1.Lane, key string) transfer.Retrier {
	return w.worker.Pools[string(lane)].Retrier(b.keyPrefix() + key)
}

// run has a pool do a step's work for the batch, and returns how the work is doing. It
// completes the task with the key's prefix and the wait limit, and with the group of the
// organisation unless the task names one.
func (w batchWork) run(b *loadedBatch, step v1alpha1.BatchStep, task loop.Task) outcome.Outcome {
	task.Key, task.WaitLimit = b.keyPrefix()+task.Key, b.waitLimit(step)
	task.Dependency = cmp.Or(task.Dependency, loop.OrganizationDependency(b.export.Spec.OrganizationRef.Name))
	task.Work = w.thenRead(b.resolvedBatch, task.Work)
	out, state := w.worker.DoWithState(client.ObjectKeyFromObject(b.batch), task)
	*b.report = workReport{started: true, retry: retryStatus(step, state), beginsBulkJobs: step == v1alpha1.StepBulkExport && state.Err == nil}
	_ = errors.As(state.Err, &b.report.queued)
	return b.withSubject(withDeadline(out, state, task.WaitLimit.Total))
}

// thenRead returns work that reads the batch's state after other work, and returns the error of
// that. If the state cannot be read, or the work was cancelled, it is unknown: the work may have
// recorded something, even the end of the batch, so the next evaluation loads the state.
func (w batchWork) thenRead(b *resolvedBatch, work transfer.Work) transfer.Work {
	return func(ctx context.Context, try transfer.Try) error {
		err := work(ctx, try)
		_ = w.states.read(ctx, b) // after an error the state is unknown, and loading it tells why
		return err
	}
}

// cancel stops the work of the batch, and the metadata work that it shares with the other
// batch of its group.
func (w batchWork) cancel(refs *references) {
	lane := refs.batch.Spec.Lane
	w.worker.Pools[string(lane)].Cancel(refs.keyPrefix() + refs.batch.Name + "/")
	w.worker.Pools[StatePool].Cancel(refs.keyPrefix() + inventoryKey(refs.batch.Name))
	if state := w.states.get(refs.batch); state != nil && state.group != "" {
		w.worker.Pools[string(metadataLane(lane))].Cancel(refs.keyPrefix() + state.group + "/")
	}
}

// forgetBatch drops what is cached about a batch that is deleted, and cancels its work in every
// pool, also the metadata work of its group: another batch may have its name.
func (w batchWork) forgetBatch(batch *v1alpha1.RecordingExportBatch) {
	prefix := (&references{batch: batch}).keyPrefix()
	w.worker.Pools.CancelInAll(prefix + batch.Name + "/")
	if state := w.states.get(batch); state != nil && state.group != "" {
		w.worker.Pools.CancelInAll(prefix + state.group + "/")
	}
	w.states.drop(batch)
}

// waitLimit is how long a step is retried. The status says how much of it other processes
// have used. Nothing is left of it for the metadata of a late slice.
func (b *loadedBatch) waitLimit(step v1alpha1.BatchStep) transfer.WaitLimit {
	limit := transfer.WaitLimit{Total: exportspec.RetryDeadline(b.export.Spec)}
	if retry := b.batch.Status.Retry; retry != nil && retry.Step == step {
		limit.Used = retry.Used.Duration
	}
	if b.state.late && step == v1alpha1.StepMetadata {
		limit.Used = limit.Total
	}
	return limit
}

// retryStatus returns what the status says about a step that has failed, nil if it has not.
func retryStatus(step v1alpha1.BatchStep, state transfer.State) *v1alpha1.RetryStatus {
	if state.Failures == 0 && state.Used == 0 {
		return nil
	}
	retry := &v1alpha1.RetryStatus{
		Step: step, Failures: int32(min(state.Failures, math.MaxInt32)), Used: metav1.Duration{Duration: state.Used}, //nolint:gosec // bounded
	}
	if !state.Next.IsZero() {
		retry.NextAttemptTime = &metav1.Time{Time: state.Next}
	}
	return retry
}
