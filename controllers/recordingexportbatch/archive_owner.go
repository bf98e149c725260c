package recordingexportbatch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// ownerCheckInterval is before another look at a batch whose archive belongs to another
// cluster, in case that the export's own change was missed.
const ownerCheckInterval = time.Minute

// checkOwner stops here while the archive belongs to another cluster. It looks into the
// archive and not at what the export's status says: a cluster that was away for days
// wakes up with a status that is as old, and must not request anything before its
// export has been looked at.
func (r *Reconciler) checkOwner(ctx context.Context, s *scope) (outcome.Outcome, error) {
	cluster, err := r.ClusterID(ctx)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("tell this cluster from others: %w", err)
	}
	begun, err := r.foundings.foundingOf(ctx, cluster, s)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("read whose archive this is: %w", err)
	}
	log, err := artifacts.Owners(ctx, s.store)
	if err != nil {
		return outcome.Outcome{}, err
	}
	owner := artifacts.OwnerOf(begun.ClusterID, begun.Since, log)
	if owner.ClusterID == cluster {
		return outcome.Done(), nil
	}
	r.cancelWork(s)
	return outcome.Stall(v1alpha1.ReasonArchiveOfAnotherCluster, fmt.Sprintf(
		"the archive %s has belonged to the cluster %s since %s: run the command in the message of the RecordingExport (kubectl get rex %s -n %s -o wide)",
		s.location, owner.ClusterID, owner.Since.UTC().Format(time.RFC3339), s.export.Name, s.batch.Namespace), ownerCheckInterval), nil
}

// cancelWork stops the work of the batch, and the metadata work that it shares.
func (r *Reconciler) cancelWork(s *scope) {
	lane := s.batch.Spec.Lane
	r.Worker.Pools[string(lane)].Cancel(s.keyPrefix() + s.batch.Name + "/")
	r.Worker.Pools[string(metadataLane(lane))].Cancel(s.keyPrefix() + s.state.slice.Group + "/")
}

// isOfAnotherCluster tells whether an export says that its archive is another cluster's.
func isOfAnotherCluster(export *v1alpha1.RecordingExport) bool {
	return conditions.Reason(export) == v1alpha1.ReasonArchiveOfAnotherCluster
}

// foundingCache remembers of exports that this cluster began their archives. What says so is
// written once, and read once by each process. The zero value is ready for use.
type foundingCache struct {
	mu   sync.Mutex
	ours map[types.NamespacedName]founding
}

// founding is when an archive was begun, and where it is.
type founding struct {
	location string
	since    time.Time
}

// foundingOf returns which cluster began the archive of a batch, and when.
func (f *foundingCache) foundingOf(ctx context.Context, cluster string, s *scope) (artifacts.Ownership, error) {
	export := types.NamespacedName{Namespace: s.batch.Namespace, Name: s.batch.Spec.ExportRef.Name}
	f.mu.Lock()
	known := f.ours[export]
	f.mu.Unlock()
	if known.location == s.location && s.location != "" {
		return artifacts.Ownership{ClusterID: cluster, Since: known.since}, nil
	}
	record, err := artifacts.Record(ctx, s.store)
	if err == nil && record.ClusterID == cluster {
		f.remember(export, founding{s.location, record.CreatedAt})
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

// forget forgets an export that is gone.
func (f *foundingCache) forget(export types.NamespacedName) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.ours, export)
}
