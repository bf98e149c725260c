package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// findUnrecorded adds the files that are in the bag without a record to the states of their
// recordings. A process that ended between storing and recording leaves such files.
func (s recordingStates) findUnrecorded(ctx context.Context, store archive.Store, batch string) error {
	recordings, known := map[string]*recordingState{}, map[string]bool{}
	for _, recording := range s {
		recordings[path.Dir(evidence.RecordingPath(recording.ConversationID, recording.RecordingID, 1, ""))] = recording
		for _, f := range recording.files {
			known[f.path] = true
		}
	}
	bag, err := fs.Sub(store.FS(ctx), evidence.BagFolder(batch))
	if err != nil {
		return err
	}
	err = fs.WalkDir(bag, evidence.RecordingsFolder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || known[name] || recordings[path.Dir(name)] == nil {
			return err
		}
		recording := recordings[path.Dir(name)]
		recording.unrecorded = append(recording.unrecorded, file{number: fileNumber(name), path: name})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// fileNumber returns the number in a file's name, 0 if there is none.
func fileNumber(name string) int {
	digits, _, _ := strings.Cut(path.Base(name), ".")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// hashUnrecorded computes the digests of the unrecorded files.
func (d *requestFollower) hashUnrecorded(ctx context.Context, recording *recordingState) error {
	for i, f := range recording.unrecorded {
		if f.sha256 != "" {
			continue
		}
		stored, err := transfer.Inspect(ctx, d.store, evidence.BagFolder(d.batch)+"/"+f.path)
		if err != nil {
			return err
		}
		recording.unrecorded[i].sha256, recording.unrecorded[i].size = stored.SHA256, stored.Size
	}
	return nil
}

// recordFile records a stored file. If another process has given its number to another file,
// it gets the next number, and a file that stays in a bucket gets the path of that number.
func (d *requestFollower) recordFile(ctx context.Context, recording *recordingState, f artifacts.StoredFile) (int, error) {
	for {
		there, err := artifacts.Put(ctx, d.store, artifacts.FileKey(d.batch, recording.RecordingRef, f.Number), f)
		if err != nil {
			return 0, err
		}
		recording.unrecorded = slices.DeleteFunc(recording.unrecorded, func(other file) bool { return other.path == there.Path })
		recording.files = append(recording.files, fileOf(there))
		d.counters.fileStored(there.Size, len(recording.files) == 1)
		d.try.Progress()
		if there.Path == f.Path && there.SHA256 == f.SHA256 {
			return f.Number, nil
		}
		f.Number = recording.freeNumber(f.Number)
		if f.IsReferenced() {
			f.Path = evidence.RecordingPath(f.ConversationID, f.RecordingID, f.Number, strings.TrimPrefix(path.Ext(f.Path), "."))
		}
	}
}

// newStoredFile returns the record of a file.
func (d *requestFollower) newStoredFile(recording *recordingState, f file) artifacts.StoredFile {
	at := d.stamp()
	return artifacts.StoredFile{
		Stamp: at, Number: f.number,
		File: evidence.File{
			Path: f.path, ConversationID: recording.ConversationID, RecordingID: recording.RecordingID,
			Size: f.size, SHA256: f.sha256, RequestID: f.request, ReceivedAt: at.At,
		},
	}
}

// adoptUnrecorded records the files that arrived whole and that no result has claimed. A file
// that no process has recorded as received was put there by somebody else: the error is
// evidence.ErrCorrupt.
func (d *requestFollower) adoptUnrecorded(ctx context.Context, recording *recordingState) error {
	if err := d.hashUnrecorded(ctx, recording); err != nil {
		return err
	}
	for _, f := range slices.Clone(recording.unrecorded) {
		stored := d.newStoredFile(recording, f)
		stored.Adopted = true
		if err := d.checkReceived(ctx, stored); err != nil {
			return err
		}
		if _, err := d.recordFile(ctx, recording, stored); err != nil {
			return err
		}
	}
	return nil
}

// checkReceived returns evidence.ErrCorrupt if no process has recorded that it received the
// file.
func (d *requestFollower) checkReceived(ctx context.Context, f artifacts.StoredFile) error {
	noted, err := artifacts.Get[artifacts.Received](ctx, d.store, artifacts.ReceivedKey(d.batch, f.File, f.Number))
	if errors.Is(err, fs.ErrNotExist) || err == nil && noted.Path != f.Path {
		return fmt.Errorf("%w: %s/%s with the SHA-256 %s was never received", evidence.ErrCorrupt, evidence.BagFolder(d.batch), f.Path, f.SHA256)
	}
	return err
}
