package recordingexportbatch

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

// bulkTurns decides whose turn it is to create a bulk job of an organisation at Genesys Cloud. The
// order follows from the status of all batches, so it survives a restart.
type bulkTurns struct {
	client client.Reader
	clock  clock.PassiveClock
	// interval is how long after a look at the queue the next one follows.
	interval time.Duration

	mu sync.Mutex
	// creating are the organisations for which this process creates a job now.
	creating map[string]bool
	// created are the jobs that this process has created, by their ids, until the status of their
	// batches shows them.
	created map[string]createdJob
}

// createdJob is a job that this process has created for a batch of an organisation.
type createdJob struct {
	organization string
	batch        types.UID
	started      bulk.Started
}

// remember remembers a job until the status of its batch shows it.
func (t *bulkTurns) remember(jobID string, job createdJob) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.created == nil {
		t.created = map[string]createdJob{}
	}
	t.created[jobID] = job
}

// addRemembered adds the remembered jobs of other batches to a queue, and forgets those that the status of
// their batches shows and those of batches that are gone or do not work.
func (t *bulkTurns) addRemembered(q *bulkQueue, organization string, own types.UID, working map[types.UID]bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, job := range t.created {
		switch {
		case q.ids[id], !working[job.batch]:
			delete(t.created, id)
		case job.organization == organization && job.batch != own:
			q.started = append(q.started, job.started)
			q.ids[id] = true
		}
	}
}

// reserve has the caller create a job for an organisation, alone in this process, until it calls
// release. It is false if another job is being created.
func (t *bulkTurns) reserve(organization string) (release func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.creating[organization] {
		return nil, false
	}
	if t.creating == nil {
		t.creating = map[string]bool{}
	}
	t.creating[organization] = true
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.creating, organization)
	}, true
}

// bulkQueue is what is known about the bulk jobs of one organisation.
type bulkQueue struct {
	name    string
	since   time.Time
	next    time.Duration
	waiting []bulk.Waiting
	started []bulk.Started
	// ids are those of the jobs that batches have.
	ids map[string]bool
}

// queueOf reads the queue of a batch's organisation. own are the batch's own jobs, which its status
// may not show yet.
func (t *bulkTurns) queueOf(ctx context.Context, b *connectedBatch, own []*bulkJob) (*bulkQueue, error) {
	var batches v1alpha1.RecordingExportBatchList
	if err := t.client.List(ctx, &batches); err != nil {
		return nil, err
	}
	q := &bulkQueue{name: client.ObjectKeyFromObject(b.batch).String(), since: t.clock.Now(), next: t.interval, ids: map[string]bool{}}
	working := map[types.UID]bool{}
	for i := range batches.Items {
		batch := &batches.Items[i]
		working[batch.UID] = !isStopped(batch)
		switch status := batch.Status.BulkJob; {
		case status == nil || status.OrganizationID != b.organization:
		case batch.UID == b.batch.UID:
			if status.WaitingSince != nil {
				q.since = status.WaitingSince.Time
			}
		default:
			q.add(batch)
		}
	}
	t.addRemembered(q, b.organization, b.batch.UID, working)
	owner := ownerOf(b.batch)
	for _, job := range own {
		q.started = append(q.started, bulk.Started{Owner: owner, At: job.At, Ended: job.end != nil})
		q.ids[job.id()] = true
	}
	q.waiting = append(q.waiting, bulk.Waiting{Owner: owner, Name: q.name, Since: q.since})
	return q, nil
}

// add adds another batch. The status of one whose export is suspended, cancelled or gone shows jobs that
// were cancelled as it knew them last: those that still run are listed like jobs of others.
func (q *bulkQueue) add(batch *v1alpha1.RecordingExportBatch) {
	if isStopped(batch) {
		return
	}
	owner, status := ownerOf(batch), batch.Status.BulkJob
	if status.WaitingSince != nil && mayTakeTurn(batch) {
		q.waiting = append(q.waiting, bulk.Waiting{Owner: owner, Name: client.ObjectKeyFromObject(batch).String(), Since: status.WaitingSince.Time})
	}
	for _, job := range status.Jobs {
		q.started = append(q.started, bulk.Started{Owner: owner, At: job.CreateTime.Time, Ended: job.Ended || batch.IsFinished()})
		q.ids[job.ID] = true
	}
}

// mayTakeTurn tells whether a batch that waits would create a job soon if it was its turn: others must not
// wait for one that cannot.
func mayTakeTurn(batch *v1alpha1.RecordingExportBatch) bool {
	reason := conditions.Reason(batch)
	return reason == v1alpha1.ReasonBulkJobQueued || reason == v1alpha1.ReasonBulkExporting
}

// isStopped tells whether nothing works on a batch, because of its export.
func isStopped(batch *v1alpha1.RecordingExportBatch) bool {
	switch conditions.Reason(batch) {
	case v1alpha1.ReasonSuspended, v1alpha1.ReasonCancelled, v1alpha1.ReasonExportNotFound:
		return true
	default:
		return false
	}
}

func ownerOf(batch *v1alpha1.RecordingExportBatch) bulk.Owner {
	return bulk.Owner{Namespace: batch.Namespace, Export: batch.Spec.ExportRef.Name, Lane: string(batch.Spec.Lane)}
}

// check returns a queuedError unless it is the batch's turn, while so many jobs of others are running.
func (q *bulkQueue) check(others int) error {
	order := bulk.Queue(q.waiting, q.started, others)
	if order.MayStart(q.name) {
		return nil
	}
	return q.wait(order.Position(q.name), others)
}

// wait returns the error of a batch that has to wait for its turn.
func (q *bulkQueue) wait(position, others int) *queuedError {
	return &queuedError{position: position, others: others, since: q.since, next: q.next}
}
