package recordingexportbatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// objectTaker takes objects of the bucket into the bag: it hashes them where they are, or copies them.
type objectTaker struct {
	bucket     Bucket
	bucketName string
	// copies tells that the objects are copied into the bag.
	copies bool
	// follower records files, and reserves space for copies.
	follower requestFollower
}

// take takes in all files of a recording, or none if one of them cannot be used. files are those that
// were taken in before.
func (t objectTaker) take(ctx context.Context, job *bulkJob, ref genesys.RecordingRef, found bulk.Found, files []artifacts.StoredFile) error {
	recording := &recordingState{RecordingRef: ref}
	known := map[string]bool{}
	for _, f := range files {
		recording.files = append(recording.files, fileOf(f))
		known[f.SHA256] = true
	}
	var all []artifacts.StoredFile
	for i, object := range found.Files {
		stored, refused, err := t.read(ctx, job, recording, object, i+1, known)
		switch {
		case errors.Is(err, errStored): // another object with the same content
		case err != nil, refused:
			return err
		default:
			known[stored.SHA256] = true
			all = append(all, stored)
		}
	}
	if err := t.follower.checkBagOpen(ctx); err != nil {
		return err
	}
	for _, stored := range all {
		if _, err := t.follower.recordFile(ctx, recording, stored); err != nil {
			return err
		}
	}
	return nil
}

// read reads an object, and copies it into the bag if copies are wanted. refused tells that the object
// is not used.
func (t objectTaker) read(ctx context.Context, job *bulkJob, recording *recordingState, object bulk.File, number int, known map[string]bool) (stored artifacts.StoredFile, refused bool, err error) {
	companion, err := readCompanion(ctx, t.bucket, object)
	if err != nil {
		return stored, false, err
	}
	own := bulk.Recording{ConversationID: recording.ConversationID, RecordingID: recording.RecordingID}
	switch {
	case !companion.About(own):
		return stored, true, t.refuse(ctx, recording.RecordingRef, object.Object, "its metadata are those of another recording")
	case object.OtherSize(companion.Size):
		return stored, true, t.refuse(ctx, recording.RecordingRef, object.Object, fmt.Sprintf("it has %d bytes, its metadata say %d", object.Size, companion.Size))
	}
	f := file{number: number, request: job.id(), path: evidence.RecordingPath(recording.ConversationID, recording.RecordingID, number, extensionOf(object.Key))}
	stored, err = t.store(ctx, recording, object, f, known)
	if isChanged(err) { // another attempt lists it again
		return stored, true, nil
	}
	return stored, false, err
}

// store hashes an object while it reads or copies it, and returns its record. The error is errStored
// if the recording has a file with this content.
func (t objectTaker) store(ctx context.Context, recording *recordingState, object bulk.File, f file, known map[string]bool) (artifacts.StoredFile, error) {
	opened, err := t.bucket.Open(ctx, object.Object)
	if err != nil {
		return artifacts.StoredFile{}, err
	}
	defer func() { _ = opened.Close() }()
	if opened.KMSKey != "" && object.Encryption == bulk.Plain {
		object.Encryption = bulk.KMS
	}
	adopted := false
	var got transfer.Stored
	if t.copies {
		got, adopted, err = t.copyFile(ctx, recording, object, opened, f, known)
	} else {
		got, err = hashStream(opened, object.Size)
	}
	if err == nil && known[got.SHA256] {
		err = errStored
	}
	if err != nil {
		return artifacts.StoredFile{}, err
	}
	f.sha256, f.size = got.SHA256, got.Size
	stored := t.follower.newStoredFile(recording, f)
	stored.ByBulkJob, stored.Adopted, stored.ContentType = true, adopted, opened.ContentType
	if !t.copies {
		stored.Reference = evidence.Reference{
			Location: evidence.S3Location(t.bucketName, object.Key), ETag: object.ETag, Encryption: string(object.Encryption),
		}
	}
	return stored, nil
}

// copyFile copies an object into the bag. adopted tells that it was there: another process had copied
// it without recording that.
func (t objectTaker) copyFile(ctx context.Context, recording *recordingState, object bulk.File, opened *BucketFile, f file, known map[string]bool) (got transfer.Stored, adopted bool, err error) {
	reserved, err := t.follower.space.reserveFile(ctx, object.Size)
	if err != nil {
		return got, false, err
	}
	defer reserved.Release()
	key := evidence.BagFolder(t.follower.batch) + "/" + f.path
	body := &reservedReader{Reader: opened, space: t.follower.space, reserved: reserved}
	got, err = transfer.Copy(ctx, t.follower.store, key, transfer.Stream{From: body, Length: object.Size, Accept: func(got transfer.Stored) error {
		if known[got.SHA256] {
			return errStored
		}
		if err := t.follower.recordReceived(ctx, recording, f, got); err != nil {
			return err
		}
		return t.follower.checkBagOpen(ctx)
	}})
	if !errors.Is(err, fs.ErrExist) {
		return got, false, err
	}
	there, err := transfer.Inspect(ctx, t.follower.store, key)
	if err == nil && there != got {
		err = fmt.Errorf("%w: %s has another content than the bucket", evidence.ErrCorrupt, key)
	}
	return there, true, err
}

// hashStream reads and hashes a stream of a known length.
func hashStream(from io.Reader, length int64) (transfer.Stored, error) {
	hash := sha256.New()
	size, err := io.Copy(hash, from)
	if err == nil && size != length {
		err = fmt.Errorf("%w: %d bytes arrived, %d were listed", transfer.ErrShort, size, length)
	}
	return transfer.Stored{Size: size, SHA256: hex.EncodeToString(hash.Sum(nil))}, err
}
