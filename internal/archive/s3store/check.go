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

// Check tells whether the buckets are what they are to be, and whether all that
// an export does may be done: nil if so. It leaves nothing in either bucket, and
// writes nothing at all before it has seen that both are as they should be.
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

// wrong is the error for a bucket that is not what it is to be.
func wrong(kind archive.Kind, bucket, says string, values ...any) error {
	return &archive.Error{Op: "bucket " + bucket, Kind: kind, Message: fmt.Sprintf(says, values...)}
}

// lockOf reads a bucket's lock, nil if it has none.
func (b *Buckets) lockOf(ctx context.Context, bucket string) (*types.ObjectLockConfiguration, error) {
	out, err := b.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
	if err != nil {
		if kinds[code(err)] == archive.KindNotLocked {
			return nil, nil
		}
		return nil, b.fail(ctx, "read the Object Lock of bucket "+bucket, err)
	}
	lock := out.ObjectLockConfiguration
	if lock == nil || lock.ObjectLockEnabled != types.ObjectLockEnabledEnabled {
		return nil, nil
	}
	return lock, nil
}

// checkLock sees to it that the bucket has the lock that is demanded.
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
		return wrong(archive.KindNotLocked, bucket, "it has no Object Lock")
	}
	versioning, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &bucket})
	if err != nil {
		return b.fail(ctx, "read the versioning of bucket "+bucket, err)
	}
	if versioning.Status != types.BucketVersioningStatusEnabled {
		return wrong(archive.KindNotLocked, bucket, "its versioning is not enabled")
	}
	if lock.Rule == nil || lock.Rule.DefaultRetention == nil {
		return nil
	}
	return b.config.Lock.contradicts(bucket, *lock.Rule.DefaultRetention)
}

// daysInYear is what S3 counts.
const daysInYear = 365

// contradicts compares the lock with a bucket's own retention, which the lock
// would override: one that is not the same was meant for something else.
func (l *Lock) contradicts(bucket string, own types.DefaultRetention) error {
	days := int(aws.ToInt32(own.Days)) + daysInYear*int(aws.ToInt32(own.Years))
	if days == l.Days && string(own.Mode) == string(l.Mode) {
		return nil
	}
	return wrong(archive.KindRetention, bucket, "its default retention is %s for %d days, %s for %d days is demanded", own.Mode, days, l.Mode, l.Days)
}

// checkWorkBucket sees to it that working artifacts can be removed again.
func (b *Buckets) checkWorkBucket(ctx context.Context) error {
	lock, err := b.lockOf(ctx, b.config.WorkBucket)
	if err != nil {
		return err
	}
	if lock != nil {
		return wrong(archive.KindWorkLocked, b.config.WorkBucket, "it has Object Lock")
	}
	return nil
}

// probe names what is looked for, or written, only to see whether it may be.
const probe = "probe"

// noUpload is the id of an upload that there is not.
const noUpload = "none"

// checkReading sees to it that evidence can be listed and read, and uploads found
// and ended.
func (b *Buckets) checkReading(ctx context.Context) error {
	root := &Store{b, "."}
	at, op := root.place(probe), "list bucket "+b.config.Bucket
	if _, err := b.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &at.bucket, Prefix: &at.key, MaxKeys: aws.Int32(1)}); err != nil {
		return b.fail(ctx, op, err)
	}
	if _, err := b.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &at.bucket, Prefix: &at.key}); err != nil {
		return b.fail(ctx, op, err)
	}
	if err := b.abort(ctx, at, noUpload); err != nil {
		return err
	}
	_, err := fs.ReadFile(root.FS(ctx), probe+"/"+rand.Text())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// checkWorkArtifacts writes a working artifact, reads it and removes it.
func (b *Buckets) checkWorkArtifacts(ctx context.Context) error {
	root, folder := &Store{b, "."}, archive.WorkPrefix+probe
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

// checkEvidence sees to it that evidence may be written as demanded, without
// writing any: what is sent has another SHA-256 than announced, so that S3 looks
// at permissions and terms, and then has to refuse it. That it does is tried on
// the bucket of working artifacts first, where nothing would be left.
func (b *Buckets) checkEvidence(ctx context.Context) error {
	root := &Store{b, "."}
	folder := archive.WorkPrefix + probe
	if err := b.pretend(ctx, root.place(folder+"/"+rand.Text()), terms{}); err != nil {
		return errors.Join(err, root.Remove(ctx, folder))
	}
	return b.pretend(ctx, root.place(probe+"/"+rand.Text()), b.terms(true))
}

// pretend is nil if an object could be written and was not.
func (b *Buckets) pretend(ctx context.Context, to place, kept terms) error {
	sum := sha256.Sum256([]byte("what is announced"))
	op := "write to bucket " + to.bucket
	if kept.hold != "" {
		op += " with retention and legal hold (s3:PutObject, s3:PutObjectRetention, s3:PutObjectLegalHold)"
	}
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &to.bucket, Key: &to.key, Body: strings.NewReader("what is sent"), IfNoneMatch: aws.String("*"),
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
		ObjectLockMode: kept.mode, ObjectLockRetainUntilDate: kept.until, ObjectLockLegalHoldStatus: kept.hold,
	})
	switch code(err) {
	case "BadDigest", "XAmzContentChecksumMismatch":
		return nil
	case "":
		if err == nil {
			return &archive.Error{Op: op, Kind: archive.KindRefused, Message: "it does not verify SHA-256 checksums"}
		}
	}
	return b.fail(ctx, op, err)
}
