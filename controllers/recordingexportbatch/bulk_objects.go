package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// bulkObjects takes the objects that bulk jobs have put into the bucket into the bag of one batch.
type bulkObjects struct {
	// open opens the bucket.
	open func() (Bucket, error)
	// bucket is its name.
	bucket       string
	organization string
	group        string
	// taker records the files.
	taker objectTaker
	limit int
}

// takeIn takes in what the bucket has of the recordings that fulfilled jobs export, and returns how
// many of the wanted ones are still to come.
func (o *bulkObjects) takeIn(ctx context.Context, try transfer.Try, plan bulkPlan, record *bulkRecord) (missing int, err error) {
	fulfilled := slices.DeleteFunc(record.all(), func(job *bulkJob) bool { return !job.endedBecause(artifacts.BulkFulfilled) })
	if len(fulfilled) == 0 {
		return 0, nil
	}
	bucket, err := o.open()
	if err != nil {
		return 0, err
	}
	o.taker.bucket, o.taker.follower.try = bucket, try
	taken, err := readBulkFiles(ctx, o.taker.follower.store, o.taker.follower.batch)
	if err != nil {
		return 0, err
	}
	for _, job := range fulfilled {
		n, err := o.takeInJob(ctx, plan, job, taken)
		if err != nil {
			return 0, err
		}
		missing += n
	}
	return missing, nil
}

// takeInJob takes in what one job has exported. Nothing is missing once the bucket has as many
// recordings as the job has exported.
func (o *bulkObjects) takeInJob(ctx context.Context, plan bulkPlan, job *bulkJob, taken map[genesys.RecordingRef][]artifacts.StoredFile) (missing int, err error) {
	part, _ := bulk.ParsePart(job.Part)
	objects, err := o.list(ctx, plan.of(part))
	if err != nil {
		return 0, err
	}
	listed, err := plan.listed(ctx, o.taker.follower.store, o.group, part)
	if err != nil {
		return 0, err
	}
	there := countThere(listed, objects)
	var wanted []bulk.Recording
	for _, c := range plan.of(part) {
		for _, ref := range plan.wanted[c.ID] {
			wanted = append(wanted, bulk.Recording{ConversationID: ref.ConversationID, RecordingID: ref.RecordingID})
		}
	}
	missing, err = o.takeFound(ctx, job, bulk.FindObjects(wanted, objects), taken)
	if exported := job.end.Totals.Recordings - job.end.Totals.Failed; there >= exported {
		missing = 0
	}
	return missing, err
}

// countThere counts the listed recordings of which the bucket has something.
func countThere(listed []bulk.Listed, objects []bulk.Object) (n int) {
	recordings := make([]bulk.Recording, len(listed))
	for i, r := range listed {
		recordings[i] = r.Recording
	}
	for _, found := range bulk.FindObjects(recordings, objects) {
		if !found.Missing() {
			n++
		}
	}
	return n
}

// list lists the folders of conversations.
func (o *bulkObjects) list(ctx context.Context, conversations []bulk.Conversation) ([]bulk.Object, error) {
	var objects []bulk.Object
	for _, folder := range bulk.Folders(o.organization, conversations) {
		some, err := o.taker.bucket.List(ctx, folder)
		if err != nil {
			return nil, fmt.Errorf("bucket %s of the recording bulk jobs: %w", o.bucket, err)
		}
		objects = append(objects, some...)
	}
	return objects, nil
}

// takeFound takes in the recordings that are there and not taken in yet, and counts those that are
// not there.
func (o *bulkObjects) takeFound(ctx context.Context, job *bulkJob, found []bulk.Found, taken map[genesys.RecordingRef][]artifacts.StoredFile) (missing int, err error) {
	var group errgroup.Group
	group.SetLimit(max(1, o.limit))
	for _, f := range found {
		if err := o.taker.follower.try.Yield(ctx, nil); err != nil {
			return missing, errors.Join(err, group.Wait())
		}
		ref := genesys.RecordingRef{ConversationID: f.ConversationID, RecordingID: f.RecordingID}
		switch files := taken[ref]; {
		case f.Missing():
			if len(files) == 0 {
				missing++
			}
		case len(files) < len(f.Files):
			group.Go(func() error { return o.taker.take(ctx, job, ref, f, files) })
		}
	}
	return missing, group.Wait()
}

// readBulkFiles returns the files of a batch that bulk jobs exported, by their recordings.
func readBulkFiles(ctx context.Context, store archive.Store, batch string) (map[genesys.RecordingRef][]artifacts.StoredFile, error) {
	files, err := artifacts.All[artifacts.StoredFile](ctx, store, artifacts.FileFolder(batch))
	if err != nil {
		return nil, err
	}
	taken := map[genesys.RecordingRef][]artifacts.StoredFile{}
	for _, f := range files {
		if f.ByBulkJob {
			taken[refOf(f)] = append(taken[refOf(f)], f)
		}
	}
	return taken, nil
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

// isChanged tells whether an object changed while it was read, or did not arrive whole.
func isChanged(err error) bool {
	return errors.Is(err, ErrObjectChanged) || errors.Is(err, transfer.ErrShort)
}
