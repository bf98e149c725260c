package recordingexportbatch

import (
	"cmp"
	"context"
	"slices"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// complete fetches what was requested and seals the bag.
func (r *Reconciler) complete(_ context.Context, s *scope) (outcome.Outcome, error) {
	work := &completionWork{
		delivery: delivery{
			requester: r.requester(s), media: s.cloud, pace: r.Intervals.within(exportspec.RetryDeadline(s.export.Spec)), waits: r.Clock, room: s.room(),
			pollGate: s.gate(s.batch.Spec.Lane, "batchstatus"),
		},
		slice: s.facts.slice, inventory: *s.facts.inventory, info: bagInfo(s),
		signing: artifacts.Signing(s.store, artifacts.BagSignatureKey(s.batch.Name), s.signer),
	}
	work.store = heldStore(s.store, s.batch.Name, *s.facts.inventory)
	return r.do(s, s.batch.Spec.Lane, v1alpha1.StepCompletion, loop.Task{
		Key: s.batch.Name + "/completion", Work: work.run, Reason: v1alpha1.ReasonTransferring, Message: "downloading and storing the recordings",
	}), nil
}

// completionWork fetches a batch's recordings and seals its bag.
type completionWork struct {
	delivery
	// round is the number of the next round of requests for what is outstanding.
	round     int
	slice     artifacts.Slice
	inventory evidence.Inventory
	info      []evidence.InfoField
	signing   evidence.Signing
}

// run goes on from whatever artifacts there are.
func (w *completionWork) run(ctx context.Context, try transfer.Try) error {
	w.attempt = try
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
	wanted := newLedger(w.inventory.Wanted(), now.files, answers, now.aside)
	if err := w.findElsewhere(ctx, wanted); err != nil {
		return nil, nil, err
	}
	w.round = 0
	for _, request := range now.requests {
		w.round = max(w.round, request.Try+1)
	}
	return wanted, wanted.pending(now.requests, answers), wanted.findUnnoted(ctx, w.store, w.batch)
}

// findElsewhere enters the files of recordings that are in the bag that they left:
// they are not stored a second time.
func (w *completionWork) findElsewhere(ctx context.Context, wanted ledger) error {
	if w.slice.From == "" {
		return nil
	}
	files, err := artifacts.All[artifacts.StoredFile](ctx, w.store, artifacts.FileFolder(w.slice.From))
	if err != nil {
		return err
	}
	for _, f := range files {
		for _, line := range wanted {
			if line.RecordingRef == refOf(f) {
				line.elsewhere = append(line.elsewhere, noted(f))
			}
		}
	}
	return nil
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
