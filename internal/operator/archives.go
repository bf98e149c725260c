package operator

import (
	"context"
	"crypto/rand"
	"io"
	"io/fs"
	"path"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// destination is where a destination is: an address with s3://, or relative to
// the archive root. Names of Kubernetes objects and of directories are segments
// of keys.
func (o *operator) destination(d *v1alpha1.ExportDestination) string {
	if s3 := d.Spec.S3; s3 != nil {
		return "s3://" + path.Join(s3.Bucket, s3.Prefix)
	}
	return path.Join(d.Namespace, d.Spec.Directory.Name)
}

// location is where an export's archive is.
func (o *operator) location(d *v1alpha1.ExportDestination, export string) string {
	return o.destination(d) + "/" + export
}

// archive opens the archive of an export, whose artifacts are authentic, or the one
// that the exports of a destination share.
func (o *operator) archive(d *v1alpha1.ExportDestination, export string) (archive.Store, error) {
	store, err := o.plainArchive(d, export)
	if err != nil {
		return nil, err
	}
	identity := authentic.Identity{Namespace: d.Namespace, Export: export}
	if export == artifacts.SharedArchive {
		return authentic.WrapShared(store, identity, o.artifactKey.master), nil
	}
	return authentic.Wrap(store, identity, o.artifactKey.master), nil
}

// plainArchive opens the archive of an export as it is stored.
func (o *operator) plainArchive(d *v1alpha1.ExportDestination, export string) (archive.Store, error) {
	if d.Spec.S3 != nil {
		buckets, err := o.buckets.of(d)
		if err != nil {
			return nil, err
		}
		return buckets.Archive(export)
	}
	store, err := o.open(o.location(d, export))
	if err != nil || o.usage == nil {
		return store, err
	}
	return o.usage.CountWrites(store, d.Namespace), nil
}

// fits is an error if so many bytes more are more than the namespace of a destination may
// take of the archive volume. Buckets are not shared.
func (o *operator) fits(d *v1alpha1.ExportDestination, bytes int64) error {
	if d.Spec.S3 != nil {
		return nil
	}
	return o.usage.Fits(d.Namespace, bytes)
}

// reserve reserves so many bytes of what the namespace of a destination may take of the
// archive volume.
func (o *operator) reserve(d *v1alpha1.ExportDestination, bytes int64) (*usage.Reservation, error) {
	if d.Spec.S3 != nil {
		return nil, nil
	}
	return o.usage.Reserve(d.Namespace, bytes)
}

func (o *operator) open(name string) (archive.Store, error) {
	if o.OpenArchive != nil {
		return o.OpenArchive(o.ArchiveRoot, name)
	}
	return archive.OpenDirectory(o.ArchiveRoot, name)
}

// files reads everything that is stored at a destination, of whatever export.
func (o *operator) files(ctx context.Context, d *v1alpha1.ExportDestination) (fs.FS, error) {
	if d.Spec.S3 != nil {
		buckets, err := o.buckets.of(d)
		if err != nil {
			return nil, err
		}
		return buckets.FS(ctx), nil
	}
	store, err := o.open(o.destination(d))
	if err != nil {
		return nil, err
	}
	return store.FS(ctx), nil
}

// free tells how many bytes a destination can still take; a bucket cannot tell.
func (o *operator) free(ctx context.Context, d *v1alpha1.ExportDestination) (int64, bool, error) {
	if d.Spec.S3 != nil {
		return 0, false, nil
	}
	store, err := o.open(o.destination(d))
	if err != nil {
		return 0, false, err
	}
	return archive.Free(ctx, store)
}

// probe checks that evidence can be written to a destination: it writes
// something there, durably, and removes it.
func (o *operator) probe(ctx context.Context, d *v1alpha1.ExportDestination) error {
	if d.Spec.S3 != nil {
		buckets, err := o.buckets.of(d)
		if err != nil {
			return err
		}
		return buckets.Check(ctx)
	}
	store, err := o.open(o.destination(d))
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
