package s3store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// resumeWindow is how long after its start an upload can be resumed. Its retention was set
// then, and is that much longer than the spec demands.
const resumeWindow = 24 * time.Hour

// upload is an object that is being sent in parts.
type upload struct {
	buckets  *Buckets
	op       string
	location location
	id       string
	parts    []types.CompletedPart
	// known are parts that an earlier attempt sent, by their numbers.
	known map[int32]types.Part
	// failed tells that the service caused the failure.
	failed bool
}

// begin starts an upload, or resumes the one of an attempt that did not complete it. If
// the object exists, the error is fs.ErrExist.
func (b *Buckets) begin(ctx context.Context, op string, to location, lock lockSettings) (*upload, error) {
	switch _, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &to.bucket, Key: &to.key}); {
	case err == nil:
		return nil, fmt.Errorf("%s: %w", op, fs.ErrExist)
	case !isNotFound(err):
		return nil, b.wrapError(ctx, op, err)
	}
	u := &upload{buckets: b, op: op, location: to}
	var err error
	if u.id, err = b.pending(ctx, op, to); err != nil {
		return nil, err
	}
	if u.id != "" {
		if err := u.readParts(ctx); err != nil {
			u.allowResume()
			return nil, err
		}
		return u, nil
	}
	made, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &to.bucket, Key: &to.key, ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: lock.until, ObjectLockLegalHoldStatus: lock.hold,
	})
	if err != nil {
		return nil, b.wrapError(ctx, op, err)
	}
	u.id = aws.ToString(made.UploadId)
	activeUploads.Store(u.id, true)
	return u, nil
}

// activeUploads are the ids of the uploads of this process: no other writer of it resumes
// them. If another process works on the same upload, S3 refuses the parts that were
// overwritten, and both retry.
var activeUploads sync.Map

// allowResume allows other writers to resume the upload.
func (u *upload) allowResume() { activeUploads.Delete(u.id) }

// pending returns the id of an upload of the key that can be resumed, empty if there is
// none.
func (b *Buckets) pending(ctx context.Context, op string, to location) (string, error) {
	found, err := b.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &to.bucket, Prefix: &to.key})
	if err != nil {
		return "", b.wrapError(ctx, op, err)
	}
	for _, u := range found.Uploads {
		if aws.ToString(u.Key) != to.key || b.config.Now().Sub(aws.ToTime(u.Initiated)) >= resumeWindow {
			continue
		}
		if _, taken := activeUploads.LoadOrStore(aws.ToString(u.UploadId), true); !taken {
			return aws.ToString(u.UploadId), nil
		}
	}
	return "", nil
}

// readParts reads which parts have been sent.
func (u *upload) readParts(ctx context.Context) error {
	u.known = map[int32]types.Part{}
	pages := s3.NewListPartsPaginator(u.buckets.client, &s3.ListPartsInput{Bucket: &u.location.bucket, Key: &u.location.key, UploadId: &u.id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return u.buckets.wrapError(ctx, u.op, err)
		}
		for _, part := range page.Parts {
			u.known[aws.ToInt32(part.PartNumber)] = part
		}
	}
	return nil
}

// send sends the next part, unless it was sent before, byte for byte.
func (u *upload) send(ctx context.Context, body []byte) error {
	sum := sha256.Sum256(body)
	part := types.CompletedPart{
		PartNumber:     aws.Int32(int32(len(u.parts) + 1)), //nolint:gosec // S3 takes 10,000 parts
		ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
	}
	known, ok := u.known[*part.PartNumber]
	if ok && aws.ToString(known.ChecksumSHA256) == *part.ChecksumSHA256 {
		part.ETag = known.ETag
		u.parts = append(u.parts, part)
		return nil
	}
	sending, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	sent, err := u.buckets.client.UploadPart(sending, &s3.UploadPartInput{
		Bucket: &u.location.bucket, Key: &u.location.key, UploadId: &u.id, Body: bytes.NewReader(body),
		PartNumber: part.PartNumber, ChecksumSHA256: part.ChecksumSHA256,
	})
	if err != nil {
		u.failed = true
		return u.buckets.wrapError(ctx, u.op, err)
	}
	part.ETag = sent.ETag
	u.parts = append(u.parts, part)
	return nil
}

// complete makes the parts an object, unless the object exists by now.
func (u *upload) complete(ctx context.Context) error {
	_, err := u.buckets.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.location.bucket, Key: &u.location.key, UploadId: &u.id, IfNoneMatch: aws.String("*"),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
	})
	err = u.buckets.wrapError(ctx, u.op, err)
	if errors.Is(err, fs.ErrExist) {
		u.abort(ctx)
	}
	return err
}

// abort aborts the upload. If that fails, the upload is aborted with the export, by
// abortAll.
func (u *upload) abort(ctx context.Context) {
	_ = u.buckets.abort(ctx, u.location, u.id)
}

func (b *Buckets) abort(ctx context.Context, at location, id string) error {
	_, err := b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &at.bucket, Key: &at.key, UploadId: &id})
	if errorCode(err) == "NoSuchUpload" {
		return nil
	}
	return b.wrapError(ctx, "abort an upload to bucket "+at.bucket, err)
}

// abortAll aborts every upload of keys below a location.
func (b *Buckets) abortAll(ctx context.Context, below location) error {
	pages := s3.NewListMultipartUploadsPaginator(b.client, &s3.ListMultipartUploadsInput{
		Bucket: &below.bucket, Prefix: aws.String(below.key + "/"),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return b.wrapError(ctx, "list the uploads to bucket "+below.bucket, err)
		}
		for _, u := range page.Uploads {
			if err := b.abort(ctx, location{below.bucket, aws.ToString(u.Key)}, aws.ToString(u.UploadId)); err != nil {
				return err
			}
		}
	}
	return nil
}
