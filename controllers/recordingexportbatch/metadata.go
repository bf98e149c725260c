package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/words"
)

type metadataReader interface {
	RecordingMetadata(ctx context.Context, conversationID string, timeout time.Duration) (genesys.Metadata, error)
}

// learner is what is asked about a slice before anything is transferred.
type learner interface {
	metadataReader
	holdChecker
}

// timeouts of metadata requests, by how often the conversation has failed: one
// that times out is parked, and asked again with more time once all others are through.
var timeouts = []time.Duration{16 * time.Second, 60 * time.Second, 120 * time.Second}

// fetchMetadata learns the recordings of the batch's conversations, and which of
// them are under legal hold now, before anything is transferred. The two hold
// lanes of a slice share this step, because metadata cannot be asked by medium:
// whichever batch comes first has it done for both, in the lane and under the
// limit of LegalHoldScreen.
func (r *Reconciler) fetchMetadata(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if s.facts.inventory != nil {
		return outcome.Done(), nil
	}
	hold, err := artifacts.Get[artifacts.Hold](ctx, s.store, artifacts.HoldKey(s.facts.slice.Group))
	if errors.Is(err, fs.ErrNotExist) {
		return r.learn(s), nil
	}
	if err != nil {
		return outcome.Outcome{}, err
	}
	inventory, err := takeInventory(ctx, s, hold)
	if err != nil {
		return outcome.Outcome{}, err
	}
	if err := countRestored(ctx, s.store, s.facts.slice, &inventory); err != nil {
		return outcome.Outcome{}, err
	}
	stored, err := artifacts.Put(ctx, s.store, artifacts.InventoryKey(s.batch.Name), artifacts.Inventory{
		Stamp: artifacts.NewStamp(r.Clock.Now(), r.Actor), Inventory: inventory,
		Split: len(inventory.Wanted()) > r.MaxRecordings && len(inventory.Conversations) > 1,
	})
	s.facts.inventory, s.facts.split = &stored.Inventory, stored.Split
	return outcome.Done(), err
}

// learn has the pool ask for what is not known of the slice.
func (r *Reconciler) learn(s *scope) outcome.Outcome {
	lane, key := metadataLane(s.batch.Spec.Lane), s.facts.slice.Group+"/metadata"
	work := &metadataWork{
		store: s.store, cloud: s.metadata, again: r.again(s, lane, key), clock: r.Clock, actor: r.Actor, gates: r.Gates,
		gate: s.gate(lane, "metadata"), limit: exportspec.Parallelism(s.export.Spec, lane),
		slice: s.facts.slice, policy: exportspec.Policy(s.export.Spec), deadline: s.deadline(),
		restores: s.export.Spec.Archived == v1alpha1.ArchivedRestore,
	}
	return r.do(s, lane, loop.Task{
		Key: key, Work: work.run,
		Reason: v1alpha1.ReasonFetchingMetadata, Message: "asking for the recordings of the conversations",
	})
}

func metadataLane(lane v1alpha1.Lane) v1alpha1.Lane {
	if lane == v1alpha1.LaneStandard {
		return lane
	}
	return v1alpha1.LaneLegalHoldScreen
}

// takeInventory lists what the metadata artifacts of a slice say, and what the
// legal holds before transfer make of it.
func takeInventory(ctx context.Context, s *scope, hold artifacts.Hold) (evidence.Inventory, error) {
	known, err := readMetadata(ctx, s.store, s.facts.slice)
	if err != nil {
		return evidence.Inventory{}, err
	}
	policy := exportspec.Policy(s.export.Spec)
	policy.Stay = s.facts.slice.Stay
	return evidence.TakeInventory(policy, s.facts.slice.Lane, hold.Answer(s.facts.slice.Conversations), known), nil
}

// readMetadata reads the metadata artifacts of a slice.
func readMetadata(ctx context.Context, store archive.Store, slice artifacts.Slice) (func(id string) evidence.Metadata, error) {
	known := make(map[string]evidence.Metadata, len(slice.Conversations))
	for _, c := range slice.Conversations {
		m, err := artifacts.Get[artifacts.Metadata](ctx, store, artifacts.MetadataKey(slice.Group, c.ID))
		if err != nil {
			return nil, err
		}
		known[c.ID] = evidence.Metadata{Recordings: m.Recordings, Reason: m.Reason, Detail: m.Detail}
	}
	return func(id string) evidence.Metadata { return known[id] }, nil
}

