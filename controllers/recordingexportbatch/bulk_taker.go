package recordingexportbatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

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

// take takes in all files of a recording, or none if one of them cannot be used, and returns how many
// files are new. files are those that were taken in before. An object that changes meanwhile is an
// error: another look lists it again.
func (t objectTaker) take(ctx context.Context, job *bulkJob, ref genesys.RecordingRef, found bulk.Found, files []artifacts.StoredFile) (n int, err error) {
	recording := &recordingState{RecordingRef: ref}
	for _, f := range files {
		recording.files = append(recording.files, fileOf(f))
	}
	taking := &recordingState{RecordingRef: ref, files: slices.Clone(recording.files)}
	var all []artifacts.StoredFile
	for i, object := range found.Files {
		if refused, err := t.refuseUnfit(ctx, ref, object); err != nil || refused {
			return 0, err
		}
		stored, err := t.read(ctx, job, taking, object, i+1)
		switch {
		case errors.Is(err, errStored): // another object with the same content
		case err != nil:
			return 0, err
		default:
			taking.files = append(taking.files, fileOf(stored))
			all = append(all, stored)
		}
	}
	if err := t.follower.checkBagOpen(ctx); err != nil {
		return 0, err
	}
	for _, stored := range all {
		if _, err := t.follower.recordFile(ctx, recording, stored); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// refuseUnfit records an object that cannot be the recording, and reports whether it is one.
func (t objectTaker) refuseUnfit(ctx context.Context, ref genesys.RecordingRef, object bulk.File) (refused bool, err error) {
	companion, err := readCompanion(ctx, t.bucket, object)
	if err != nil {
		return false, err
	}
	switch {
	case !companion.About(bulk.Recording{ConversationID: ref.ConversationID, RecordingID: ref.RecordingID}):
		return true, t.refuse(ctx, ref, object.Object, "its metadata are those of another recording")
	case object.Size <= 0:
		return true, t.refuse(ctx, ref, object.Object, "it is empty")
	case object.OtherSize(companion.Size):
		return true, t.refuse(ctx, ref, object.Object, fmt.Sprintf("it has %d bytes, its metadata say %d", object.Size, companion.Size))
	default:
		return false, nil
	}
}

// read hashes an object while it reads or copies it, and returns its record. The error is errStored if
// the recording has a file with this content.
func (t objectTaker) read(ctx context.Context, job *bulkJob, recording *recordingState, object bulk.File, number int) (artifacts.StoredFile, error) {
	f, err := t.nextFile(ctx, recording, object, number)
	if err != nil {
		return artifacts.StoredFile{}, err
	}
	f.request = job.id()
	opened, err := t.bucket.Open(ctx, object.Object)
	if err != nil {
		return artifacts.StoredFile{}, err
	}
	defer func() { _ = opened.Close() }()
	if t.copies {
		return t.copyFile(ctx, recording, object, opened, f)
	}
	got, err := hashStream(opened, object.Size)
	if err == nil && hasContent(recording.files, got.SHA256) {
		err = errStored
	}
	if err != nil {
		return artifacts.StoredFile{}, err
	}
	stored := t.newStoredFile(recording, f, got, opened)
	stored.Reference = evidence.Reference{
		Location: evidence.S3Location(t.bucketName, object.Key), ETag: object.ETag, Encryption: string(object.EncryptedWith(opened.KMSKey)),
	}
	return stored, nil
}

// newStoredFile returns the record of a file that a bulk job exported.
func (t objectTaker) newStoredFile(recording *recordingState, f file, got transfer.Stored, opened *BucketFile) artifacts.StoredFile {
	f.sha256, f.size = got.SHA256, got.Size
	stored := t.follower.newStoredFile(recording, f)
	stored.ByBulkJob, stored.ContentType = true, opened.ContentType
	return stored
}

// nextFile returns the name for an object: the first number of its recording that is free. A file that
// another process has copied into the bag without recording that is added to the unrecorded ones.
func (t objectTaker) nextFile(ctx context.Context, recording *recordingState, object bulk.File, number int) (file, error) {
	for {
		f := file{number: recording.freeNumber(number)}
		f.path = evidence.RecordingPath(recording.ConversationID, recording.RecordingID, f.number, extensionOf(object.Key))
		if !t.copies {
			return f, nil
		}
		if taken, err := t.follower.isTaken(ctx, &listing{recording: recording}, f); err != nil || !taken {
			return f, err
		}
	}
}

// copyFile copies an object into the bag, or adopts a copy of it that was not recorded.
func (t objectTaker) copyFile(ctx context.Context, recording *recordingState, object bulk.File, opened *BucketFile, f file) (artifacts.StoredFile, error) {
	reserved, err := t.follower.space.reserveFile(ctx, object.Size)
	if err != nil {
		return artifacts.StoredFile{}, err
	}
	defer reserved.Release()
	var there file
	body := &reservedReader{Reader: opened, space: t.follower.space, reserved: reserved}
	key := evidence.BagFolder(t.follower.batch) + "/" + f.path
	got, err := transfer.Copy(ctx, t.follower.store, key, transfer.Stream{From: body, Length: object.Size, Accept: func(got transfer.Stored) error {
		if hasContent(recording.files, got.SHA256) {
			return errStored
		}
		if i := slices.IndexFunc(recording.unrecorded, func(f file) bool { return f.sha256 == got.SHA256 }); i >= 0 {
			there = recording.unrecorded[i]
			return errStored
		}
		if err := t.follower.recordReceived(ctx, recording, f, got); err != nil {
			return err
		}
		return t.follower.checkBagOpen(ctx)
	}})
	switch {
	case errors.Is(err, errStored) && there.path != "":
		there.request = f.request
		stored := t.newStoredFile(recording, there, transfer.Stored{Size: there.size, SHA256: there.sha256}, opened)
		stored.Adopted = true
		return stored, nil
	case errors.Is(err, fs.ErrExist):
		return artifacts.StoredFile{}, fmt.Errorf("%w: another process stores %s at this moment", ErrObjectChanged, f.path)
	case err != nil:
		return artifacts.StoredFile{}, err
	}
	return t.newStoredFile(recording, f, got, opened), nil
}

// hasContent tells whether one of the files has this SHA-256.
func hasContent(files []file, sha256 string) bool {
	return slices.ContainsFunc(files, func(f file) bool { return f.sha256 == sha256 })
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

// refuse records an object that is not used. The recording is downloaded.
func (t objectTaker) refuse(ctx context.Context, ref genesys.RecordingRef, object bulk.Object, detail string) error {
	location := evidence.S3Location(t.bucketName, object.Key)
	_, err := artifacts.Put(ctx, t.follower.store, artifacts.BulkRefusedKey(t.follower.batch, ref, location, object.ETag), artifacts.BulkRefused{
		Stamp: t.follower.stamp(), RecordingRef: ref, Location: location, ETag: object.ETag, Size: object.Size, Detail: detail,
	})
	return err
}

// extensionOf returns the extension of a key, as far as it can be that of a file in a bag.
func extensionOf(key string) string {
	ext := strings.ToLower(key[strings.LastIndexByte(key, '.')+1:])
	if len(ext) == 0 || len(ext) > 8 || strings.ContainsFunc(ext, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
		return "bin"
	}
	return ext
}
