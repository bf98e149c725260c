package recordingexportbatch

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// bulkObjects takes the objects that bulk jobs have put into the bucket into the bag of one batch.
type bulkObjects struct {
	// open opens the bucket.
	open func() (Bucket, error)
	spec v1alpha1.BulkJobBucket

	organization string
	group        string
	// taker records the files.
	taker objectTaker
	// lone are the files without metadata that earlier looks have seen.
	lone  loneFiles
	limit int
}

// takeIn makes one look into the bucket: it takes in what that has of the recordings that fulfilled jobs
// export. What is wrong with the bucket is not an error but part of the result.
func (o *bulkObjects) takeIn(ctx context.Context, try transfer.Try, plan bulkPlan, record *bulkRecord) (*bulkLook, error) {
	look := &bulkLook{}
	fulfilled := slices.DeleteFunc(record.all(), func(job *bulkJob) bool { return !job.endedBecause(artifacts.BulkFulfilled) })
	if len(fulfilled) == 0 {
		return look, nil
	}
	bucket, err := o.open()
	if err != nil {
		return look, look.addUnread(asBucketError(ctx, o.spec, err))
	}
	o.taker.bucket, o.taker.follower.try = tellingBucket{bucket, o.spec}, try
	taken, err := readBulkFiles(ctx, o.taker.follower.store, o.taker.follower.batch)
	if err != nil {
		return look, err
	}
	for _, job := range fulfilled {
		if err := look.addUnread(o.takeInJob(ctx, plan, job, taken, look)); err != nil {
			return look, err
		}
	}
	return look, nil
}

// takeInJob takes in what one job has exported. Nothing is missing once the bucket has as many
// recordings as the job has exported.
func (o *bulkObjects) takeInJob(ctx context.Context, plan bulkPlan, job *bulkJob, taken map[genesys.RecordingRef][]artifacts.StoredFile, look *bulkLook) error {
	part, _ := bulk.ParsePart(job.Part)
	objects, err := o.list(ctx, plan.of(part))
	if err != nil {
		return err
	}
	var wanted []bulk.Recording
	failed := job.failed()
	for _, c := range plan.of(part) {
		for _, ref := range plan.wanted[c.ID] {
			if !failed[refKey(ref)] {
				wanted = append(wanted, bulk.Recording{ConversationID: ref.ConversationID, RecordingID: ref.RecordingID})
			}
		}
	}
	found := bulk.FindObjects(wanted, objects)
	if absent := absentOf(found, taken); len(absent) > 0 {
		isComplete, err := o.isComplete(ctx, plan, job, objects)
		if err != nil {
			return err
		}
		if !isComplete {
			look.missing = append(look.missing, absent...)
			look.absent = len(look.missing)
		}
	}
	return o.takeFound(ctx, job, found, taken, look)
}

// isComplete tells whether the bucket has as many recordings as a job has exported. It reads the metadata of
// all conversations of the job.
func (o *bulkObjects) isComplete(ctx context.Context, plan bulkPlan, job *bulkJob, objects []bulk.Object) (bool, error) {
	part, _ := bulk.ParsePart(job.Part)
	listed, err := plan.listed(ctx, o.taker.follower.store, o.group, part)
	if err != nil {
		return false, err
	}
	exported := differenceOf(job, job.end.Totals, listed).Exports() - job.end.Totals.Failed
	return countThere(listed, objects, mediaOf(job.Query)) >= exported, nil
}

// absentOf returns the recordings of which the bucket has nothing, and that were not taken in before.
func absentOf(found []bulk.Found, taken map[genesys.RecordingRef][]artifacts.StoredFile) (absent []genesys.RecordingRef) {
	for _, f := range found {
		if f.Missing() && len(taken[refOfFound(f)]) == 0 {
			absent = append(absent, refOfFound(f))
		}
	}
	return absent
}

func refOfFound(f bulk.Found) genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: f.ConversationID, RecordingID: f.RecordingID}
}

// countThere counts the listed recordings with the media of a job of which the bucket has something.
// Recordings with other media may be there because the job of another lane has exported them.
func countThere(listed []bulk.Listed, objects []bulk.Object, media bulk.Media) (n int) {
	var recordings []bulk.Recording
	for _, r := range listed {
		if media.Has(r) {
			recordings = append(recordings, r.Recording)
		}
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
			return nil, err
		}
		objects = append(objects, some...)
	}
	return objects, nil
}

// takeFound takes in the recordings that are there and not taken in yet. One that cannot be read does
// not keep the others waiting.
func (o *bulkObjects) takeFound(ctx context.Context, job *bulkJob, found []bulk.Found, taken map[genesys.RecordingRef][]artifacts.StoredFile, look *bulkLook) error {
	var group errgroup.Group
	group.SetLimit(max(1, o.limit))
	for _, f := range found {
		if err := o.taker.follower.try.Yield(ctx, nil); err != nil {
			return errors.Join(err, group.Wait())
		}
		ref := refOfFound(f)
		files := taken[ref]
		switch {
		case len(files) >= len(f.Files) || look.isHopeless():
		case o.lone.await(f, o.taker.follower.clock.Now()) && !o.taker.follower.try.Last:
			look.addLone()
		default:
			group.Go(func() error {
				n, err := o.taker.take(ctx, job, ref, f, files)
				look.addTaken(n)
				return look.addUnread(err)
			})
		}
	}
	return group.Wait()
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
