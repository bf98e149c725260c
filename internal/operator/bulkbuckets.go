package operator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/controllers/recordingexportbatch"
	"github.com/gcexport/recording-export-operator/internal/archive/s3store"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// bulkBucket opens the bucket into which the bulk jobs of an export put recordings. It asks nothing of
// the service.
func (o *operator) bulkBucket(export *v1alpha1.RecordingExport) (recordingexportbatch.Bucket, error) {
	source, err := o.bulkSource(export)
	if err != nil {
		return nil, err
	}
	return bulkBucket{source}, nil
}

// bulkSource returns the source of recordings of an export.
func (o *operator) bulkSource(export *v1alpha1.RecordingExport) (*s3store.Source, error) {
	configured := export.Spec.Delivery.BulkJob
	if configured == nil {
		return nil, errors.New("spec.delivery.bulkJob is missing")
	}
	spec := configured.S3
	if !o.buckets.allows(spec.Endpoint) {
		return nil, outcome.UserError{Reason: v1alpha1.ReasonEndpointNotAllowed, Message: fmt.Sprintf(
			"start the manager with %s, or create another RecordingExport without spec.delivery.bulkJob.s3.endpoint", egress.Setting(egress.S3, parsed(spec.Endpoint)))}
	}
	secret := types.NamespacedName{Namespace: export.Namespace, Name: spec.SecretRef.Name}
	return s3store.OpenSource(s3store.Config{
		Endpoint: spec.Endpoint, Region: spec.Region, PathStyle: spec.PathStyle, Bucket: spec.Bucket,
		Credentials: func(ctx context.Context) (s3store.Credentials, error) { return o.buckets.credentials(ctx, secret) },
		Now:         o.buckets.now, Tenant: export.Namespace, HTTP: o.buckets.client,
	}), nil
}

// referenced returns what opens the recordings to which the archive of an export refers, for its
// verification. It opens nothing outside the bucket of the export.
func (o *operator) referenced(export *v1alpha1.RecordingExport) func(context.Context, string) (io.ReadCloser, error) {
	if export.Spec.Delivery.BulkJob == nil {
		return nil
	}
	source, err := o.bulkSource(export)
	return func(ctx context.Context, location string) (io.ReadCloser, error) {
		if err != nil {
			return nil, err
		}
		bucket, key, err := evidence.ParseS3Location(location)
		if err != nil {
			return nil, err
		}
		if own := export.Spec.Delivery.BulkJob.S3.Bucket; bucket != own {
			return nil, fmt.Errorf("the bucket of the export is %s", own)
		}
		opened, err := source.Open(ctx, s3store.SourceObject{Key: key})
		if errors.Is(err, s3store.ErrChanged) {
			return nil, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
		}
		if err != nil {
			return nil, err
		}
		return opened, nil
	}
}

// checkBulkBucket returns an error that says what to do unless that bucket can be read.
func (o *operator) checkBulkBucket(ctx context.Context, export *v1alpha1.RecordingExport) error {
	return recordingexportbatch.CheckBucket(ctx, export, o.bulkBucket)
}

// bulkBucket is such a bucket in the words of the reconciler of batches.
type bulkBucket struct{ source *s3store.Source }

// List lists the objects whose keys begin with a prefix.
func (b bulkBucket) List(ctx context.Context, prefix string) ([]bulk.Object, error) {
	listed, err := b.source.List(ctx, prefix)
	objects := make([]bulk.Object, len(listed))
	for i, object := range listed {
		objects[i] = bulk.Object{Key: object.Key, Size: object.Size, ETag: object.ETag}
	}
	return objects, err
}

// Open opens exactly the object that was listed.
func (b bulkBucket) Open(ctx context.Context, object bulk.Object) (*recordingexportbatch.BucketFile, error) {
	opened, err := b.source.Open(ctx, s3store.SourceObject{Key: object.Key, Size: object.Size, ETag: object.ETag})
	if errors.Is(err, s3store.ErrChanged) {
		return nil, fmt.Errorf("%w: %s", recordingexportbatch.ErrObjectChanged, object.Key)
	}
	if err != nil {
		return nil, err
	}
	return &recordingexportbatch.BucketFile{
		ReadCloser: opened, Length: opened.Length, KMSKey: opened.KMSKey, ContentType: opened.ContentType,
	}, nil
}
