// Package recordingexport drives each export from a survey of its window to a
// sealed account.
//
//	step          file                 ends when                                  condition then True
//	requests      requests.go          the annotations are handled
//	finished      finished_check.go    the export is not finished, or is retried
//	suspension    suspension_check.go  the export is not suspended or cancelled
//	references    references.go        organisation and destination can be used
//	clients       connection.go        archive and Genesys Cloud can be used
//	claim         claim_archive.go     export.json is this export's, and the
//	                                   archive belongs to this cluster
//	state         state.go             the plan and the last seal are read
//	integration   integration_check.go Genesys Cloud can export through the
//	                                   integration, or the plan was begun (only
//	                                   with delivery.mode BulkJob)
//	bulk guard    bulk_guard.go        the finalizer is set while batches may
//	                                   have bulk jobs
//	sealing       sealing.go           every entry of the plan is in a seal,      Sealed, Ready
//	                                   compared with a second source if asked for
//	follow-ups    followups.go         the plan has what follows from batches
//	survey        survey.go            every day of the window is in the plan     Surveyed
//	batches       batches.go           every slice has, or had, its batch         BatchesCreated
//	                                   every batch is finished and counted        BatchesCompleted
//	idle          idle_check.go        no analytics job is left
//
// The steps run in this order until one is not satisfied. Sealing, follow-ups, survey and
// batches do not wait for each other (independent_steps.go): the survey continues while batches
// of earlier days are running. An export that is being deleted has a step of its own
// (deletion.go).
//
// The plan is a log (package plan) that only grows: by the surveys of days, by
// what batches lead to (conversations that move to another lane, batches that are
// cut in two), by retries and by seals. Ordinals, slices and what a seal takes in
// follow from it, the same for everybody who reads it.
//
// A window without an end is sealed day by day, one with an end as a whole. A step decides
// by what the archive contains and what the API server says, never by conditions of its own.
package recordingexport

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
)

// Cloud is the part of Genesys Cloud that exports use.
type Cloud interface {
	surveyor
	holdChecker
	enumerator
	bulkJobEnder
	integrationLister
}

// Config is what the reconciler needs.
type Config struct {
	loop.Publisher
	Clock clock.Clock
	// InstanceID names this process in the evidence.
	InstanceID string
	// ClusterID returns the id of this cluster.
	ClusterID func(context.Context) (string, error)
	// Cloud returns a client for an organisation that uses a share of its request budget.
	Cloud func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error)
	// Archive opens the archive of an export.
	Archive func(destination *v1alpha1.ExportDestination, export string) (archive.Store, error)
	// Location is where an export's archive is, relative to the archive root.
	Location func(destination *v1alpha1.ExportDestination, export string) string
	// CheckBucket returns an error that says what to do unless the manager can read the bucket into which
	// the bulk jobs of an export put recordings.
	CheckBucket func(context.Context, *v1alpha1.RecordingExport) error
	// Signer returns the signer of an export at a destination, nil if nothing is signed.
	Signer func(ctx context.Context, destination *v1alpha1.ExportDestination, export string) (*signing.Signer, error)
	// Tool returns the name and version of this program for the evidence.
	Tool func() evidence.Tool
	// Worker has the pool named Pool, which does the slow work of exports, and the pools of
	// their batches, whose failed work a retry request restarts.
	Worker    *loop.Worker
	Intervals Intervals
}

// Reconciler drives exports.
type Reconciler struct {
	loop.Publisher
	clock       clock.Clock
	worker      *loop.Worker
	intervals   Intervals
	evaluations loop.Evaluations
	memory      memory

	// deletion is the only step of an export that is being deleted.
	deletion deletion
	// The steps of all other exports, in the order in which they run.
	requests    requestHandler
	finished    finishedCheck
	suspension  suspensionCheck
	references  referenceResolver
	clients     clientOpener
	archive     archiveClaimer
	state       stateLoader
	bulk        []step[loaded]
	independent independentSteps
	// deadline is applied to the outcome of the steps.
	deadline waitDeadline
}

