package archive

import "github.com/gcexport/recording-export-operator/internal/outcome"

// Advice says what to do about an error of each kind. Kinds that are not named here
// are retried.
func (e *Error) Advice() outcome.Advice {
	reason, do := "", ""
	switch e.Kind {
	case KindCredentials:
		reason, do = "CredentialsRejected", "correct the access key in the destination's Secret"
	case KindDenied:
		reason, do = "PermissionMissing", "give the owner of the destination's access key the permission, or correct the key"
	case KindNoBucket:
		reason, do = "BucketNotFound", "create the bucket"
	case KindNotLocked:
		reason, do = "ObjectLockMissing", "turn on versioning and Object Lock, or name a bucket that has both in another ExportDestination"
	case KindRetention:
		reason, do = "RetentionMismatch", "make the bucket's default retention and spec.s3.objectLock the same, or remove the bucket's"
	case KindWorkLocked:
		reason, do = "WorkBucketLocked", "name a workBucket without Object Lock in another ExportDestination"
	case KindRefused:
		reason, do = "RequestRefused", "the object store refuses the request"
	default:
		return outcome.Advice{Cause: outcome.CauseStore, State: outcome.Waiting, Reason: "DestinationUnavailable", Before: "retrying"}
	}
	return outcome.Advice{Cause: outcome.CauseStore, State: outcome.Stalled, Reason: reason, Before: do}
}
