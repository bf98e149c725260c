package recordingexportbatch

import (
	"context"
	"errors"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/bulk"
)

// probeKey is a key that no object has. Whoever may read the bucket is told that there is none.
const probeKey = "recording-export-operator/no-such-object"

// CheckBucket returns an error that says what to do unless the objects of the bucket into which the bulk
// jobs of an export put recordings can be listed and read.
func CheckBucket(ctx context.Context, export *v1alpha1.RecordingExport, open func(*v1alpha1.RecordingExport) (Bucket, error)) error {
	bucket, err := open(export)
	if err == nil {
		_, err = bucket.List(ctx, probeKey)
	}
	if err == nil {
		err = probeOpen(ctx, bucket)
	}
	var broken *bucketError
	if err = asBucketError(ctx, export.Spec.Delivery.BulkJob.S3, err); errors.As(err, &broken) {
		broken.early = true
	}
	return err
}

func probeOpen(ctx context.Context, bucket Bucket) error {
	opened, err := bucket.Open(ctx, bulk.Object{Key: probeKey})
	switch {
	case errors.Is(err, ErrObjectChanged):
		return nil
	case err != nil:
		return err
	default:
		return opened.Close()
	}
}
