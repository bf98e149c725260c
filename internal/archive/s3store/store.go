package s3store

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

// Store keeps one export's evidence.
type Store struct {
	buckets *Buckets
	export  string
}

var _ archive.HoldCreator = (*Store)(nil)

// isWork tells whether a key is that of a working artifact.
func isWork(key string) bool { return strings.HasPrefix(key+"/", archive.WorkPrefix) }

// location returns the location of a key.
func (s *Store) location(key string) location {
	return s.buckets.locationOf(path.Join(s.export, key), isWork(key))
}

// Create stores under key what write writes.
func (s *Store) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	return s.create(ctx, key, false, write)
}

// CreateHeld stores under key what write writes, under legal hold if evidence is
// locked.
func (s *Store) CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error {
	return s.create(ctx, key, true, write)
}

func (s *Store) create(ctx context.Context, key string, held bool, write func(io.Writer) error) error {
	if err := archive.CheckKey(key); err != nil {
		return err
	}
	to := &writer{ctx: ctx, buckets: s.buckets, location: s.location(key), op: "create " + key, work: isWork(key)}
	if err := archive.CheckKey(to.location.key); err != nil {
		return fmt.Errorf("create %s: %w", key, err)
	}
	if !to.work {
		to.lock = s.buckets.lockSettings(held)
	}
	defer to.release()
	if err := write(to); err != nil {
		to.abandon()
		return fmt.Errorf("create %s: %w", key, err)
	}
	return to.finish()
}

// Hold puts the object under key under legal hold, and tells whether it is: evidence that
// is not locked cannot be under legal hold. Calling it again changes nothing.
func (s *Store) Hold(ctx context.Context, key string) (held bool, err error) {
	if err := archive.CheckKey(key); err != nil {
		return false, err
	}
	if s.buckets.config.Lock == nil || isWork(key) {
		return false, nil
	}
	at := s.location(key)
	_, err = s.buckets.client.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
		Bucket: &at.bucket, Key: &at.key, ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn},
	})
	err = s.buckets.wrapError(ctx, "put "+key+" under legal hold (s3:PutObjectLegalHold)", err)
	return err == nil, err
}

// Remove removes working artifacts: key itself, or all keys below it. For scratch keys it
// aborts uploads that are not complete.
func (s *Store) Remove(ctx context.Context, key string) error {
	if err := archive.CheckKey(key); err != nil {
		return err
	}
	if !strings.HasPrefix(key, archive.WorkPrefix) {
		return fmt.Errorf("remove %s: the operator never removes evidence", key)
	}
	if key == archive.Scratch || strings.HasPrefix(key, archive.Scratch+"/") {
		return s.buckets.abortAll(ctx, s.buckets.locationOf(path.Join(s.export, strings.TrimPrefix(key, archive.Scratch)), false))
	}
	return failpoint.Do(failpoint.ObjectRemove, key, func() error { return s.remove(ctx, s.location(key), "remove "+key) })
}

// Discard removes a bag, a seal or export.json. In a bucket with versions it adds delete
// markers, and the objects stay as long as they are locked.
func (s *Store) Discard(ctx context.Context, key string) error {
	if err := archive.CanDiscard(key); err != nil {
		return err
	}
	op, at := "discard "+key+" (s3:DeleteObject)", s.location(key)
	return failpoint.Do(failpoint.ObjectRemove, key, func() error {
		if strings.Contains(key, "/") { // a bag or a seal: all its objects are below the key
			return s.removeBelow(ctx, op, location{at.bucket, at.key + "/"})
		}
		return s.remove(ctx, at, op)
	})
}

// remove removes an object and every one below it.
func (s *Store) remove(ctx context.Context, from location, op string) error {
	s.buckets.cache.forget(from)
	defer s.buckets.cache.forget(from)
	if _, err := s.buckets.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &from.bucket, Key: &from.key}); err != nil && !isNotFound(err) {
		return s.buckets.wrapError(ctx, op, err)
	}
	return s.removeBelow(ctx, op, location{from.bucket, from.key + "/"})
}

// removeBelow removes every object whose key begins with a prefix.
func (s *Store) removeBelow(ctx context.Context, op string, from location) error {
	pages := s3.NewListObjectsV2Paginator(s.buckets.client, &s3.ListObjectsV2Input{Bucket: &from.bucket, Prefix: &from.key})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return s.buckets.wrapError(ctx, op, err)
		}
		if len(page.Contents) == 0 {
			continue
		}
		objects := make([]types.ObjectIdentifier, len(page.Contents))
		for i, found := range page.Contents {
			objects[i] = types.ObjectIdentifier{Key: found.Key}
		}
		out, err := s.buckets.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &from.bucket, Delete: &types.Delete{Objects: objects},
			ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		})
		if err != nil {
			return s.buckets.wrapError(ctx, op, err)
		}
		if len(out.Errors) > 0 {
			return &archive.Error{Op: op, Kind: archive.KindRefused, Message: fmt.Sprintf("%d objects could not be removed", len(out.Errors))}
		}
	}
	return nil
}

// FS reads what is stored.
func (s *Store) FS(ctx context.Context) fs.FS { return storeFS{ctx, s, "."} }
