package recordingexportbatch

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// maxTries is how often a recording is requested of which Genesys Cloud gives
// neither a result nor an error. One that fails is requested until the deadline.
const maxTries = 3

// complete fetches what was requested and seals the bag.
func (r *Reconciler) complete(_ context.Context, s *scope) (outcome.Outcome, error) {
	work := &completionWork{
		delivery: delivery{requester: r.requester(s), media: s.cloud, mediaGate: s.gate(s.batch.Spec.Lane, "media"), pace: r.Pace, waits: r.Clock},
		slice:    s.facts.slice, inventory: *s.facts.inventory, deadline: s.deadline(), info: bagInfo(s),
	}
	return r.do(s, s.batch.Spec.Lane, loop.Task{
		Key: s.batch.Name + "/completion", Work: work.run, Reason: v1alpha1.ReasonTransferring, Message: "fetching and storing the recordings",
	}), nil
}

// completionWork fetches a batch's recordings and seals its bag.
type completionWork struct {
	delivery
	slice     artifacts.Slice
	inventory evidence.Inventory
	deadline  time.Time
	info      []evidence.InfoField
}

// outstandingError tells that recordings did not arrive and were requested again.
type outstandingError struct {
	count int
	last  error
}

func (e *outstandingError) Error() string {
	if e.last == nil {
		return fmt.Sprintf("%d recordings came neither as a result nor as an error", e.count)
	}
	return fmt.Sprintf("%d recordings did not arrive, the last one because of: %v", e.count, e.last)
}

func (e *outstandingError) Unwrap() error { return e.last }

// Outcome is to wait for the new request.
func (e *outstandingError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonRecordingsOutstanding, e.Error()+"; they are requested again", 0)
}

// run goes on from whatever artifacts there are.
func (w *completionWork) run(ctx context.Context, _ int) error {
	run := artifacts.Run{Stamp: artifacts.NewStamp(w.clock.Now(), w.actor)}
	if _, err := artifacts.Put(ctx, w.store, artifacts.RunKey(w.batch, w.actor), run); err != nil {
		return err
	}
	settled, err := readInventory(ctx, w.store, artifacts.OutcomeKey(w.batch))
	if err == nil && settled == nil {
		settled, err = w.deliver(ctx)
	}
	if err != nil {
		return err
	}
	return w.seal(ctx, *settled)
}

// deliver fetches every wanted recording and gives each its last disposition,
// or requests again what is outstanding.
func (w *completionWork) deliver(ctx context.Context) (*evidence.Inventory, error) {
	var now facts
	if err := now.observeTransfer(ctx, w.store, w.batch); err != nil {
		return nil, err
	}
	w.ledger = newLedger(now.files)
	left, _ := w.ledger.outstanding(w.inventory.Wanted())
	if err := w.followAll(ctx, latest(now.requests, left)); err != nil {
		return nil, err
	}
	if err := w.requestAgain(ctx, now.requests); err != nil {
		return nil, err
	}
	settled, err := artifacts.Put(ctx, w.store, artifacts.OutcomeKey(w.batch), artifacts.Inventory{
		Stamp: artifacts.NewStamp(w.clock.Now(), w.actor), Inventory: w.inventory.Settle(w.ledger.outcomes()),
	})
	return &settled.Inventory, err
}

// requestAgain requests what is outstanding, and says so by its error. It does
// nothing once the deadline has passed or asking again is of no use.
func (w *completionWork) requestAgain(ctx context.Context, requests []artifacts.Request) error {
	left, failed := w.ledger.outstanding(w.inventory.Wanted())
	tries := 0
	for _, request := range requests {
		tries = max(tries, request.Try+1)
	}
	if len(left) == 0 || !w.clock.Now().Before(w.deadline) || tries >= maxTries && !failed {
		return nil
	}
	if err := w.request(ctx, tries, left); err != nil {
		return err
	}
	return &outstandingError{len(left), w.ledger.last}
}

// followAll follows requests until each has given what it will give.
func (w *completionWork) followAll(ctx context.Context, requests []artifacts.Request) error {
	var group errgroup.Group
	group.SetLimit(w.limit)
	for _, request := range requests {
		group.Go(func() error { return w.follow(ctx, request) })
	}
	return group.Wait()
}
