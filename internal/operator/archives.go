package operator

import (
	"context"
	"crypto/rand"
	"io"
	"path"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
)

// destination is where a destination is, relative to the archive root: names of
// Kubernetes objects and of directories are segments of keys.
func (o *operator) destination(d *v1alpha1.ExportDestination) string {
	return path.Join(d.Namespace, d.Spec.Directory.Name)
}

// location is where an export's archive is, relative to the archive root.
func (o *operator) location(d *v1alpha1.ExportDestination, export string) string {
	return path.Join(o.destination(d), export)
}

// archive opens the archive of an export.
func (o *operator) archive(d *v1alpha1.ExportDestination, export string) (archive.Store, error) {
	return archive.OpenDirectory(o.ArchiveRoot, o.location(d, export))
}

// probe writes something to a destination, durably, and removes it.
func (o *operator) probe(ctx context.Context, d *v1alpha1.ExportDestination) error {
	store, err := archive.OpenDirectory(o.ArchiveRoot, o.destination(d))
	if err != nil {
		return err
	}
	key := archive.WorkPrefix + "probe/" + rand.Text()
	err = store.Create(ctx, key, func(w io.Writer) error {
		_, err := io.WriteString(w, "evidence can be written here\n")
		return err
	})
	if err != nil {
		return err
	}
	return store.Remove(ctx, archive.WorkPrefix+"probe")
}
