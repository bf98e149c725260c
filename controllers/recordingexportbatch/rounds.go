package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// maxTries is how often a recording is requested of which Genesys Cloud gives
// neither a result nor an error. Requests in which it failed are not counted: one
// that fails is requested for as long as there is patience.
const maxTries = 3

// outstandingError tells that recordings did not arrive and are to be requested again.
type outstandingError struct {
	count int
	last  error
}

func (e *outstandingError) Error() string {
	if e.last == nil {
		return "Genesys Cloud gave neither a file nor an error for " + words.Count(e.count, "recording")
	}
	return fmt.Sprintf("%s did not arrive; last error: %v", words.Count(e.count, "recording"), e.last)
}

func (e *outstandingError) Unwrap() error { return e.last }

// Outcome is to wait for the new request.
func (e *outstandingError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonRecordingsPending, "requesting again: "+e.Error(), 0)
}

// UsesDeadline tells that waiting for them uses up the deadline.
func (e *outstandingError) UsesDeadline() bool { return true }

// rounds are the rounds of requests of one attempt. In each, every outstanding
// recording is requested once: all at the same time, or, if addresses expire early,
// as many as can be fetched before that, then the next.
type rounds struct {
	// tried are the recordings that were requested in the present round.
	tried refSet
	// stored is how many files there were when it began, first how many when the attempt
	// did.
	stored, first int
	// most is the most recordings that a request could name when a recording was last
	// requested again at once, and cuts how often that has been done.
	most map[genesys.RecordingRef]int
	cuts int
	// refused is why recordings could not be requested, nil if all could.
	refused *retriedError
}

// deliver fetches every wanted recording that still comes, or says by its error
// what is outstanding. What keeps failing while others come leaves the batch. Once
// the bag is closed there is nothing to fetch.
func (w *completionWork) deliver(ctx context.Context) error {
	if closed, err := w.isClosed(ctx); closed || err != nil {
		return err
	}
	for r := (&rounds{tried: refSet{}, stored: -1, first: -1, most: map[genesys.RecordingRef]int{}}); ; {
		wanted, err := w.fetchRequested(ctx, r)
		if err != nil {
			return err
		}
		next, err := r.next(wanted, w.attempt)
		if err != nil || len(next) == 0 {
			return err
		}
		asked, err := w.request(ctx, w.attempt, w.round, next.asked())
		r.tried.add(asked)
		if err != nil && !errors.As(err, &r.refused) {
			return err
		}
	}
}

// fetchRequested fetches what the requests give that were made so far.
func (w *completionWork) fetchRequested(ctx context.Context, r *rounds) (ledger, error) {
	wanted, open, err := w.recall(ctx)
	if err != nil {
		return nil, err
	}
	for _, request := range open {
		r.tried.add(request.Refs)
	}
	if err := w.followAll(ctx, open); err != nil {
		return nil, err
	}
	return wanted, w.isolate(ctx, wanted)
}

// next is what is to be requested next; nothing if all there is has come, or what has
// not is no longer retried. What was requested in this attempt is not requested again in it,
// unless its request is cut in halves, or nothing but expired addresses is in the way
// and each round brings something.
func (r *rounds) next(wanted ledger, try transfer.Try) (ledger, error) {
	left, last := wanted.outstanding(), try.Last
	if r.first < 0 {
		r.first = wanted.stored()
	}
	if late := left.without(r.tried); len(late) > 0 {
		return late, nil
	}
	if halves := r.cut(left, last || wanted.stored() > r.first, try.Failures); len(halves) > 0 {
		return halves, nil
	}
	switch {
	case len(left) == 0:
		return nil, nil
	case r.refused != nil:
		return nil, r.refused
	case last:
		return nil, nil
	case !left.expired() || wanted.stored() <= r.stored:
		return nil, &outstandingError{len(left), left.last()}
	default:
		r.tried, r.stored = refSet{}, wanted.stored()
		return left, nil
	}
}

// cut is what is to be requested in halves at once, because the request with it could
// not be read. As long as none brings anything it may be the service that is bad: then
// each attempt cuts few requests, and the next one a few more.
func (r *rounds) cut(left ledger, unbounded bool, failures int) (halves ledger) {
	for _, l := range left {
		before, again := r.most[l.RecordingRef]
		if l.cut && (!again || l.most < before) {
			halves = append(halves, l)
		}
	}
	if len(halves) == 0 || !unbounded && r.cuts >= 1+min(max(failures-perTimeout, 0), 4) {
		return nil
	}
	r.cuts++
	for _, l := range halves {
		r.most[l.RecordingRef] = l.most
	}
	return halves
}

// mostFollowed is how many requests of a batch are followed at the same time. What is
// in flight for them passes the gates all the same.
const mostFollowed = 16

// followAll follows requests until each has given what it will give.
func (w *completionWork) followAll(ctx context.Context, requests []pending) error {
	var group errgroup.Group
	group.SetLimit(mostFollowed)
	for _, request := range requests {
		group.Go(func() error { return w.follow(ctx, request) })
	}
	return group.Wait()
}

// isolate has the recordings leave the batch that keep failing while others come.
func (w *completionWork) isolate(ctx context.Context, wanted ledger) error {
	for _, line := range wanted.outstanding() {
		why := line.trouble()
		if w.isolated || why == nil || !w.gates.Blames(w.mediaGate, line.RecordingID) {
			continue
		}
		if err := w.setAside(ctx, line.RecordingRef, evidence.ReasonMovedToIsolated, why.Error()); err != nil {
			return err
		}
		line.aside, line.asideDetail = evidence.ReasonMovedToIsolated, why.Error()
	}
	return nil
}
