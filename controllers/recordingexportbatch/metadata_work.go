package recordingexportbatch

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// perTimeout is how many attempts in a row are made with the same time-out in the
// lanes where others wait: so many show that a conversation is bad.
const perTimeout = 3

// metadataWork fetches the metadata of one slice's conversations, and then their
// legal holds.
//
// A conversation that fails is parked, and asked for again when all others have
// been. If it keeps failing while others succeed it is isolated: it leaves the
// slice, and comes in one of the lane Isolated. There it is retried until the
// patience with it is used up.
type metadataWork struct {
	store archive.Store
	cloud learner
	again transfer.Retrier
	clock clock.PassiveClock
	actor string
	gates *transfer.Gates
	gate  transfer.Gate
	limit int
	// aside is the gate that retries of a suspect pass, that of the lane Isolated, and
	// asideLimit its limit.
	aside      transfer.Gate
	asideLimit int
	slice      artifacts.Slice
	policy     evidence.Policy

	// stop is set once an error concerns every conversation.
	stop   atomic.Bool
	mu     sync.Mutex
	parked map[string]parked
}

// parked is a conversation that is to be asked for again.
type parked struct {
	why error
	// known is what is noted of it if that is all that ever comes: metadata that says
	// that recordings are not ready yet.
	known *artifacts.Metadata
}

func (w *metadataWork) isolated() bool { return w.slice.Lane == slicing.Isolated }

// run asks once for each conversation that is not known yet.
func (w *metadataWork) run(ctx context.Context, try transfer.Try) error {
	missing, err := unknown(ctx, w.store, w.slice)
	if err != nil {
		return err
	}
	w.parked = map[string]parked{}
	w.stop.Store(false)
	var group errgroup.Group
	group.SetLimit(w.limit)
	for _, id := range missing {
		group.Go(func() error {
			defer try.Progress()
			return w.ask(ctx, id, w.timeout(try))
		})
	}
	err = group.Wait()
	// What closed the gate in this attempt was asked, and uses up its patience.
	closed := errors.Is(err, transfer.ErrClosed) && len(w.parked) > 0
	if err != nil && !closed {
		return err
	}
	if err := cmp.Or(w.settle(ctx, try), err); err != nil {
		return err
	}
	return w.checkHolds(ctx, try)
}

// timeout is how long an answer may take in an attempt.
func (w *metadataWork) timeout(try transfer.Try) time.Duration {
	n := try.Failures / perTimeout
	if w.isolated() {
		n = try.Failures
	}
	return genesys.Timeout(n)
}

// ask asks for one conversation, unless there is no point in asking any more.
func (w *metadataWork) ask(ctx context.Context, id string, timeout time.Duration) error {
	pass, err := w.enter(ctx, id)
	if err != nil {
		return err
	}
	defer pass.Drop()
	if w.stop.Load() {
		return nil
	}
	metadata, err := w.cloud.RecordingMetadata(ctx, id, timeout)
	pass.Release(err)
	if err != nil {
		return w.failed(ctx, id, err)
	}
	w.gates.Record(w.gate, id, nil)
	known := artifacts.Metadata{
		ConversationID: id, CorrelationID: metadata.CorrelationID, Recordings: metadata.Recordings,
		RestorationsLeft: metadata.RestorationsLeft, Body: metadata.Body,
	}
	if waiting := w.notReady(id, metadata.Recordings); waiting > 0 {
		w.park(id, parked{&notReadyError{waiting}, &known})
		return nil
	}
	return w.note(ctx, known)
}

// enter passes the gate of the lane. A conversation that has failed while others
// succeeded passes that of the lane Isolated, so that no other waits while it fails again.
func (w *metadataWork) enter(ctx context.Context, id string) (*transfer.Permit, error) {
	if w.gates.Suspects(w.gate, id) {
		return w.gates.Acquire(ctx, w.aside, w.asideLimit)
	}
	return w.gates.Acquire(ctx, w.gate, w.limit)
}

// notReady counts the recordings of a conversation that are waited for here: those
// that are being uploaded or restored, in the lane Isolated. A restoration that the
// export asks for is waited for by the next step.
func (w *metadataWork) notReady(id string, recordings []genesys.Recording) int {
	if !w.isolated() {
		return 0
	}
	inventory := evidence.TakeInventory(w.policy, w.slice.Lane, w.conversation(id), func(string) evidence.Metadata {
		return evidence.Metadata{Recordings: recordings}
	})
	n := 0
	for _, r := range inventory.Recordings {
		returns := w.policy.Restores && mayReturn(r)
		if r.Reason == evidence.ReasonNotReady && !returns {
			n++
		}
	}
	return n
}

// conversation is a conversation of the slice, alone.
func (w *metadataWork) conversation(id string) []evidence.Conversation {
	for _, c := range w.slice.Conversations {
		if c.ID == id {
			return []evidence.Conversation{c}
		}
	}
	return nil
}

// failed decides what a failure means: that there is nothing to be learned, that
// all must wait, or that this conversation is asked for again later.
func (w *metadataWork) failed(ctx context.Context, id string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch {
	case !transfer.AboutItem(err):
		w.stop.Store(true)
		return err
	case genesys.KindOf(err) == genesys.KindNotFound:
		w.gates.Record(w.gate, id, nil) // an answer like any other
		return w.note(ctx, artifacts.Metadata{ConversationID: id, Reason: evidence.ReasonConversationNotFound, Detail: err.Error()})
	default:
		w.gates.Record(w.gate, id, err)
		w.park(id, parked{why: err})
		return nil
	}
}

func (w *metadataWork) park(id string, p parked) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.parked[id] = p
}

// settle decides on each parked conversation, in the order of their ids, and reports
// those that are asked for again.
func (w *metadataWork) settle(ctx context.Context, try transfer.Try) error {
	left := &parkedError{isolated: w.isolated()}
	for _, id := range slices.Sorted(maps.Keys(w.parked)) {
		p := w.parked[id]
		end := w.decide(id, p, try.Last)
		if end == nil {
			left.add(p.why)
			continue
		}
		if err := w.note(ctx, *end); err != nil {
			return err
		}
	}
	if left.count == 0 {
		return nil
	}
	return left
}

// decide returns what is noted of a parked conversation, nil if it is asked for
// again. One that was unavailable before a retry stays in its lane, which accounts for
// it, and one of which recordings were stays if the service was bad to the end.
func (w *metadataWork) decide(id string, p parked, last bool) *artifacts.Metadata {
	stays, bad := w.isolated(), w.gates.Blames(w.gate, id)
	for _, c := range w.conversation(id) {
		stays = stays || c.Retried || len(c.Only) > 0 && !bad
	}
	switch {
	case !stays && (last || bad):
		return &artifacts.Metadata{
			ConversationID: id, Reason: evidence.ReasonMovedToIsolated, Detail: p.why.Error(), Late: !bad,
		}
	case !last:
		return nil
	case p.known != nil:
		return p.known
	default:
		return &artifacts.Metadata{ConversationID: id, Reason: evidence.ReasonMetadataUnreadable, Detail: p.why.Error()}
	}
}

func (w *metadataWork) note(ctx context.Context, m artifacts.Metadata) error {
	m.Stamp = artifacts.NewStamp(w.clock.Now(), w.actor)
	_, err := artifacts.Put(ctx, w.store, artifacts.MetadataKey(w.slice.Group, m.ConversationID), m)
	return err
}