// New makes a reconciler.
func New(c Config) *Reconciler {
	own, cluster, pool := process{c.Clock, c.InstanceID}, thisCluster{c.ClusterID}, exportPool{c.Worker}
	memory := memory{client: c.Client, plans: &planLogs{}, memories: &exportMemories{}, turns: &enumerationTurns{}}
	references, finalizers, batches := referenceResolver{c.Client}, finalizers{c.Client}, existingBatches{c.Client}
	jobs := jobEnding{
		process: own, cluster: cluster, pool: pool, references: references, archive: c.Archive, cloud: c.Cloud, memories: memory.memories,
		retry: c.Intervals.Retry, listedAfter: c.Intervals.Listed,
	}
	planning := planning{own, pool}
	surveys := surveyStarter{planning: planning, finalizers: finalizers, jobs: jobs, memories: memory.memories, intervals: c.Intervals}
	return &Reconciler{
		Publisher: c.Publisher, clock: c.Clock, worker: c.Worker, intervals: c.Intervals, memory: memory,
		deletion:   deletion{clock: c.Clock, events: c.Events, pool: pool, finalizers: finalizers, jobs: jobs, limit: c.Intervals.ForcedDeletion},
		requests:   requestHandler{pool: pool, memories: memory.memories},
		finished:   finishedCheck{batches},
		suspension: suspensionCheck{pool: pool, finalizers: finalizers, jobs: jobs},
		references: references,
		clients:    clientOpener{archive: c.Archive, location: c.Location, cloud: c.Cloud},
		archive: archiveClaimer{
			process: own, cluster: cluster, retry: c.Intervals.Retry,
			owner:    ownerCheck{process: own, events: c.Events, pool: pool, finalizers: finalizers, retry: c.Intervals.Retry},
			rekeying: rekeying{process: own, events: c.Events, pool: pool, batches: batches, plans: memory.plans, archive: c.Archive, signer: c.Signer, tool: c.Tool, retry: c.Intervals.Retry},
		},
		state: stateLoader{clock: c.Clock, batches: batches, plans: memory.plans},
		bulk:  []step[loaded]{&integrationCheck{pool: pool, memories: memory.memories, bucket: c.CheckBucket}, &bulkGuard{finalizers, jobs}},
		independent: independentSteps{
			sealing: &sealingStep{
				process: own, pool: pool, planning: planning, surveys: surveys, signer: c.Signer, tool: c.Tool,
				comparison: comparison{planning: planning, enumerations: enumerations{
					process: own, archive: c.Archive, location: c.Location, cloud: c.Cloud, turns: memory.turns,
				}},
			},
			followUps: &followUpStep{planning},
			survey:    &surveyStep{clock: c.Clock, surveys: surveys, longestWait: c.Intervals.LongestWait},
			batches:   &batchStep{client: c.Client, existing: batches, planning: planning},
			idle:      &idleCheck{finalizers: finalizers, jobs: jobs},
		},
		deadline: waitDeadline{clock: c.Clock, memories: memory.memories},
	}
}

// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports/status,verbs=patch
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexports/finalizers,verbs=update
// +kubebuilder:rbac:groups=recording.gcexport.dev,resources=recordingexportbatches,verbs=get;list;watch;create;delete

// Reconcile evaluates one export.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	export := &v1alpha1.RecordingExport{}
	if err := r.Client.Get(ctx, request.NamespacedName, export); err != nil {
		if client.IgnoreNotFound(err) == nil {
			r.deletion.cancelWork(request.NamespacedName)
			r.memory.forget(ctx, request.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !export.DeletionTimestamp.IsZero() {
		return loop.Requeue(r.deletion.finalize(ctx, export))
	}
	before := export.DeepCopy()
	if export.Status.StartTime == nil {
		export.Status.StartTime = &metav1.Time{Time: r.clock.Now()}
	}
	e, out, nothingNew := r.evaluate(ctx, export, before)
	if nothingNew {
		return loop.Result(out), nil
	}
	out = r.deadline.limit(e.subject, out)
	e.summarize(out, r.clock.Now())
	err := r.Publish(ctx, e.export, e.former)
	if err == nil && e.ended {
		r.memory.plans.drop(e.name())
	}
	return loop.Requeue(loop.Result(out), err)
}

// advance runs the steps in order until one is not satisfied, or the export has ended. Each step
// is given what the steps before it returned.
func (r *Reconciler) advance(ctx context.Context, e *evaluation) (outcome.Outcome, error) {
	r.requests.handle(e.subject)
	ended, err := r.finished.check(ctx, e.subject)
	if e.ended = ended; err != nil || ended {
		return outcome.Done(), err
	}
	out, err := r.suspension.Reconcile(ctx, e.subject)
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	references, out, err := r.references.resolve(ctx, e.subject)
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	clients, out, err := r.clients.openClients(ctx, references)
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	claimed, out, err := r.archive.claim(ctx, clients)
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	e.state, out, err = r.state.load(ctx, claimed)
	e.isReadingPlan = e.state == nil && err == nil
	if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
		return out, err
	}
	out, e.ended, err = r.advanceLoaded(ctx, e.state)
	return out, err
}

// advanceLoaded runs the steps of an export whose state is loaded. ended tells that it has ended.
func (r *Reconciler) advanceLoaded(ctx context.Context, s *loaded) (out outcome.Outcome, ended bool, err error) {
	for _, step := range r.bulk {
		out, err := step.Reconcile(ctx, s)
		if err := orTimeUp(ctx, out, err); err != nil || !out.IsDone() {
			return out, false, err
		}
	}
	return r.independent.reconcile(ctx, s)
}
