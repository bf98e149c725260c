package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// ownerCheckInterval is the wait before the owner of an archive is checked again that belongs
// to another cluster, in case that the change of the export was missed. The whole state of the
// batch is read for that.
const ownerCheckInterval = 15 * time.Minute

// ownerCheck stops a batch while its archive belongs to another cluster. It reads the archive
// and not the status of the export: a cluster that was away for days starts with a status that
// is as old, and must not request anything before its export has been evaluated.
type ownerCheck struct {
	archiveOwner
	work batchWork
}

// Reconcile is satisfied if the archive belongs to this cluster.
func (c *ownerCheck) Reconcile(ctx context.Context, b *resolvedBatch) (outcome.Outcome, error) {
	var lost lostArchiveError
	if err := c.verifyOwner(ctx, b); !errors.As(err, &lost) {
		return outcome.Done(), err
	}
	c.work.cancel(&b.references)
	c.work.states.drop(b.batch) // the other cluster may change it
	return lost.Outcome(), nil
}

// lostArchiveError tells that an archive belongs to another cluster, and what to do.
type lostArchiveError struct{ message string }

func (e lostArchiveError) Error() string { return e.message }

// Outcome is Stalled until the archive is taken back.
func (e lostArchiveError) Outcome() outcome.Outcome {
	return outcome.Stall(v1alpha1.ReasonArchiveOfAnotherCluster, e.message, ownerCheckInterval)
}

// archiveOwner tells whether archives belong to this cluster.
type archiveOwner struct {
	clusterID func(context.Context) (string, error)
	origins   *originCache
}

// verifyOwner returns a lostArchiveError if the archive of a batch belongs to another cluster.
func (o archiveOwner) verifyOwner(ctx context.Context, b *resolvedBatch) error {
	cluster, err := o.clusterID(ctx)
	if err != nil {
		return fmt.Errorf("get the id of this cluster: %w", err)
	}
	begun, err := o.origins.originOf(ctx, cluster, &b.references, &b.archiveAccess)
	if err != nil {
		return fmt.Errorf("read whose archive this is: %w", err)
	}
	log, err := artifacts.Owners(ctx, b.store)
	if err != nil {
		return err
	}
	owner := artifacts.OwnerOf(begun.ClusterID, begun.Since, log)
	if owner.ClusterID == cluster {
		return nil
	}
	return lostArchiveError{fmt.Sprintf(
		"the archive %s belongs to cluster %s (since %s): run the command in the message of the RecordingExport (kubectl get rex %s -n %s -o wide)",
		b.location, owner.ClusterID, words.Time(owner.Since), b.export.Name, b.batch.Namespace)}
}

// ownerVerifier is archiveOwner.verifyOwner for one batch. Work that runs long verifies it just before
// each request that would cost Genesys Cloud or the customer something twice. The zero value
// verifies nothing.
type ownerVerifier func(context.Context) error

func (o ownerVerifier) verify(ctx context.Context) error {
	if o == nil {
		return nil
	}
	return o(ctx)
}

// verifier returns what verifies that the archive of the batch belongs to this cluster.
func (o archiveOwner) verifier(b *resolvedBatch) ownerVerifier {
	return func(ctx context.Context) error { return o.verifyOwner(ctx, b) }
}
