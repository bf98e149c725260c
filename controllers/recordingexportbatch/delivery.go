package recordingexportbatch

import (
	"context"
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
	media     mediaReader
	mediaGate transfer.Gate
	pollGate  transfer.Gate
	pace      Pace
	waits     clock.Clock
	// deadline is when to be content with what has come.
	deadline time.Time
	room     room
}

// follow polls a request, and fetches what it gives, until it will give no more,
// and notes that down.
func (d *delivery) follow(ctx context.Context, request pending) error {
	for _, line := range request.lines {
		line.begin()
	}
	watch := progress{pace: d.pace, deadline: d.deadline, since: d.clock.Now()}
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
			if err := d.lost(request, err); err != nil {
				return err
			}
			break
		}
		watch.pause(d.clock.Since(asked))
		before := request.lines.stored()
		if err := d.receive(ctx, request, status.Results); err != nil {
			return err
		}
		watch.moved = request.lines.stored() > before
		over = watch.over(status, request.lines, d.clock.Now())
	}
	return d.conclude(ctx, request)
}

// poll looks at a request once.
func (d *delivery) poll(ctx context.Context, request pending) (genesys.BatchStatus, error) {
	pass, err := d.gates.Enter(ctx, d.pollGate, d.limit)
	if err != nil {
		return genesys.BatchStatus{}, err
	}
	defer pass.Drop()
	status, err := d.cloud.BatchStatus(ctx, request.Ticket)
	pass.Leave(err)
	return status, err
}

// lost decides what it means that a request cannot be read. One that Genesys
// Cloud does not know, or not to this client, gives no more, nor does one whose
// client is out, nor any once the deadline has passed. Otherwise the same request is looked at again.
func (d *delivery) lost(request pending, err error) error {
	switch kind := genesys.KindOf(err); kind {
	case genesys.KindNotFound, genesys.KindForbidden, genesys.KindInvalid, genesys.KindOrphaned:
	case genesys.KindTimeout, genesys.KindTransient, genesys.KindMalformed:
		if d.clock.Now().Before(d.deadline) {
			return err
		}
	default:
		return err
	}
	for _, line := range request.lines {
		if line.open() {
			line.fail(err, true)
		}
	}
	return nil
}

// conclude notes down what a request has given.
func (d *delivery) conclude(ctx context.Context, request pending) error {
	answer := artifacts.Answer{Stamp: artifacts.NewStamp(d.clock.Now(), d.actor), RequestID: request.Ticket.ID}
	for _, line := range request.lines {
		answer.Recordings = append(answer.Recordings, line.answered())
	}
	_, err := artifacts.Put(ctx, d.store, artifacts.AnswerKey(d.batch, request.Ticket.ID), answer)
	return err
}

// receive fetches the results that are new. A result of a recording that was not
// asked for is nobody's.
func (d *delivery) receive(ctx context.Context, request pending, results []genesys.BatchResult) error {
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
			group.Go(func() error { return d.take(ctx, newListing(request.Ticket.ID, line, results)) })
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

// progress tells when a batch request will give no more.
type progress struct {
	pace     Pace
	deadline time.Time
	// polls is how often the request was looked at, since when it last moved.
	polls    int
	since    time.Time
	expected int
	results  int
	// moved tells whether the last look brought a file.
	moved bool
	// misses counts the looks since then that failed.
	misses int
}

// maxMisses is how many looks in a row may fail before the work is begun anew.
// One that fails must not do so: all that was waited for would be forgotten, and
// where one look in three fails, no wait would ever come to its end.
const maxMisses = 5

// missed tells whether a look failed in a way that the next one may not.
func (p *progress) missed(err error) bool {
	switch genesys.KindOf(err) {
	case genesys.KindTransient, genesys.KindTimeout, genesys.KindMalformed:
		p.misses++
		return p.misses <= maxMisses
	default:
		return false
	}
}

// delay is how long to wait before the next look: twice the first wait, since a
// request that is complete shows it in two looks, then longer each time.
func (p *progress) delay() time.Duration {
	delay := p.pace.FirstPoll << max(0, min(p.polls-1, 20))
	return min(delay, p.pace.LastPoll)
}

// pause leaves out of account that a look took so long: what waits for its
// answer, for the budget above all, is not the request.
func (p *progress) pause(d time.Duration) { p.since = p.since.Add(d) }

// over takes what was just seen. A request is over when every recording has its
// answer and the expected number was the same in two looks, unless addresses
// expired while others were fetched: the next look may show new ones; when it has
// given all it expects to give, though not all that was asked for, for
// pace.Missing; when it has not moved for pace.Patience; or at the deadline.
func (p *progress) over(status genesys.BatchStatus, lines ledger, now time.Time) bool {
	same := p.polls > 0 && status.Expected == p.expected && len(status.Results) == p.results
	if !same || p.moved {
		p.since = now
	}
	p.polls++
	p.misses = 0
	steady := p.polls > 1 && status.Expected == p.expected
	p.expected, p.results = status.Expected, len(status.Results)
	still := now.Sub(p.since)
	switch {
	case !now.Before(p.deadline):
		return true
	case lines.open() == 0:
		return steady && (!p.moved || !lines.expired())
	case status.Expected > 0 && len(status.Results) >= status.Expected:
		return still >= p.pace.Missing
	default:
		return still >= p.pace.Patience
	}
}
