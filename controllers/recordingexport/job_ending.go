package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// stopInterval is the wait before the next evaluation while work is being stopped.
const stopInterval = time.Second

// jobEnding ends the analytics jobs of exports at Genesys Cloud, and their recording bulk jobs. Nothing here waits for the
// archive or for Genesys Cloud.
type jobEnding struct {
	process
	cluster    thisCluster
	pool       exportPool
	references referenceResolver
	archive    archiveOpener
	cloud      cloudOpener
	memories   *exportMemories
	// retry is the wait before the next evaluation after an error.
	retry time.Duration
	// listedAfter is how long after its attempt a bulk job may be missing in the list of jobs.
	listedAfter time.Duration
}

// endJobsKey is the key of the work that ends an export's analytics jobs. It does
// not begin with the prefix of all other work, which is cancelled before it starts.
// No name of Kubernetes has a colon.
func endJobsKey(export types.NamespacedName) string { return export.String() + ":jobs" }

// endJobs has the pool end the analytics jobs of an export that does nothing else
// any more. It is done once none is left. isGone tells that what it takes is gone.
func (j *jobEnding) endJobs(ctx context.Context, s *subject) (out outcome.Outcome, isGone bool) {
	if j.memories.memoryOf(s.export).haveJobsEnded() {
		return outcome.Done(), false
	}
	found, out, err := j.references.resolve(ctx, s)
	switch {
	case err != nil:
		out = outcome.Of(err, j.retry)
	case !out.IsDone():
		isGone = out.Reason == v1alpha1.ReasonOrganizationNotFound || out.Reason == v1alpha1.ReasonDestinationNotFound ||
			conditions.Reason(&found.organization) == v1alpha1.ReasonSecretNotFound
	case j.pool.isBusy(s.name()), hasBulkJobs(s.export) && j.pool.isBusyWithBatches(s.name()):
		out = outcome.Wait(v1alpha1.ReasonEndingJobs, "stopping the work of the export", stopInterval)
	default:
		out = j.startEnding(found, hasBulkJobs(s.export))
	}
	if out.After <= 0 {
		out.After = j.retry
	}
	return out, isGone
}

// startEnding has the pool end the recorded analytics jobs, and the recording bulk jobs if no batch
// needs them.
func (j *jobEnding) startEnding(s *references, endsBulkJobs bool) outcome.Outcome {
	memory := j.memories.memoryOf(s.export)
	name, organization, destination := s.name(), s.organization.DeepCopy(), s.destination.DeepCopy()
	usesBulkJobs := hasBulkJobs(s.export)
	return j.pool.worker.Do(name, loop.Task{
		Pool: Pool, Key: endJobsKey(name), Dependency: s.organizationDependency(), Reason: v1alpha1.ReasonEndingJobs, Message: "ending its jobs at Genesys Cloud",
		Work: func(ctx context.Context, _ transfer.Try) error {
			store, err := j.archive(destination, name.Name)
			if err != nil {
				return fmt.Errorf("open archive: %w", err)
			}
			if mine, err := j.cluster.owns(ctx, store); err != nil || !mine {
				memory.setJobsEnded(err == nil)
				return err // the cluster that owns the archive has to end them
			}
			cloud, err := j.cloud(ctx, organization, exportspec.SurveyShare(name))
			if err != nil {
				return fmt.Errorf("connect to organisation %s: %w", organization.Name, err)
			}
			err = endAllJobs(ctx, store, cloud)
			if endsBulkJobs {
				err = errors.Join(err, bulkEnding{j.process, store, cloud, j.listedAfter}.endAll(ctx))
			}
			if err != nil {
				return err
			}
			memory.setJobsEnded(endsBulkJobs || !usesBulkJobs)
			return ctx.Err()
		},
	})
}

// cancelEnding stops the work that ends an export's analytics jobs.
func (j *jobEnding) cancelEnding(export types.NamespacedName) {
	j.pool.worker.Pools.CancelInAll(endJobsKey(export))
}

// stopEnding stops the work that ends analytics jobs, and reports whether it has stopped. That work
// could end the job of a survey that starts before.
func (j *jobEnding) stopEnding(s *subject) (stopped bool) {
	j.cancelEnding(s.name())
	if j.pool.worker.Pools.BusyInAny(endJobsKey(s.name())) {
		return false
	}
	j.memories.memoryOf(s.export).setJobsEnded(false)
	return true
}

// endAllJobs ends the recorded analytics jobs.
func endAllJobs(ctx context.Context, store archive.Store, cloud jobEnder) error {
	keys, err := artifacts.Keys(ctx, store, artifacts.JobFolder)
	for _, key := range keys {
		err = errors.Join(err, endJob(ctx, store, cloud, key))
	}
	return err
}
