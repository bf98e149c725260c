package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// bucketError says that the bucket of the bulk jobs, or an object of it, cannot be read. It needs a
// person, but only until the deadline: once that is used up, the recordings are downloaded.
type bucketError struct {
	spec  v1alpha1.BulkJobBucket
	cause error
	// early tells that no job was created yet. Then it waits for the person without a deadline.
	early bool
}

// asBucketError returns the error of a read of the bucket. An object that has changed, and work that is
// cancelled, say nothing about the bucket.
func asBucketError(ctx context.Context, spec v1alpha1.BulkJobBucket, err error) error {
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrObjectChanged) {
		return err
	}
	return &bucketError{spec: spec, cause: err}
}

func (e *bucketError) Error() string { return "bucket " + e.spec.Bucket + ": " + e.cause.Error() }

func (e *bucketError) Unwrap() error { return e.cause }

// UsesDeadline tells that waiting uses up the deadline, although a person has to act.
func (e *bucketError) UsesDeadline() bool { return !e.early }

// Outcome tells what to do, unless the bucket may be read in a moment.
func (e *bucketError) Outcome() outcome.Outcome {
	otherwise, waits := "; at the end of retry.deadline the operator downloads the recordings instead", v1alpha1.ReasonBulkExporting
	if e.early {
		otherwise, waits = "", v1alpha1.ReasonIntegrationNotReady
	}
	var known outcome.UserError
	if errors.As(e.cause, &known) {
		return outcome.Stall(known.Reason, known.Message+" (spec.delivery.bulkJob.s3 of the export)"+otherwise, 0)
	}
	if reason, do := e.advice(); reason != "" {
		return outcome.Stall(reason, do+": "+e.Error()+otherwise, 0)
	}
	return outcome.Wait(waits, "retrying: "+e.Error(), 0)
}

// advice returns what a person has to do, and nothing if the service may answer in a moment.
func (e *bucketError) advice() (reason, do string) {
	secret, bucket := e.spec.SecretRef.Name, e.spec.Bucket
	switch archive.KindOf(e.cause) {
	case archive.KindCredentials:
		return v1alpha1.ReasonCredentialsRejected, fmt.Sprintf("correct the access key in the Secret %q", secret)
	case archive.KindDenied:
		return v1alpha1.ReasonPermissionMissing, fmt.Sprintf(
			"give the owner of the access key in the Secret %q the permissions s3:ListBucket and s3:GetObject for the bucket %s, and kms:Decrypt for the key with which it is encrypted, if any", secret, bucket)
	case archive.KindNoBucket:
		return v1alpha1.ReasonBucketNotFound, fmt.Sprintf("create the bucket %s, or create another RecordingExport that names the bucket of the integration", bucket)
	case archive.KindRefused:
		return v1alpha1.ReasonRequestRefused, "correct the bucket, or create another RecordingExport with another spec.delivery.bulkJob.s3: the object store refuses the request"
	default:
		return "", ""
	}
}

// isWholeBucket tells whether no other object can be read either.
func (e *bucketError) isWholeBucket() bool {
	kind := archive.KindOf(e.cause)
	return kind != archive.KindDenied && kind != archive.KindRefused
}
