package recordingexportbatch

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
)

// originCache remembers the archives that this cluster began. The record of that is written
// once, and each process reads it once. The zero value is ready for use.
type originCache struct {
	mu   sync.Mutex
	ours map[types.NamespacedName]archiveOrigin
}

// archiveOrigin is where an archive is, and when it was begun.
type archiveOrigin struct {
	location string
	since    time.Time
}

// originOf returns which cluster began the archive of a batch, and when.
func (c *originCache) originOf(ctx context.Context, cluster string, refs *references, access *archiveAccess) (artifacts.Ownership, error) {
	export := types.NamespacedName{Namespace: refs.batch.Namespace, Name: refs.batch.Spec.ExportRef.Name}
	c.mu.Lock()
	known := c.ours[export]
	c.mu.Unlock()
	if known.location == access.location && access.location != "" {
		return artifacts.Ownership{ClusterID: cluster, Since: known.since}, nil
	}
	record, err := artifacts.Record(ctx, access.store)
	if err == nil && record.ClusterID == cluster {
		c.remember(export, archiveOrigin{access.location, record.CreatedAt})
	}
	return artifacts.Ownership{ClusterID: record.ClusterID, Since: record.CreatedAt}, err
}

func (c *originCache) remember(export types.NamespacedName, begun archiveOrigin) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ours == nil {
		c.ours = map[types.NamespacedName]archiveOrigin{}
	}
	c.ours[export] = begun
}

// forgetExport drops an export that was deleted.
func (c *originCache) forgetExport(export types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.ours, export)
}
