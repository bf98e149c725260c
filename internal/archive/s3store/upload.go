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

// resumable is how long after its beginning an upload is resumed. Its retention
// was fixed then, and is that much longer than demanded.
const resumable = 24 * time.Hour

// upload is an object on its way, in parts.
type upload struct {
	buckets *Buckets
	op      string
	place   place
	id      string
	parts   []types.CompletedPart
	// known are parts that an earlier attempt sent, by their numbers.
	known map[int32]types.Part
	// failed tells that the service failed it.
	failed bool
}

// begin begins an upload, or resumes the one that an attempt left which could
// not end it. If there is an object already, the error is fs.ErrExist.
func (b *Buckets) begin(ctx context.Context, op string, to place, kept terms) (*upload, error) {
	switch _, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &to.bucket, Key: &to.key}); {
	case err == nil:
		return nil, fmt.Errorf("%s: %w", op, fs.ErrExist)
	case !missing(err):
		return nil, b.fail(ctx, op, err)
	}
	u := &upload{buckets: b, op: op, place: to}
	var err error
	if u.id, err = b.pending(ctx, op, to); err != nil {
		return nil, err
	}
	if u.id != "" {
		if err := u.readParts(ctx); err != nil {
			u.letGo()
			return nil, err
		}
		return u, nil
	}
	made, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &to.bucket, Key: &to.key, ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ObjectLockMode: kept.mode, ObjectLockRetainUntilDate: kept.until, ObjectLockLegalHoldStatus: kept.hold,
	})
	if err != nil {
		return nil, b.fail(ctx, op, err)
	}
	u.id = aws.ToString(made.UploadId)
	underWay.Store(u.id, true)
	return u, nil
}

// underWay are the ids of the uploads that this process is at: no other writer of
// it resumes them. Of one that another process is at, S3 refuses the parts that
// were overwritten, and both try again.
var underWay sync.Map

// letGo lets others resume the upload.
func (u *upload) letGo() { underWay.Delete(u.id) }

// pending returns the id of an upload of the key that can be resumed, empty if
// there is none.
func (b *Buckets) pending(ctx context.Context, op string, to place) (string, error) {
	found, err := b.client.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: &to.bucket, Prefix: &to.key})
	if err != nil {
		return "", b.fail(ctx, op, err)
	}
	for _, u := range found.Uploads {
		if aws.ToString(u.Key) != to.key || b.config.Now().Sub(aws.ToTime(u.Initiated)) >= resumable {
			continue
		}
		if _, taken := underWay.LoadOrStore(aws.ToString(u.UploadId), true); !taken {
			return aws.ToString(u.UploadId), nil
		}
	}
	return "", nil
}

// readParts finds out which parts have been sent.
func (u *upload) readParts(ctx context.Context) error {
	u.known = map[int32]types.Part{}
	pages := s3.NewListPartsPaginator(u.buckets.client, &s3.ListPartsInput{Bucket: &u.place.bucket, Key: &u.place.key, UploadId: &u.id})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return u.buckets.fail(ctx, u.op, err)
		}
		for _, part := range page.Parts {
			u.known[aws.ToInt32(part.PartNumber)] = part
		}
	}
	return nil
}

// send sends the next part, unless it is there already, byte for byte.
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
		Bucket: &u.place.bucket, Key: &u.place.key, UploadId: &u.id, Body: bytes.NewReader(body),
		PartNumber: part.PartNumber, ChecksumSHA256: part.ChecksumSHA256,
	})
	if err != nil {
		u.failed = true
		return u.buckets.fail(ctx, u.op, err)
	}
	part.ETag = sent.ETag
	u.parts = append(u.parts, part)
	return nil
}

// complete makes the parts an object, unless there is one by now.
func (u *upload) complete(ctx context.Context) error {
	_, err := u.buckets.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &u.place.bucket, Key: &u.place.key, UploadId: &u.id, IfNoneMatch: aws.String("*"),
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.parts},
	})
	err = u.buckets.fail(ctx, u.op, err)
	if errors.Is(err, fs.ErrExist) {
		u.abort(ctx)
	}
	return err
}

// abort ends the upload; one that cannot be ended is ended with the export, by
// abortAll.
func (u *upload) abort(ctx context.Context) {
	_ = u.buckets.abort(ctx, u.place, u.id)
}

func (b *Buckets) abort(ctx context.Context, at place, id string) error {
	_, err := b.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &at.bucket, Key: &at.key, UploadId: &id})
	if code(err) == "NoSuchUpload" {
		return nil
	}
	return b.fail(ctx, "abort an upload to bucket "+at.bucket, err)
}

// abortAll ends every upload of keys below a place.
func (b *Buckets) abortAll(ctx context.Context, below place) error {
	pages := s3.NewListMultipartUploadsPaginator(b.client, &s3.ListMultipartUploadsInput{
		Bucket: &below.bucket, Prefix: aws.String(below.key + "/"),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return b.fail(ctx, "list the uploads to bucket "+below.bucket, err)
		}
		for _, u := range page.Uploads {
			if err := b.abort(ctx, place{below.bucket, aws.ToString(u.Key)}, aws.ToString(u.UploadId)); err != nil {
				return err
			}
		}
	}
	return nil
}
