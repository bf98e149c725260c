package s3store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// Check returns nil if the buckets are as the spec demands and the access key has all
// permissions that an export needs. It leaves nothing in either bucket, and writes nothing
// before it has checked both.
func (b *Buckets) Check(ctx context.Context) error {
	for _, check := range []func(context.Context) error{
		b.checkLock, b.checkWorkBucket, b.checkReading, b.checkWorkArtifacts, b.checkEvidence,
	} {
		if err := check(ctx); err != nil {
			return err
		}
	}
	return nil
}

// bucketError is the error for a bucket that is not as the spec demands.
func bucketError(kind archive.Kind, bucket, says string, values ...any) error {
	return &archive.Error{Op: "bucket " + bucket, Kind: kind, Message: fmt.Sprintf(says, values...)}
}

// lockOf reads a bucket's Object Lock, nil if it has none.
func (b *Buckets) lockOf(ctx context.Context, bucket string) (*types.ObjectLockConfiguration, error) {
	out, err := b.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
	if err != nil {
		if kinds[errorCode(err)] == archive.KindNotLocked {
			return nil, nil
		}
		return nil, b.wrapError(ctx, "read the Object Lock of bucket "+bucket, err)
	}
	lock := out.ObjectLockConfiguration
	if lock == nil || lock.ObjectLockEnabled != types.ObjectLockEnabledEnabled {
		return nil, nil
	}
	return lock, nil
}

// checkLock checks that the bucket has the Object Lock that the spec demands.
func (b *Buckets) checkLock(ctx context.Context) error {
	bucket := b.config.Bucket
	if b.config.Lock == nil {
		return nil
	}
	lock, err := b.lockOf(ctx, bucket)
	if err != nil {
		return err
	}
	if lock == nil {
		return bucketError(archive.KindNotLocked, bucket, "it has no Object Lock")
	}
	versioning, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &bucket})
	if err != nil {
		return b.wrapError(ctx, "read the versioning of bucket "+bucket, err)
	}
	if versioning.Status != types.BucketVersioningStatusEnabled {
		return bucketError(archive.KindNotLocked, bucket, "its versioning is not enabled")
	}
	if lock.Rule == nil || lock.Rule.DefaultRetention == nil {
		return nil
	}
	return b.config.Lock.contradicts(bucket, *lock.Rule.DefaultRetention)
}

// daysInYear is the length of a year for S3.
const daysInYear = 365

// contradicts compares the lock with a bucket's default retention, which the lock would
// override: a different one was meant for something else.
func (l *Lock) contradicts(bucket string, own types.DefaultRetention) error {
	days := int(aws.ToInt32(own.Days)) + daysInYear*int(aws.ToInt32(own.Years))
	if days == l.Days && string(own.Mode) == string(l.Mode) {
		return nil
	}
	return bucketError(archive.KindRetention, bucket, "its default retention is %s for %d days, but spec.s3.objectLock requires %s for %d days", own.Mode, days, l.Mode, l.Days)
}

// checkWorkBucket checks that working artifacts can be removed.
func (b *Buckets) checkWorkBucket(ctx context.Context) error {
	lock, err := b.lockOf(ctx, b.config.WorkBucket)
	if err != nil {
		return err
	}
	if lock != nil {
		return bucketError(archive.KindWorkLocked, b.config.WorkBucket, "it has Object Lock")
	}
	return nil
}

// probeName is part of the keys that are read or written only to check permissions.
const probeName = "probe"

// absentUpload is the id of an upload that does not exist.
const absentUpload = "none"

// checkReading checks that evidence can be listed and read, and uploads listed and
// aborted.
func (b *Buckets) checkReading(ctx context.Context) error {
	root := &Store{b, "."}
	at, op := root.location(probeName), "list bucket "+b.config.Bucket
	if _, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &at.bucket, Prefix: &at.key, MaxKeys: aws.Int32(1)}); err != nil {
		return b.wrapError(ctx, op, err)
	}
	if _, err := b.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &at.bucket, Prefix: &at.key}); err != nil {
		return b.wrapError(ctx, op, err)
	}
	if err := b.abort(ctx, at, absentUpload); err != nil {
		return err
	}
	_, err := fs.ReadFile(root.FS(ctx), probeName+"/"+rand.Text())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// checkWorkArtifacts writes a working artifact, reads it and removes it.
func (b *Buckets) checkWorkArtifacts(ctx context.Context) error {
	root, folder := &Store{b, "."}, archive.WorkPrefix+probeName
	key := folder + "/" + rand.Text()
	err := root.Create(ctx, key, func(w io.Writer) error {
		_, err := io.WriteString(w, "working artifacts can be written here\n")
		return err
	})
	if err != nil {
		return err
	}
	file, err := root.FS(ctx).Open(key)
	if err == nil {
		_, err = io.Copy(io.Discard, file)
		_ = file.Close()
	}
	return errors.Join(err, root.Remove(ctx, folder))
}

// checkEvidence checks that evidence may be written as the spec demands, without writing
// any: the body has another SHA-256 than announced, so S3 checks permissions and retention
// and then has to refuse it. It tries first on the workBucket whether S3 does refuse,
// because an object there could be removed.
func (b *Buckets) checkEvidence(ctx context.Context) error {
	root := &Store{b, "."}
	folder := archive.WorkPrefix + probeName
	if err := b.checkWrite(ctx, root.location(folder+"/"+rand.Text()), lockSettings{}); err != nil {
		return errors.Join(err, root.Remove(ctx, folder))
	}
	return b.checkWrite(ctx, root.location(probeName+"/"+rand.Text()), b.lockSettings(true))
}

// checkWrite returns nil if an object could be written and was not.
func (b *Buckets) checkWrite(ctx context.Context, to location, lock lockSettings) error {
	sum := sha256.Sum256([]byte("what is announced"))
	op := "write to bucket " + to.bucket
	if lock.hold != "" {
		op += " with retention and legal hold (s3:PutObject, s3:PutObjectRetention, s3:PutObjectLegalHold)"
	}
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &to.bucket, Key: &to.key, Body: strings.NewReader("what is sent"), IfNoneMatch: aws.String("*"),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
		ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: lock.until, ObjectLockLegalHoldStatus: lock.hold,
	})
	switch errorCode(err) {
	case "BadDigest", "XAmzContentChecksumMismatch":
		return nil
	case "":
		if err == nil {
			return &archive.Error{Op: op, Kind: archive.KindRefused, Message: "it does not verify SHA-256 checksums"}
		}
	}
	return b.wrapError(ctx, op, err)
}
