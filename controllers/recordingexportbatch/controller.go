// Package recordingexportbatch drives each batch from the metadata of its
// conversations to a sealed bag.
//
//	step         file                  ends when                            condition then True
//	references   references.go         export and destination are there
//	destination  destination_check.go  the destination can be used
//	state        batch_state_loader.go the state is read from the archive
//	suspension   suspension_check.go   the export is not suspended or cancelled
//	owner        archive_owner.go      the archive belongs to this cluster
//	clients      connection.go         the organisation can be used
//	metadata     metadata.go           metadata and legal holds are known
//	restoration  restoration.go        archived recordings are restored     (only in the lane Isolated)
//	inventory    inventory.go          the inventory is recorded            MetadataFetched
//	free space   free_space_check.go   the destination has space
//	bulk export  bulk_step.go          nothing more is expected of bulk jobs BulkExported  (only with delivery.mode BulkJob)
//	submission   submission.go         every wanted recording is requested  Submitted
//	completion   completion.go         the bag is sealed                    Completed, Ready
//
// The steps run in this order until one is not satisfied, or the state says that the
// batch is finished.
//
// A step decides by the state of the batch (batch_state.go), which is read from the
// archive, never by conditions. A pool does slow work, records artifacts and wakes the
// reconciler. A pool also reads the artifacts for the state, when the process begins with
// a batch and after each piece of work; in between the work counts what it records
// (state_cache.go). So an evaluation reads nothing that grows with the batch.
//
// With delivery.mode BulkJob, bulk jobs of Genesys Cloud export the recordings (bulk_work.go), each job
// at most once (bulk_attempt.go) and when it is the batch's turn (bulk_turns.go). Then the objects of the
// bucket are taken in (bulk_objects.go), and all other recordings are downloaded (bulk_deliverer.go).
//
// How recordings are delivered is behind an interface of the completion step,
// which downloader.go implements: it requests them (requester.go), polls the
// requests (request_follower.go) and downloads the results (download.go).
//
// Items that keep failing while others succeed leave the batch: a conversation
// with a record in place of its metadata (metadata_work.go), a recording by being
// set aside (request_splitting.go, downloader.go). In the lane Isolated they are
// retried until the deadline is used up.
package recordingexportbatch

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// Cloud is the part of Genesys Cloud that batches use.
type Cloud interface {
	recordingRestorer
	holdChecker
	batchRequester
	mediaReader
	bulkJobber
}

// Config is what the reconciler needs.
type Config struct {
	loop.Publisher
	Clock clock.Clock
	// InstanceID names this process in the evidence.
	InstanceID string
	// ClusterID tells this cluster from others.
	ClusterID func(context.Context) (string, error)
	// Cloud returns a client for an organisation that uses a share of its request budget.
	Cloud func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error)
	// Archive opens the archive of an export.
	Archive func(destination *v1alpha1.ExportDestination, export string) (archive.Store, error)
	// Location is where an export's archive is, relative to the archive root.
	Location func(destination *v1alpha1.ExportDestination, export string) string
	// Bucket opens the bucket into which the bulk jobs of an export put recordings.
	Bucket func(*v1alpha1.RecordingExport) (Bucket, error)
	// Signer returns the signer of an export at a destination, nil if nothing is signed.
	Signer func(ctx context.Context, destination *v1alpha1.ExportDestination, export string) (*signing.Signer, error)
	// Worker has a pool for each lane, with the name of the lane, and the pool named StatePool, which
	// reads archives for states and inventories. It wakes the reconciler when work has ended.
	Worker *loop.Worker
	Gates  *transfer.Gates
	// Addresses learn how long download addresses work; that limits how many recordings a batch
	// request may name.
	Addresses *transfer.Addresses
	Intervals Intervals
	// MaxRecordings is the most recordings that one bag may contain; a batch with more is split
	// in two.
	MaxRecordings int
	// MinFree is how many bytes transfers leave free in the file system of every directory, even
	// if the spec of the destination asks for less.
	MinFree int64
	// Reserve reserves a number of bytes of the share of a volume that the namespace of a
	// destination has. It returns an error if they do not fit. If Reserve is nil, the shares have
	// no limit.
	Reserve func(destination *v1alpha1.ExportDestination, bytes int64) (*usage.Reservation, error)
}

// DefaultMaxRecordings is what the manager uses: a bag of so many recordings can still be
// listed, copied and checked in one go.
const DefaultMaxRecordings = 10_000

