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

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// attemptsPerTimeout is how many attempts in a row have the same time-out, except in the lane
// Isolated. So many failures show that a conversation is bad.
const attemptsPerTimeout = 3

// metadataWork fetches the metadata of one slice's conversations, and then their legal holds.
//
// A conversation that fails is retried after all the others. If it keeps failing while others
// succeed it is isolated: it leaves the slice and comes in one of the lane Isolated, where it
// is retried until the deadline is used up.
type metadataWork struct {
	recorder
	cloud    metadataSource
	retrier  transfer.Retrier
	requests route
	// isolatedRequests is the route of the lane Isolated. Retries of a suspected conversation
	// take it.
	isolatedRequests route
	slice            artifacts.Slice
	counters         counters
	policy           evidence.Policy

	// stop is set once an error concerns every conversation.
	stop   atomic.Bool
	mu     sync.Mutex
	failed map[string]failedConversation
}

// failedConversation is a conversation that is to be retried.
type failedConversation struct {
	why error
	// known is the metadata to record if nothing better comes: it lists recordings that are
	// not ready yet.
	known *artifacts.Metadata
}

func (w *metadataWork) isIsolated() bool { return w.slice.Lane == slicing.Isolated }

// fetchAll requests the metadata of each conversation that has none, once, and then the legal
// holds.
func (w *metadataWork) fetchAll(ctx context.Context, try transfer.Try) error {
	missing, err := missingMetadata(ctx, w.store, w.slice)
	if err != nil {
		return err
	}
	w.failed = map[string]failedConversation{}
	w.stop.Store(false)
	var group errgroup.Group
	group.SetLimit(w.requests.limit)
	for _, id := range missing {
		group.Go(func() error {
			defer try.Progress()
			return w.fetchConversation(ctx, id, w.timeout(try))
		})
	}
	err = group.Wait()
	// Conversations that blocked the gate in this attempt were requested: their failure counts
	// and not that of the gate.
	blocked := errors.Is(err, transfer.ErrBlocked) && len(w.failed) > 0
	if err != nil && !blocked {
		return err
	}
	if err := cmp.Or(w.decideRetries(ctx, try), err); err != nil {
		return err
	}
	return w.queryHolds(ctx, try)
}

// timeout returns how long an answer may take in an attempt.
func (w *metadataWork) timeout(try transfer.Try) time.Duration {
	n := try.Failures / attemptsPerTimeout
	if w.isIsolated() {
		n = try.Failures
	}
	return genesys.Timeout(n)
}

// fetchConversation requests the metadata of one conversation, unless an error that concerns
// every conversation has come meanwhile.
func (w *metadataWork) fetchConversation(ctx context.Context, id string, timeout time.Duration) error {
	permit, err := w.acquireGate(ctx, id)
	if err != nil {
		return err
	}
	defer permit.Drop()
	if w.stop.Load() {
		return nil
	}
	metadata, err := w.cloud.RecordingMetadata(ctx, id, timeout)
	permit.Release(err)
	if err != nil {
		return w.handleFailure(ctx, id, err)
	}
	w.requests.record(id, nil)
	known := artifacts.Metadata{
		ConversationID: id, CorrelationID: metadata.CorrelationID, Recordings: metadata.Recordings,
		RestorationsLeft: metadata.RestorationsLeft, Body: metadata.Body,
	}
	if waiting := w.countNotReady(id, metadata.Recordings); waiting > 0 {
		w.retryLater(id, failedConversation{&notReadyError{waiting}, &known})
		return nil
	}
	return w.recordMetadata(ctx, known)
}

// acquireGate passes the gate of the lane. A conversation that has failed while others
// succeeded passes the gate of the lane Isolated, so that it does not delay others when it
// fails again.
func (w *metadataWork) acquireGate(ctx context.Context, id string) (*transfer.Permit, error) {
	if w.requests.mayBeBad(id) {
		return w.isolatedRequests.acquire(ctx)
	}
	return w.requests.acquire(ctx)
}

// countNotReady counts the recordings of a conversation that this step waits for: in the lane
// Isolated, those that are being uploaded or restored. A restoration that the export requests
// is waited for by the restoration step.
func (w *metadataWork) countNotReady(id string, recordings []genesys.Recording) int {
	if !w.isIsolated() {
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

// conversation returns one conversation of the slice.
func (w *metadataWork) conversation(id string) []evidence.Conversation {
	for _, c := range w.slice.Conversations {
		if c.ID == id {
			return []evidence.Conversation{c}
		}
	}
	return nil
}

// handleFailure decides what a failure means: the conversation does not exist, all
// conversations must wait, or this one is retried later.
func (w *metadataWork) handleFailure(ctx context.Context, id string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch {
	case !genesys.AboutItem(err):
		w.stop.Store(true)
		return err
	case genesys.KindOf(err) == genesys.KindNotFound:
		w.requests.record(id, nil) // an answer like any other
		return w.recordMetadata(ctx, artifacts.Metadata{ConversationID: id, Reason: evidence.ReasonConversationNotFound, Detail: err.Error()})
	default:
		w.requests.record(id, err)
		w.retryLater(id, failedConversation{why: err})
		return nil
	}
}

func (w *metadataWork) retryLater(id string, p failedConversation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed[id] = p
}

// decideRetries decides about each failed conversation, in the order of their ids. The error
// names those that are retried.
func (w *metadataWork) decideRetries(ctx context.Context, try transfer.Try) error {
	left := &metadataRetryError{isolated: w.isIsolated()}
	for _, id := range slices.Sorted(maps.Keys(w.failed)) {
		p := w.failed[id]
		end := w.decide(id, p, try.Last)
		if end == nil {
			left.addFailure(p.why)
			continue
		}
		if err := w.recordMetadata(ctx, *end); err != nil {
			return err
		}
	}
	if left.count == 0 {
		return nil
	}
	return left
}

// decide returns what to record about a failed conversation, nil if it is retried. A
// conversation that was unavailable before a retry of the export stays in its lane, which
// accounts for it. So does one of which single recordings are retried, if the service was
// failing until the deadline.
func (w *metadataWork) decide(id string, p failedConversation, last bool) *artifacts.Metadata {
	stays, bad := w.isIsolated(), w.requests.isBad(id)
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

func (w *metadataWork) recordMetadata(ctx context.Context, m artifacts.Metadata) error {
	m.Stamp = w.stamp()
	_, err := artifacts.Put(ctx, w.store, artifacts.MetadataKey(w.slice.Group, m.ConversationID), m)
	if err == nil {
		w.counters.metadataRecorded(w.slice.Group)
	}
	return err
}
