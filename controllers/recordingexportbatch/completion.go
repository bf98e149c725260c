package recordingexportbatch

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// maxTries is how often a recording is requested of which Genesys Cloud gives
// neither a result nor an error. Requests in which it failed are not counted, and
// one that fails is requested until the deadline.
const maxTries = 3

// complete fetches what was requested and seals the bag.
func (r *Reconciler) complete(_ context.Context, s *scope) (outcome.Outcome, error) {
	work := &completionWork{
		delivery: delivery{
			requester: r.requester(s), media: s.cloud, pace: r.Pace, waits: r.Clock, deadline: s.deadline(), room: s.room(),
			mediaGate: s.gate(s.batch.Spec.Lane, "media"), pollGate: s.gate(s.batch.Spec.Lane, "batchstatus"),
		},
		slice: s.facts.slice, inventory: *s.facts.inventory, info: bagInfo(s),
		signing: artifacts.Signing(s.store, artifacts.BagSignatureKey(s.batch.Name), s.signer),
	}
	work.store = heldStore(s.store, s.batch.Name, *s.facts.inventory)
	return r.do(s, s.batch.Spec.Lane, loop.Task{
		Key: s.batch.Name + "/completion", Work: work.run, Reason: v1alpha1.ReasonTransferring, Message: "fetching and storing the recordings",
	}), nil
}

// completionWork fetches a batch's recordings and seals its bag.
type completionWork struct {
	delivery
	// try is the number of the next try at requesting what is outstanding.
	try       int
	slice     artifacts.Slice
	inventory evidence.Inventory
	info      []evidence.InfoField
	signing   evidence.Signing
}

// outstandingError tells that recordings did not arrive and are to be requested again.
type outstandingError struct {
	count int
	last  error
}

func (e *outstandingError) Error() string {
	if e.last == nil {
		return fmt.Sprintf("%s came neither as a result nor as an error", words.Count(e.count, "recording"))
	}
	return fmt.Sprintf("%s did not arrive, the last one because of: %v", words.Count(e.count, "recording"), e.last)
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
		if err = w.deliver(ctx); err == nil {
			settled, err = w.settle(ctx)
		}
	}
	if err != nil {
		return err
	}
	return w.seal(ctx, *settled)
}

// deliver fetches every wanted recording that can still be had, or says by its
// error what is outstanding. Once the bag is closed there is nothing to fetch.
func (w *completionWork) deliver(ctx context.Context) error {
	if closed, err := w.isClosed(ctx); closed || err != nil {
		return err
	}
	for stored := -1; ; {
		wanted, open, err := w.recall(ctx)
		if err != nil {
			return err
		}
		if err := w.followAll(ctx, open); err != nil {
			return err
		}
		left := wanted.outstanding()
		if len(left) == 0 || !w.clock.Now().Before(w.deadline) {
			return nil
		}
		// What was asked for anew just now is not asked for at once again, unless
		// nothing but worn out addresses is in the way and each round brings something.
		if len(open) > 0 {
			if !left.expired() || wanted.stored() <= stored {
				return &outstandingError{len(left), left.last()}
			}
			stored = wanted.stored()
		}
		if err := w.request(ctx, w.try, left.refs()); err != nil {
			return err
		}
	}
}

// recall reads what was noted down: what is known of each wanted recording, and
// which requests are to be followed.
func (w *completionWork) recall(ctx context.Context) (ledger, []pending, error) {
	var now facts
	if err := now.observeTransfer(ctx, w.store, w.batch); err != nil {
		return nil, nil, err
	}
	answers, err := artifacts.All[artifacts.Answer](ctx, w.store, artifacts.AnswerFolder(w.batch))
	if err != nil {
		return nil, nil, err
	}
	inOrder(answers, now.requests)
	wanted := newLedger(w.inventory.Wanted(), now.files, answers)
	w.try = 0
	for _, request := range now.requests {
		w.try = max(w.try, request.Try+1)
	}
	return wanted, wanted.pending(now.requests, answers), wanted.findUnnoted(ctx, w.store, w.batch)
}

// inOrder sorts answers as their requests were made, so that the last one counts.
func inOrder(answers []artifacts.Answer, requests []artifacts.Request) {
	place := make(map[string]int, len(requests))
	for i, request := range requests {
		place[request.Ticket.ID] = i
	}
	slices.SortFunc(answers, func(a, b artifacts.Answer) int { return cmp.Compare(place[a.RequestID], place[b.RequestID]) })
}

// close lets no recording be stored in the bag any more, by whichever process: one
// that was a leader and stands still before the last step of a write fails when it
// goes on. It notes that down first, so that who begins to write later sees it.
func (w *completionWork) close(ctx context.Context) error {
	closing := artifacts.Closing{Stamp: artifacts.NewStamp(w.clock.Now(), w.actor)}
	if _, err := artifacts.Put(ctx, w.store, artifacts.ClosingKey(w.batch), closing); err != nil {
		return err
	}
	return w.store.Remove(ctx, archive.ScratchOf(evidence.BagFolder(w.batch)))
}

// settle closes the bag and gives each recording its last disposition.
func (w *completionWork) settle(ctx context.Context) (*evidence.Inventory, error) {
	if err := w.close(ctx); err != nil {
		return nil, err
	}
	wanted, _, err := w.recall(ctx)
	if err != nil {
		return nil, err
	}
	for _, line := range wanted {
		if err := w.adopt(ctx, line); err != nil {
			return nil, err
		}
	}
	settled, err := artifacts.Put(ctx, w.store, artifacts.OutcomeKey(w.batch), artifacts.Inventory{
		Stamp: artifacts.NewStamp(w.clock.Now(), w.actor), Inventory: w.inventory.Settle(wanted.outcomes()),
	})
	return &settled.Inventory, err
}

// followAll follows requests until each has given what it will give.
func (w *completionWork) followAll(ctx context.Context, requests []pending) error {
	var group errgroup.Group
	group.SetLimit(w.limit)
	for _, request := range requests {
		group.Go(func() error { return w.follow(ctx, request) })
	}
	return group.Wait()
}
