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
	pace      Pace
	waits     clock.Clock
	ledger    *ledger
}

// follow polls a request, and fetches what it gives, until it will give no more.
// What has not arrived then is outstanding.
func (d *delivery) follow(ctx context.Context, request artifacts.Request) error {
	watch := progress{pace: d.pace, since: d.clock.Now()}
	for {
		if err := transfer.Wait(ctx, d.waits, watch.delay()); err != nil {
			return err
		}
		status, err := d.cloud.BatchStatus(ctx, request.RequestID)
		if err != nil {
			return d.lost(request, err)
		}
		if err := d.receive(ctx, request, status.Results); err != nil {
			return err
		}
		if watch.over(status, d.ledger.unanswered(request.Refs), d.clock.Now()) {
			return nil
		}
	}
}

// lost decides what it means that a request cannot be read. One that Genesys
// Cloud does not know, or not to this client, gives no more; its recordings are
// outstanding. Anything else is tried again with the same request.
func (d *delivery) lost(request artifacts.Request, err error) error {
	switch genesys.KindOf(err) {
	case genesys.KindNotFound, genesys.KindForbidden, genesys.KindInvalid:
		for _, ref := range request.Refs {
			if d.ledger.unanswered([]genesys.RecordingRef{ref}) > 0 {
				d.ledger.fail(fileRef{ref, 0}, err)
			}
		}
		return nil
	default:
		return err
	}
}

// receive fetches the results that are new. Results of a recording are numbered
// in the order in which they are listed.
func (d *delivery) receive(ctx context.Context, request artifacts.Request, results []genesys.BatchResult) error {
	asked := make(map[genesys.RecordingRef]bool, len(request.Refs))
	for _, ref := range request.Refs {
		asked[ref] = true
	}
	count := map[genesys.RecordingRef]int{}
	var group errgroup.Group
	group.SetLimit(d.limit)
	for _, result := range results {
		ref := result.RecordingRef
		switch {
		case !asked[ref]:
		case result.URL.Empty():
			d.ledger.refuse(ref, result.Error)
		default:
			count[ref]++
			file := fileRef{ref, count[ref]}
			group.Go(func() error { return d.fetch(ctx, request, result, file) })
		}
	}
	return group.Wait()
}

// progress tells when a batch request will give no more.
type progress struct {
	pace Pace
	// polls is how often the request was looked at, since when it last moved.
	polls    int
	since    time.Time
	expected int
	results  int
}

// delay is how long to wait before the next look: twice the first wait, since a
// request that is complete shows it in two looks, then longer each time.
func (p *progress) delay() time.Duration {
	delay := p.pace.FirstPoll << max(0, min(p.polls-1, 20))
	return min(delay, p.pace.LastPoll)
}

// over takes what was just seen. A request is over when every recording has its
// answer and the expected number was the same in two looks; when it has given
// all it expects to give, though not all that was asked for, for pace.Missing;
// or when it has not moved for pace.Patience.
func (p *progress) over(status genesys.BatchStatus, unanswered int, now time.Time) bool {
	same := p.polls > 0 && status.Expected == p.expected && len(status.Results) == p.results
	if !same {
		p.since = now
	}
	p.polls++
	steady := p.polls > 1 && status.Expected == p.expected
	p.expected, p.results = status.Expected, len(status.Results)
	still := now.Sub(p.since)
	switch {
	case unanswered == 0:
		return steady
	case status.Expected > 0 && len(status.Results) >= status.Expected:
		return still >= p.pace.Missing
	default:
		return still >= p.pace.Patience
	}
}
