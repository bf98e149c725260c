package recordingexportbatch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// ownerCheckInterval is the wait before the owner of an archive is checked again that belongs
// to another cluster, in case that the change of the export was missed.
const ownerCheckInterval = time.Minute

// ownerCheck stops a batch while its archive belongs to another cluster. It reads the archive
// and not the status of the export: a cluster that was away for days starts with a status that
// is as old, and must not request anything before its export has been evaluated.
type ownerCheck struct {
	clusterID func(context.Context) (string, error)
	foundings *foundingCache
	pools     lanePools
}

// Reconcile is satisfied if the archive belongs to this cluster.
func (c *ownerCheck) Reconcile(ctx context.Context, b *resolvedBatch) (outcome.Outcome, error) {
	cluster, err := c.clusterID(ctx)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("tell this cluster from others: %w", err)
	}
	begun, err := c.foundings.foundingOf(ctx, cluster, &b.references, &b.archiveAccess)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("read whose archive this is: %w", err)
	}
	log, err := artifacts.Owners(ctx, b.store)
	if err != nil {
		return outcome.Outcome{}, err
	}
	owner := artifacts.OwnerOf(begun.ClusterID, begun.Since, log)
	if owner.ClusterID == cluster {
		return outcome.Done(), nil
	}
	c.pools.cancel(&b.references)
	c.pools.states.drop(b.batch) // the other cluster may change it
	return outcome.Stall(v1alpha1.ReasonArchiveOfAnotherCluster, fmt.Sprintf(
		"the archive %s has belonged to the cluster %s since %s: run the command in the message of the RecordingExport (kubectl get rex %s -n %s -o wide)",
		b.location, owner.ClusterID, owner.Since.UTC().Format(time.RFC3339), b.export.Name, b.batch.Namespace), ownerCheckInterval), nil
}

// foundingCache remembers the archives that this cluster began. The record of that is written
// once, and each process reads it once. The zero value is ready for use.
type foundingCache struct {
	mu   sync.Mutex
	ours map[types.NamespacedName]founding
}

// founding is where an archive is, and when it was begun.
type founding struct {
	location string
	since    time.Time
}

// foundingOf returns which cluster began the archive of a batch, and when.
func (f *foundingCache) foundingOf(ctx context.Context, cluster string, refs *references, access *archiveAccess) (artifacts.Ownership, error) {
	export := types.NamespacedName{Namespace: refs.batch.Namespace, Name: refs.batch.Spec.ExportRef.Name}
	f.mu.Lock()
	known := f.ours[export]
	f.mu.Unlock()
	if known.location == access.location && access.location != "" {
		return artifacts.Ownership{ClusterID: cluster, Since: known.since}, nil
	}
	record, err := artifacts.Record(ctx, access.store)
	if err == nil && record.ClusterID == cluster {
		f.remember(export, founding{access.location, record.CreatedAt})
	}
	return artifacts.Ownership{ClusterID: record.ClusterID, Since: record.CreatedAt}, err
}

func (f *foundingCache) remember(export types.NamespacedName, begun founding) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ours == nil {
		f.ours = map[types.NamespacedName]founding{}
	}
	f.ours[export] = begun
}

// forget drops an export that was deleted.
func (f *foundingCache) forget(export types.NamespacedName) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ours, export)
}