// metadataWork fetches the metadata of one slice's conversations, and then their
// legal holds.
type metadataWork struct {
	store    archive.Store
	cloud    learner
	again    transfer.Again
	clock    clock.PassiveClock
	actor    string
	gates    *transfer.Gates
	gate     transfer.Gate
	limit    int
	slice    artifacts.Slice
	policy   evidence.Policy
	deadline time.Time
	// restores tells whether archived recordings are to be had back.
	restores bool

	// stop is set once an error concerns every conversation.
	stop   atomic.Bool
	mu     sync.Mutex
	parked map[string]error
}

// parkedError tells that conversations are to be asked again.
type parkedError struct {
	count int
	last  error
}

func (e *parkedError) Error() string {
	return fmt.Sprintf("%s parked, the last one because of: %v", words.Count(e.count, "conversation"), e.last)
}

func (e *parkedError) Unwrap() error { return e.last }

// Outcome is to wait: the others go on, and these are asked last. Only a
// missing permission needs a person.
func (e *parkedError) Outcome() outcome.Outcome {
	if out := outcome.Of(e.last, 0); out.State == outcome.Stalled {
		return out
	}
	return outcome.Wait(v1alpha1.ReasonMetadataParked, e.Error()+"; they are asked again, with more time", 0)
}

// run asks once for each conversation that is not known yet.
func (w *metadataWork) run(ctx context.Context, attempt int) error {
	missing, err := unknown(ctx, w.store, w.slice)
	if err != nil {
		return err
	}
	w.parked = map[string]error{}
	w.stop.Store(false)
	timeout := timeouts[min(attempt, len(timeouts)-1)]
	var group errgroup.Group
	group.SetLimit(w.limit)
	for _, id := range missing {
		group.Go(func() error { return w.ask(ctx, id, timeout) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	return w.checkHolds(ctx)
}

// ask asks for one conversation, unless there is no point in asking any more.
func (w *metadataWork) ask(ctx context.Context, id string, timeout time.Duration) error {
	pass, err := w.gates.Enter(ctx, w.gate, w.limit)
	if err != nil {
		return err
	}
	defer pass.Drop()
	if w.stop.Load() {
		return nil
	}
	metadata, err := w.cloud.RecordingMetadata(ctx, id, timeout)
	pass.Leave(err)
	if err == nil {
		return w.note(ctx, artifacts.Metadata{
			ConversationID: id, CorrelationID: metadata.CorrelationID, Recordings: metadata.Recordings, Body: metadata.Body,
		})
	}
	return w.failed(ctx, id, err)
}

// failed decides what a failure means: that there is nothing to be had, that
// all must wait, or that this conversation is asked again later.
func (w *metadataWork) failed(ctx context.Context, id string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch genesys.KindOf(err) {
	case "", genesys.KindThrottled, genesys.KindUnauthorized:
		w.stop.Store(true)
		return err
	case genesys.KindNotFound:
		return w.note(ctx, artifacts.Metadata{ConversationID: id, Reason: evidence.ReasonConversationNotFound, Detail: err.Error()})
	case genesys.KindInvalid:
		return w.note(ctx, artifacts.Metadata{ConversationID: id, Reason: evidence.ReasonMetadataUnreadable, Detail: err.Error()})
	default:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.parked[id] = err
		return nil
	}
}

// settle reports the parked conversations, or gives them up once the deadline has passed.
func (w *metadataWork) settle(ctx context.Context) error {
	if len(w.parked) == 0 {
		return nil
	}
	late := !w.clock.Now().Before(w.deadline)
	var last error
	for id, err := range w.parked {
		last = err
		if !late {
			continue
		}
		note := artifacts.Metadata{ConversationID: id, Reason: evidence.ReasonMetadataUnreadable, Detail: err.Error()}
		if err := w.note(ctx, note); err != nil {
			return err
		}
	}
	if late {
		return nil
	}
	return &parkedError{len(w.parked), last}
}

func (w *metadataWork) note(ctx context.Context, m artifacts.Metadata) error {
	m.Stamp = artifacts.NewStamp(w.clock.Now(), w.actor)
	_, err := artifacts.Put(ctx, w.store, artifacts.MetadataKey(w.slice.Group, m.ConversationID), m)
	return err
}
