package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
)

// thisCluster is the cluster that this operator runs in.
type thisCluster struct {
	clusterID func(context.Context) (string, error)
}

// id returns the id of this cluster.
func (c thisCluster) id(ctx context.Context) (string, error) {
	id, err := c.clusterID(ctx)
	if err != nil {
		return "", fmt.Errorf("get the id of this cluster: %w", err)
	}
	return id, nil
}

// owns tells whether an archive belongs to this cluster, or to nobody yet.
func (c thisCluster) owns(ctx context.Context, store archive.Store) (bool, error) {
	id, err := c.id(ctx)
	if err != nil {
		return false, err
	}
	owner, err := artifacts.CurrentOwner(ctx, store)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return err == nil && owner.ClusterID == id, err
}
