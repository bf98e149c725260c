package s3store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// ErrChanged is the error for an object that is gone or is not the one that was listed any more.
var ErrChanged = errors.New("the object has changed since it was listed, or is gone")

// Source reads a bucket that somebody else writes, by whole keys.
type Source struct{ buckets *Buckets }

// SourceObject is an object of a Source, as the bucket lists it.
type SourceObject struct {
	Key  string
	Size int64
	ETag string
}

// SourceFile is an object that is being read.
type SourceFile struct {
	io.ReadCloser
	// Length is that of the object, in bytes.
	Length int64
	// KMSKey is the key with which the server has encrypted the object, empty if there is none, and the
	// word for such an encryption if the server does not name the key.
	KMSKey string
	// ContentType is as received.
	ContentType string
}

// OpenSource returns a Source of the bucket of a Config. It sends no request.
func OpenSource(config Config) *Source { return &Source{Open(config)} }

// List lists the objects whose keys begin with a prefix, in the order of their keys.
func (s *Source) List(ctx context.Context, prefix string) ([]SourceObject, error) {
	b, op := s.buckets, "list "+prefix
	var objects []SourceObject
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.config.Bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, b.wrapError(ctx, op, err)
		}
		for _, found := range page.Contents {
			objects = append(objects, SourceObject{aws.ToString(found.Key), aws.ToInt64(found.Size), aws.ToString(found.ETag)})
		}
		if len(objects) > maxEntries {
			return nil, fmt.Errorf("%s: there are more than %d objects", op, maxEntries)
		}
	}
	return objects, nil
}

// Open opens exactly the object that was listed. The error is ErrChanged if it is not there any
// more.
func (s *Source) Open(ctx context.Context, object SourceObject) (*SourceFile, error) {
	b, op := s.buckets, "read "+object.Key
	reading, cancel := context.WithCancel(ctx)
	input := &s3.GetObjectInput{Bucket: &b.config.Bucket, Key: &object.Key}
	if object.ETag != "" {
		input.IfMatch = &object.ETag
	}
	out, err := b.client.GetObject(reading, input)
	if err != nil {
		defer cancel()
		return nil, s.wrapError(ctx, op, err)
	}
	opened := &SourceFile{
		ReadCloser: &file{body: out.Body, cancel: cancel, stallTimeout: b.config.stallTimeout, fail: func(err error) error { return s.wrapError(ctx, op, err) }},
		Length:     aws.ToInt64(out.ContentLength), ContentType: aws.ToString(out.ContentType),
	}
	if out.ServerSideEncryption == types.ServerSideEncryptionAwsKms || out.ServerSideEncryption == types.ServerSideEncryptionAwsKmsDsse {
		opened.KMSKey = cmp.Or(aws.ToString(out.SSEKMSKeyId), string(out.ServerSideEncryption))
	}
	return opened, nil
}

// wrapError is that of Buckets, but for what has changed.
func (s *Source) wrapError(ctx context.Context, op string, err error) error {
	if isNotFound(err) || errorCode(err) == "PreconditionFailed" {
		return fmt.Errorf("%s: %w", op, ErrChanged)
	}
	return s.buckets.wrapError(ctx, op, err)
}
