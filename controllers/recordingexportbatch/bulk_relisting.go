package recordingexportbatch

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// maxMismatches is how many jobs of one part may find more than is listed. The last of them is the last
// job of the part: Genesys Cloud counts something that it does not list.
const maxMismatches = 3

// endDifferent decides what follows from a job that was cancelled because it found something else than
// is listed. If it found more, the conversations of its part are listed again, and the part gets
// another attempt.
func (w *bulkWork) endDifferent(ctx context.Context, job *bulkJob, end artifacts.BulkEnd, difference bulk.Difference) error {
	end.State, end.Why, end.Detail = genesys.BulkCancelled, artifacts.BulkMismatch, difference.String()
	next := " and downloads the recordings: "
	if difference.More() {
		listing := relisting{bulkWork: w, job: job}
		if err := listing.run(ctx); err != nil {
			return err
		}
		end.Detail += listing.says()
		if !w.last && w.countMismatches(job.Part) < maxMismatches-1 {
			end.Why, next, w.outdated = artifacts.BulkRelisted, " and creates another one: ", true
		}
	}
	w.wait(&bulkWaitError{reason: v1alpha1.ReasonBulkJobMismatch, message: "the operator has cancelled recording bulk job " + job.id() + next + end.Detail})
	return w.recordEnd(ctx, job, end)
}

// countMismatches counts the jobs of a part that found more than was listed.
func (w *bulkWork) countMismatches(part string) (n int) {
	for _, job := range w.record.jobs[part] {
		if job.foundMore() {
			n++
		}
	}
	return n
}

// relisting lists the conversations of a job again.
type relisting struct {
	*bulkWork
	job *bulkJob

	mu sync.Mutex
	// found counts the recordings that are new, late those of conversations whose listing another
	// batch has made final, and unread the conversations that could not be listed.
	found, late, unread int
	// incomplete counts the conversations whose later listing is not used, because it lacks a recording
	// that was listed before.
	incomplete int
}

// run lists each conversation. A conversation that cannot be listed keeps its listing once the deadline
// is used up.
func (r *relisting) run(ctx context.Context) error {
	part, _ := bulk.ParsePart(r.job.Part)
	var group errgroup.Group
	group.SetLimit(max(1, r.listings.limit))
	for _, c := range r.plan.of(part) {
		group.Go(func() error {
			err := r.list(ctx, c.ID)
			if err == nil || !r.last || ctx.Err() != nil || !genesys.AboutItem(err) {
				return err
			}
			r.count(&r.unread, 1)
			return nil
		})
	}
	return group.Wait()
}

// list lists one conversation, and records the listing if it has new recordings.
func (r *relisting) list(ctx context.Context, id string) error {
	permit, err := r.listings.acquire(ctx)
	if err != nil {
		return err
	}
	defer permit.Drop()
	got, err := r.metadata.RecordingMetadata(ctx, id, bulkTimeout)
	permit.Release(err)
	if err != nil {
		return err
	}
	former, err := metadataOf(ctx, r.store, r.slice.Group, id, r.plan.relisted)
	if err != nil {
		return err
	}
	return r.record(ctx, former.Recordings, artifacts.Metadata{
		Stamp: r.stamp(), ConversationID: id, CorrelationID: got.CorrelationID, Recordings: got.Recordings,
		RestorationsLeft: got.RestorationsLeft, Body: got.Body,
	})
}

// record records a listing if it has recordings that those before do not have, and lacks none of them:
// a recording that was listed must stay in the account. Another process, or the
// batch that shares the conversation, may have recorded such a listing, or made one final.
func (r *relisting) record(ctx context.Context, known []genesys.Recording, m artifacts.Metadata) error {
	for number := 0; ; number++ {
		fresh := countFresh(m.Recordings, known)
		if fresh == 0 {
			return nil
		}
		if countFresh(known, m.Recordings) > 0 {
			r.count(&r.incomplete, 1)
			return nil
		}
		key := artifacts.RelistedKey(r.slice.Group, artifacts.RelistedName(m.ConversationID, number))
		stored, err := artifacts.Put(ctx, r.store, key, artifacts.Relisted{Stamp: m.Stamp, ConversationID: m.ConversationID, Metadata: &m})
		if err != nil {
			return err
		}
		if stored.Metadata == nil {
			r.count(&r.late, fresh)
			return nil
		}
		r.count(&r.found, countFresh(stored.Metadata.Recordings, known))
		known = append(slices.Clone(known), stored.Metadata.Recordings...)
	}
}

func (r *relisting) count(what *int, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*what += n
}

// says tells what was found.
func (r *relisting) says() string {
	says := fmt.Sprintf("; the operator has listed the conversations again and found %s", words.Count(r.found, "new recording"))
	if r.late > 0 {
		says += fmt.Sprintf("; %s came too late for the other lane of the conversation: set spec.secondSource to Retention to have such recordings listed, and export them under another name",
			words.Count(r.late, "recording"))
	}
	if r.incomplete > 0 {
		says += fmt.Sprintf("; it does not use the later listing of %s, which lacks recordings of the earlier one", words.Count(r.incomplete, "conversation"))
	}
	if r.unread > 0 {
		says += fmt.Sprintf("; it could not list %s", words.Count(r.unread, "conversation"))
	}
	return says
}

// countFresh counts the recordings that a former listing does not have.
func countFresh(now, before []genesys.Recording) (n int) {
	for _, r := range now {
		if !slices.ContainsFunc(before, func(b genesys.Recording) bool { return b.ID == r.ID }) {
			n++
		}
	}
	return n
}
