package recordingexportbatch

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// requestFollower polls batch requests and downloads their results into the bag.
type requestFollower struct {
	bagTransfer
	source    mediaReader
	polls     route
	intervals Intervals
	// try is the current attempt at the work.
	try   transfer.Try
	space freeSpace
	// counters count the stored files.
	counters counters
}

// followRequest polls a request and fetches its results until it gives no more. Then it
// records the answer.
func (d *requestFollower) followRequest(ctx context.Context, request pendingRequest) error {
	defer d.addresses.Follow(d.media.gate, len(request.recordings))()
	for _, recording := range request.recordings {
		recording.startRequest()
	}
	progress := requestProgress{intervals: d.intervals, maxDelay: d.addresses.MinLifetime(d.media.gate) / 4, since: d.clock.Now()}
	begun, shown := d.clock.Now(), request.At
	for over := false; !over; {
		if err := transfer.Wait(ctx, d.clock, progress.nextDelay()); err != nil {
			return err
		}
		asked := d.clock.Now()
		status, err := d.poll(ctx, request)
		if progress.toleratesFailure(err) {
			continue
		}
		if err != nil {
			if err := d.handleUnreadable(&request, err); err != nil {
				return err
			}
			break
		}
		d.polls.record(request.Ticket.ID, nil)
		progress.excludePollTime(d.clock.Since(asked))
		before := request.recordings.countFiles()
		answer := &pollAnswer{request: request.Ticket.ID, before: shown, at: d.clock.Now()}
		if shown = asked; progress.results == 0 && len(status.Results) > 0 {
			d.addresses.RecordListed(d.media.gate, answer.at.Sub(begun))
		}
		if err := d.fetchNew(ctx, request, answer, status.Results); err != nil {
			return err
		}
		progress.gotFile = request.recordings.countFiles() > before
		over = progress.isOver(status, request.recordings, d.clock.Now())
	}
	return d.recordAnswer(ctx, request)
}

// poll reads the status of a request.
func (d *requestFollower) poll(ctx context.Context, request pendingRequest) (genesys.BatchStatus, error) {
	permit, err := d.polls.acquire(ctx)
	if err != nil {
		return genesys.BatchStatus{}, err
	}
	defer permit.Drop()
	status, err := d.cloud.BatchStatus(ctx, request.Ticket)
	permit.Release(err)
	return status, err
}

// handleUnreadable decides what to do about a request that cannot be read. The request is over
// if Genesys Cloud does not know it, does not show it to this OAuth client, or its client is
// out; also if it keeps failing while others succeed. What it has not given is requested
// again, in halves if one of its recordings may be the cause. In all other cases the error is
// returned, and the next attempt polls the same request.
func (d *requestFollower) handleUnreadable(request *pendingRequest, err error) error {
	switch kind := genesys.KindOf(err); {
	case kind == genesys.KindOrphaned:
	case kind == genesys.KindNotFound:
		request.lost = slices.ContainsFunc(request.recordings, func(l *recordingState) bool { return l.expiredRequests > 0 })
	case kind == genesys.KindForbidden, kind == genesys.KindInvalid:
		request.lost = true
	case !genesys.AboutItem(err):
		return err
	default:
		d.polls.record(request.Ticket.ID, err)
		repeatedly := d.try.Failures >= splitAfterFailures && (d.isolated || len(request.recordings) > 1)
		if !d.try.Last && !repeatedly && !d.polls.isBad(request.Ticket.ID) {
			return err
		}
		request.lost = true
	}
	for _, recording := range request.recordings {
		if recording.expectsMore() {
			recording.recordFailure(err, true)
		}
	}
	return nil
}

// recordAnswer records what a request has given, and tells the gates which recordings came and
// which failed. An expired address is not a failure of its recording.
func (d *requestFollower) recordAnswer(ctx context.Context, request pendingRequest) error {
	answer := artifacts.Answer{Stamp: d.stamp(), RequestID: request.Ticket.ID, Lost: request.lost}
	for _, recording := range request.recordings {
		answer.Recordings = append(answer.Recordings, recording.toAnswer())
		if why := recording.failure(); why != nil && !recording.expired || recording.isComplete() {
			d.media.record(recording.RecordingID, why)
		}
	}
	_, err := artifacts.Put(ctx, d.store, artifacts.AnswerKey(d.batch, request.Ticket.ID), answer)
	return err
}

// pollAnswer is the answer to one poll of a request.
type pollAnswer struct {
	request string
	// before is the time of the previous poll, or of the request; at is the time of this
	// answer. New addresses were made in between.
	before, at time.Time
	// mayBeExpired is set when an address in this answer has expired: the others have probably
	// expired too.
	mayBeExpired atomic.Bool
	// wasUsed is set when an address in this answer has been used.
	wasUsed atomic.Bool
}

// fetchNew fetches the results that are new. It ignores results of recordings that were not
// requested.
func (d *requestFollower) fetchNew(ctx context.Context, request pendingRequest, answer *pollAnswer, results []genesys.BatchResult) error {
	listed := map[*recordingState][]genesys.BatchResult{}
	for _, result := range results {
		if recording := request.find(result.RecordingRef); recording != nil {
			listed[recording] = append(listed[recording], result)
		}
	}
	var group errgroup.Group
	group.SetLimit(d.media.limit)
	for _, recording := range request.recordings {
		if results := listed[recording]; len(results) > 0 {
			group.Go(func() error { return d.fetchRecording(ctx, newListing(answer, recording, results)) })
		}
	}
	return group.Wait()
}

// fetchRecording fetches the results of one recording one after the other, so that the content
// of each can be compared with those before.
func (d *requestFollower) fetchRecording(ctx context.Context, l *listing) error {
	fresh := l.newResults()
	if len(fresh) > 0 {
		if err := d.hashUnrecorded(ctx, l.recording); err != nil {
			return err
		}
	}
	for _, result := range fresh {
		if err := d.fetchResult(ctx, l, result); err != nil {
			return err
		}
	}
	return nil
}
