package recordingexportbatch

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// delivery brings the recordings of batch requests into the bag.
type delivery struct {
	requester
	media    mediaReader
	pollGate transfer.Gate
	pace     Intervals
	waits    clock.Clock
	// attempt is the present attempt at the work.
	attempt transfer.Try
	room    room
}

// follow polls a request, and fetches what it gives, until it will give no more,
// and notes that down.
func (d *delivery) follow(ctx context.Context, request pending) error {
	defer d.addresses.Follow(d.mediaGate, len(request.lines))()
	for _, line := range request.lines {
		line.begin()
	}
	watch := progress{pace: d.pace, longest: d.addresses.Life(d.mediaGate) / 4, since: d.clock.Now()}
	begun, shown := d.clock.Now(), request.At
	for over := false; !over; {
		if err := transfer.Wait(ctx, d.waits, watch.delay()); err != nil {
			return err
		}
		asked := d.clock.Now()
		status, err := d.poll(ctx, request)
		if watch.missed(err) {
			continue
		}
		if err != nil {
			if err := d.lost(&request, err); err != nil {
				return err
			}
			break
		}
		d.gates.Record(d.pollGate, request.Ticket.ID, nil)
		watch.pause(d.clock.Since(asked))
		before := request.lines.stored()
		of := &look{request: request.Ticket.ID, before: shown, at: d.clock.Now()}
		if shown = asked; watch.results == 0 && len(status.Results) > 0 {
			d.addresses.Listed(d.mediaGate, of.at.Sub(begun))
		}
		if err := d.receive(ctx, request, of, status.Results); err != nil {
			return err
		}
		watch.moved = request.lines.stored() > before
		over = watch.over(status, request.lines, d.clock.Now())
	}
	return d.conclude(ctx, request)
}

// poll looks at a request once.
func (d *delivery) poll(ctx context.Context, request pending) (genesys.BatchStatus, error) {
	pass, err := d.gates.Acquire(ctx, d.pollGate, d.limit)
	if err != nil {
		return genesys.BatchStatus{}, err
	}
	defer pass.Drop()
	status, err := d.cloud.BatchStatus(ctx, request.Ticket)
	pass.Release(err)
	return status, err
}

// lost decides what it means that a request cannot be read. One that Genesys Cloud
// does not know, or not to this client, gives no more, nor does one whose client is
// out, nor one that fails while others do not, or time after time: what it was to give
// is requested again, in two halves if one of its recordings may be why. Otherwise the
// same request is looked at again.
func (d *delivery) lost(request *pending, err error) error {
	switch kind := genesys.KindOf(err); {
	case kind == genesys.KindOrphaned:
	case kind == genesys.KindNotFound:
		request.lost = slices.ContainsFunc(request.lines, func(l *line) bool { return l.renewals > 0 })
	case kind == genesys.KindForbidden, kind == genesys.KindInvalid:
		request.lost = true
	case !transfer.AboutItem(err):
		return err
	default:
		d.gates.Record(d.pollGate, request.Ticket.ID, err)
		again := d.attempt.Failures >= perTimeout && (d.isolated || len(request.lines) > 1)
		if !d.attempt.Last && !again && !d.gates.Blames(d.pollGate, request.Ticket.ID) {
			return err
		}
		request.lost = true
	}
	for _, line := range request.lines {
		if line.open() {
			line.fail(err, true)
		}
	}
	return nil
}

// conclude notes down what a request has given, and remembers which recordings
// came and which failed. That an address has expired says nothing of its recording.
func (d *delivery) conclude(ctx context.Context, request pending) error {
	answer := artifacts.Answer{Stamp: artifacts.NewStamp(d.clock.Now(), d.actor), RequestID: request.Ticket.ID, Lost: request.lost}
	for _, line := range request.lines {
		answer.Recordings = append(answer.Recordings, line.answered())
		if why := line.trouble(); why != nil && !line.expired || line.whole() {
			d.gates.Record(d.mediaGate, line.RecordingID, why)
		}
	}
	_, err := artifacts.Put(ctx, d.store, artifacts.AnswerKey(d.batch, request.Ticket.ID), answer)
	return err
}

// look is one look at a request.
type look struct {
	request string
	// before is when the request was looked at before, or made, at when this look
	// was answered. What is new was made in between.
	before, at time.Time
	// doubted tells that one of the addresses that it shows has expired: the others
	// are likely to have expired too.
	doubted atomic.Bool
	// tried tells that one of them was used.
	tried atomic.Bool
}

// receive fetches the results that are new. A result of a recording that was not
// asked for is nobody's.
func (d *delivery) receive(ctx context.Context, request pending, of *look, results []genesys.BatchResult) error {
	listed := map[*line][]genesys.BatchResult{}
	for _, result := range results {
		if line := request.find(result.RecordingRef); line != nil {
			listed[line] = append(listed[line], result)
		}
	}
	var group errgroup.Group
	group.SetLimit(d.limit)
	for _, line := range request.lines {
		if results := listed[line]; len(results) > 0 {
			group.Go(func() error { return d.take(ctx, newListing(of, line, results)) })
		}
	}
	return group.Wait()
}

// take fetches the results of one recording, one after the other: only so can the
// content of each be compared with those before.
func (d *delivery) take(ctx context.Context, of *listing) error {
	fresh := of.fresh()
	if len(fresh) > 0 {
		if err := d.examine(ctx, of.line); err != nil {
			return err
		}
	}
	for _, result := range fresh {
		if err := d.fetch(ctx, of, result); err != nil {
			return err
		}
	}
	return nil
}
