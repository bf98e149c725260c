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

// writer takes what an object is to hold, a part at a time.
type writer struct {
	ctx     context.Context //nolint:containedctx // lives as long as the one Create call that makes it
	buckets *Buckets
	place   place
	terms   terms
	op      string
	// work tells that it is a working artifact.
	work bool
	// buffer is what has not been sent; large tells that it is of the Memory.
	buffer []byte
	large  bool
	// upload is nil while all fits into one part.
	upload *upload
}

// Write takes bytes, and sends a part when it is full and more comes. It fails
// once the context has ended, so that a long copy stops without its source
// having to know.
func (w *writer) Write(p []byte) (written int, err error) {
	for len(p) > 0 {
		if err := w.room(len(p)); err != nil {
			return written, err
		}
		n := min(len(p), w.buckets.config.Memory.size-len(w.buffer))
		w.buffer = append(w.buffer, p[:n]...)
		p, written = p[n:], written+n
	}
	return written, w.ctx.Err()
}

// room sees to it that the buffer can take at least some of more bytes.
func (w *writer) room(more int) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if !w.large && len(w.buffer)+more > small {
		part, err := w.buckets.config.Memory.take(w.ctx, w.buckets.config.Tenant)
		if err != nil {
			return err
		}
		w.buffer, w.large = append(part, w.buffer...), true
	}
	if len(w.buffer) < w.buckets.config.Memory.size {
		return nil
	}
	return w.send()
}

// send sends the buffer as a part.
func (w *writer) send() error {
	if w.upload == nil {
		begun, err := w.buckets.begin(w.ctx, w.op, w.place, w.terms)
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

// finish gives the object its key. Until then there is nothing.
func (w *writer) finish() error {
	if err := w.ctx.Err(); err != nil {
		return w.buckets.fail(w.ctx, w.op, err)
	}
	if w.upload == nil {
		err := w.buckets.put(w.ctx, w.op, w.place, w.terms, w.buffer)
		if err == nil && w.work {
			w.buckets.memo.put(w.place, w.buffer)
		}
		return err
	}
	if err := w.send(); err != nil {
		return err
	}
	return w.upload.complete(w.ctx)
}

// abandon ends an upload whose source failed. If it is the process that ends, or
// the service that fails, the upload is left to be resumed.
func (w *writer) abandon() {
	if w.upload != nil && w.ctx.Err() == nil && !w.upload.failed {
		w.upload.abort(w.ctx)
	}
}

func (w *writer) release() {
	if w.large {
		w.buckets.config.Memory.give(w.buckets.config.Tenant, w.buffer)
	}
	w.buffer, w.large = nil, false
	if w.upload != nil {
		w.upload.letGo()
	}
}

// put stores a whole object, unless there is one.
func (b *Buckets) put(ctx context.Context, op string, to place, kept terms, body []byte) error {
	sum := sha256.Sum256(body)
	sending, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	err := failpoint.Do(failpoint.ObjectPut, to.key, func() error {
		_, err := b.client.PutObject(sending, &s3.PutObjectInput{
			Bucket: &to.bucket, Key: &to.key, Body: bytes.NewReader(body), IfNoneMatch: aws.String("*"),
			ChecksumSHA256: aws.String(base64.StdEncoding.EncodeToString(sum[:])),
			Metadata:       map[string]string{"sha256": hex.EncodeToString(sum[:])},
			ObjectLockMode: kept.mode, ObjectLockRetainUntilDate: kept.until, ObjectLockLegalHoldStatus: kept.hold,
		})
		return err
	})
	return b.fail(ctx, op, err)
}
