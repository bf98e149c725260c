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

// download fetches what was requested and seals the bag.
func (r *Reconciler) download(_ context.Context, s *scope) (outcome.Outcome, error) {
	work := &downloadWork{
		delivery: delivery{
			requester: r.requester(s), media: s.cloud, intervals: r.Intervals.limitedTo(exportspec.RetryDeadline(s.export.Spec)), waitClock: r.Clock, space: s.space(),
			pollGate: s.gate(s.batch.Spec.Lane, "batchstatus"),
		},
		slice: s.state.slice, inventory: *s.state.inventory, info: bagInfo(s),
		signing: artifacts.Signing(s.store, artifacts.BagSignatureKey(s.batch.Name), s.signer),
	}
	work.store = heldStore(s.store, s.batch.Name, *s.state.inventory)
	return r.runWork(s, s.batch.Spec.Lane, v1alpha1.StepCompletion, loop.Task{
		Key: s.batch.Name + "/completion", Work: work.run, Reason: v1alpha1.ReasonTransferring, Message: "downloading and storing the recordings",
	}), nil
}

// downloadWork downloads a batch's recordings and seals its bag.
type downloadWork struct {
	delivery
	// nextTry is the number of the next try at what is outstanding.
	nextTry   int
	slice     artifacts.Slice
	inventory evidence.Inventory
	info      []evidence.InfoField
	signing   evidence.Signing
}

// run continues from the artifacts that are there.
func (w *downloadWork) run(ctx context.Context, try transfer.Try) error {
	w.try = try
	run := artifacts.Run{Stamp: artifacts.NewStamp(w.clock.Now(), w.instance)}
	if _, err := artifacts.Put(ctx, w.store, artifacts.RunKey(w.batch, w.instance), run); err != nil {
		return err
	}
	settled, err := readInventory(ctx, w.store, artifacts.OutcomeKey(w.batch))
	if err == nil && settled == nil {
		if err = w.downloadAll(ctx); err == nil {
			settled, err = w.settleRecordings(ctx)
		}
	}
	if err != nil {
		return err
	}
	return w.sealBag(ctx, *settled)
}

// readRecordings returns the state of each wanted recording, and the requests that are still
// to be followed.
func (w *downloadWork) readRecordings(ctx context.Context) (recordingStates, []pendingRequest, error) {
	var now batchState
	if err := now.readTransfer(ctx, w.store, w.batch); err != nil {
		return nil, nil, err
	}
	answers, err := artifacts.All[artifacts.Answer](ctx, w.store, artifacts.AnswerFolder(w.batch))
	if err != nil {
		return nil, nil, err
	}
	sortByRequest(answers, now.requests)
	wanted := newRecordingStates(w.inventory.Wanted(), now.files, answers, now.setAside)
	if err := w.addFilesOfFormerBag(ctx, wanted); err != nil {
		return nil, nil, err
	}
	w.nextTry = 0
	for _, request := range now.requests {
		w.nextTry = max(w.nextTry, request.Try+1)
	}
	return wanted, wanted.pendingRequests(now.requests, answers), wanted.findUnrecorded(ctx, w.store, w.batch)
}

// addFilesOfFormerBag adds the files that are in the bag that an isolated recording was in
// before: they are not stored twice.
func (w *downloadWork) addFilesOfFormerBag(ctx context.Context, wanted recordingStates) error {
	if w.slice.From == "" {
		return nil
	}
	files, err := artifacts.All[artifacts.StoredFile](ctx, w.store, artifacts.FileFolder(w.slice.From))
	if err != nil {
		return err
	}
	for _, f := range files {
		for _, recording := range wanted {
			if recording.RecordingRef == refOf(f) {
				recording.inFormerBag = append(recording.inFormerBag, fileOf(f))
			}
		}
	}
	return nil
}

// sortByRequest sorts answers in the order of their requests, so that the last one counts.
func sortByRequest(answers []artifacts.Answer, requests []artifacts.Request) {
	place := make(map[string]int, len(requests))
	for i, request := range requests {
		place[request.Ticket.ID] = i
	}
	slices.SortFunc(answers, func(a, b artifacts.Answer) int { return cmp.Compare(place[a.RequestID], place[b.RequestID]) })
}

// closeBag makes sure that no process stores a recording in the bag any more. A former leader
// that was stopped before the last step of a write fails when it continues. Closing is
// recorded first, so that a process that begins a write afterwards sees it.
func (w *downloadWork) closeBag(ctx context.Context) error {
	closing := artifacts.Closing{Stamp: artifacts.NewStamp(w.clock.Now(), w.instance)}
	if _, err := artifacts.Put(ctx, w.store, artifacts.ClosingKey(w.batch), closing); err != nil {
		return err
	}
	return w.store.Remove(ctx, archive.ScratchOf(evidence.BagFolder(w.batch)))
}

// settleRecordings closes the bag and gives each recording its final disposition.
func (w *downloadWork) settleRecordings(ctx context.Context) (*evidence.Inventory, error) {
	if err := w.closeBag(ctx); err != nil {
		return nil, err
	}
	wanted, _, err := w.readRecordings(ctx)
	if err != nil {
		return nil, err
	}
	for _, recording := range wanted {
		if err := w.adoptUnrecorded(ctx, recording); err != nil {
			return nil, err
		}
	}
	settled, err := artifacts.Put(ctx, w.store, artifacts.OutcomeKey(w.batch), artifacts.Inventory{
		Stamp: artifacts.NewStamp(w.clock.Now(), w.instance), Inventory: w.inventory.Settle(wanted.outcomes()),
	})
	return &settled.Inventory, err
}