// Reconciler drives batches.
type Reconciler struct {
	loop.Publisher
	clock       clock.Clock
	worker      *loop.Worker
	intervals   Intervals
	evaluations loop.Evaluations
	origins     *originCache

	// The steps of a batch, in the order in which they run.
	references       referenceResolver
	destinationCheck step[resolvedBatch]
	loader           stateLoader
	work             batchWork
	exportChecks     []step[resolvedBatch]
	clients          clientOpener
	steps            []step[connectedBatch]
}

// New makes a reconciler.
func New(c Config) *Reconciler {
	states := &stateCache{}
	own, work, loader, owner := process{c.Clock, c.InstanceID}, batchWork{c.Worker, states}, stateLoader{c.Worker, states}, archiveOwner{c.ClusterID, &originCache{}}
	deliverers := remainders{downloads{process: own, owner: owner, gates: c.Gates, addresses: c.Addresses, intervals: c.Intervals, work: work}}
	turns := &bulkTurns{client: c.Client, clock: c.Clock, interval: c.Intervals.Queue}
	return &Reconciler{
		Publisher: c.Publisher, clock: c.Clock, worker: c.Worker, intervals: c.Intervals, origins: owner.origins,
		references: referenceResolver{
			client: c.Client, archive: c.Archive, location: c.Location, signer: c.Signer, reserve: c.Reserve, minFree: c.MinFree,
		},
		destinationCheck: &destinationCheck{loader, work},
		loader:           loader,
		work:             work,
		exportChecks:     []step[resolvedBatch]{&suspensionCheck{work}, &ownerCheck{owner, work}},
		clients:          clientOpener{client: c.Client, cloud: c.Cloud},
		steps: []step[connectedBatch]{
			&metadataStep{process: own, work: work, gates: c.Gates},
			&restorationStep{process: own, owner: owner, work: work, gates: c.Gates},
			&inventoryStep{process: own, work: work, maxRecordings: c.MaxRecordings},
			freeSpaceCheck{},
			&bulkStep{process: own, owner: owner, work: work, gates: c.Gates, intervals: c.Intervals, turns: turns, bucket: c.Bucket},
			&submissionStep{work: work, deliverers: deliverers},
			&completionStep{process: own, work: work, deliverers: deliverers},
		},
	}
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexportbatches,verbs=get;list;watch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexportbatches/status,verbs=patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports;genesysorganizations;exportdestinations,verbs=get;list;watch

// Reconcile evaluates one batch.
func (r *Reconciler) Reconcile(ctx context.Context, batch *v1alpha1.RecordingExportBatch) (ctrl.Result, error) {
	if !batch.DeletionTimestamp.IsZero() {
		r.work.forgetBatch(batch)
		return ctrl.Result{}, nil
	}
	if batch.IsFinished() {
		r.work.states.drop(batch)
		return ctrl.Result{}, nil
	}
	before := batch.DeepCopy()
	if batch.Status.StartTime == nil {
		batch.Status.StartTime = &metav1.Time{Time: r.clock.Now()}
	}
	e, out, nothingNew := r.evaluate(ctx, batch, before)
	if nothingNew || isLoading(out) && len(batch.Status.Conditions) > 0 { // what the status says stays true while the state is read
		return loop.Result(out), nil
	}
	summarize(e, out, r.clock.Now())
	err := r.Publish(ctx, e.batch, e.former)
	if err == nil {
		r.warnOfRetentionChanges(e)
		if e.foundFinished() {
			r.work.states.drop(batch)
		}
	}
	return loop.Requeue(loop.Result(out), err)
}

// advance runs the steps in order until one is not satisfied, or the batch is finished. A
// finished batch is finished whatever has happened to its export or destination since.
func (r *Reconciler) advance(ctx context.Context, e *evaluation) (outcome.Outcome, error) {
	resolved, out, err := r.references.resolve(ctx, e.batch)
	if err != nil || !out.IsDone() {
		return out, err
	}
	e.location, e.hasBulkJobs = resolved.location, resolved.bulkJobs() != nil
	out, err = inOrder(ctx, resolved, r.destinationCheck)
	if e.state = r.work.states.get(e.batch); err != nil || !out.IsDone() {
		return out, err
	}
	if e.state, out = r.loader.load(ctx, resolved); !out.IsDone() || e.foundFinished() {
		return out, nil
	}
	if out, err := inOrder(ctx, resolved, r.exportChecks...); err != nil || !out.IsDone() {
		return out, err
	}
	connected, out, err := r.clients.openClients(ctx, &loadedBatch{resolved, e.state, &e.work})
	if err != nil || !out.IsDone() {
		return out, err
	}
	if e.hasBulkJobs {
		e.organization = connected.organization
	}
	return inOrder(ctx, connected, r.steps...)
}
