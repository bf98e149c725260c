package recordingexportbatch

import (
	"context"
	"errors"
	"io"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/bulk"
)

// Bucket is the bucket into which the bulk jobs of an export put recordings.
type Bucket interface {
	// List lists the objects whose keys begin with a prefix.
	List(ctx context.Context, prefix string) ([]bulk.Object, error)
	// Open opens exactly the object that was listed. The error is ErrObjectChanged if it is not
	// there any more.
	Open(ctx context.Context, object bulk.Object) (*BucketFile, error)
}

// ErrObjectChanged is the error for an object that has changed since it was listed, or is gone.
var ErrObjectChanged = errors.New("the object has changed since it was listed, or is gone")

// BucketFile is an object that is being read.
type BucketFile struct {
	io.ReadCloser
	// Length is that of the object, in bytes.
	Length int64
	// KMSKey is the key with which its server has encrypted it, empty if there is none.
	KMSKey string
	// ContentType is as received.
	ContentType string
}

// tellingBucket is a Bucket whose errors tell what is wrong with it (bucketError).
type tellingBucket struct {
	Bucket
	spec v1alpha1.BulkJobBucket
}

// List is that of the bucket.
func (b tellingBucket) List(ctx context.Context, prefix string) ([]bulk.Object, error) {
	objects, err := b.Bucket.List(ctx, prefix)
	return objects, asBucketError(ctx, b.spec, err)
}

// Open is that of the bucket.
func (b tellingBucket) Open(ctx context.Context, object bulk.Object) (*BucketFile, error) {
	opened, err := b.Bucket.Open(ctx, object)
	if err != nil {
		return nil, asBucketError(ctx, b.spec, err)
	}
	opened.ReadCloser = &tellingReader{opened.ReadCloser, func(err error) error { return asBucketError(ctx, b.spec, err) }}
	return opened, nil
}

// tellingReader is the content of an object of a tellingBucket.
type tellingReader struct {
	io.ReadCloser
	tell func(error) error
}

// Read reads more bytes.
func (r *tellingReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, err
	}
	return n, r.tell(err)
}

// maxCompanion bounds the metadata beside a file that are read.
const maxCompanion = 1 << 20

// readCompanion reads the metadata beside a file. Without any, nothing is told.
func readCompanion(ctx context.Context, bucket Bucket, file bulk.File) (bulk.Companion, error) {
	nothing := bulk.Companion{Size: -1}
	if file.Metadata == "" {
		return nothing, nil
	}
	opened, err := bucket.Open(ctx, bulk.Object{Key: file.Metadata})
	if err != nil {
		return nothing, err
	}
	text, err := io.ReadAll(io.LimitReader(opened, maxCompanion))
	if err := errors.Join(err, opened.Close()); err != nil {
		return nothing, err
	}
	companion, err := bulk.ReadCompanion(text)
	if err != nil { // metadata that cannot be read say nothing about the file
		return nothing, nil //nolint:nilerr // see above
	}
	return companion, nil
}
