package s3store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

// writer sends the content of an object, a part at a time.
type writer struct {
	ctx      context.Context //nolint:containedctx // lives as long as the one Create call that makes it
	buckets  *Buckets
	location location
	lock     lockSettings
	op       string
	// work tells that it is a working artifact.
	work bool
	// buffer is what has not been sent; large tells that it is one of the PartBuffers.
	buffer []byte
	large  bool
	// upload is nil while all fits into one part.
	upload *upload
}

// Write adds bytes, and sends a part when it is full and more bytes come. It fails once
// the context has ended, so that a long copy stops even if its source ignores the context.
func (w *writer) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		if err := w.makeSpace(len(p)); err != nil {
			return written, err
		}
		n := min(len(p), w.buckets.config.Parts.size-len(w.buffer))
		w.buffer = append(w.buffer, p[:n]...)
		p, written = p[n:], written+n
	}
	return written, w.ctx.Err()
}

// makeSpace ensures that the buffer can take at least some of more bytes.
func (w *writer) makeSpace(more int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if !w.large && len(w.buffer)+more > small {
		part, err := w.buckets.config.Parts.acquire(w.ctx, w.buckets.config.Tenant)
		if err != nil {
			return err
		}
		w.buffer, w.large = append(part, w.buffer...), true
	}
	if len(w.buffer) < w.buckets.config.Parts.size {
		return nil
	}
	return w.send()
}

// send sends the buffer as a part.
func (w *writer) send() error {
	if w.upload == nil {
		begun, err := w.buckets.begin(w.ctx, w.op, w.location, w.lock)
		if err != nil {
			return err
		}
		w.upload = begun
	}
	if err := w.upload.send(w.ctx, w.buffer); err != nil {
		return err
	}
	w.buffer = w.buffer[:0]
	return nil
}

// finish creates the object. Before, nothing exists under its key.
func (w *writer) finish() error {
	if err := w.ctx.Err(); err != nil {
		return w.buckets.wrapError(w.ctx, w.op, err)
	}
	if w.upload == nil {
		err := w.buckets.put(w.ctx, w.op, w.location, w.lock, w.buffer)
		if err == nil && w.work {
			w.buckets.cache.put(w.location, w.buffer)
		}
		return err
	}
	if err := w.send(); err != nil {
		return err
	}
	return w.upload.complete(w.ctx)
}

// abandon aborts an upload whose source failed. If the process is ending, or the service
// failed, the upload stays so that it can be resumed.
func (w *writer) abandon() {
	if w.upload != nil && w.ctx.Err() == nil && !w.upload.failed {
		w.upload.abort(w.ctx)
	}
}

func (w *writer) release() {
	if w.large {
		w.buckets.config.Parts.release(w.buckets.config.Tenant, w.buffer)
	}
	w.buffer, w.large = nil, false
	if w.upload != nil {
		w.upload.allowResume()
	}
}

// put stores a whole object, unless it exists.
func (b *Buckets) put(ctx context.Context, op string, to location, lock lockSettings, body []byte) error {
	sum := sha256.Sum256(body)
	sending, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := failpoint.Do(failpoint.ObjectPut, to.key, func() error {
		_, err := b.client.PutObject(sending, &s3.PutObjectInput{
			Bucket: &to.bucket, Key: &to.key, Body: bytes.NewReader(body), IfNoneMatch: aws.String("*"),
			ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
			Metadata:       map[string]string{"sha256": hex.EncodeToString(sum[:])},
			ObjectLockMode: lock.mode, ObjectLockRetainUntilDate: lock.until, ObjectLockLegalHoldStatus: lock.hold,
		})
		return err
	})
	return b.wrapError(ctx, op, err)
}
