package recordingexportbatch

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// splitAfterFailures is how many attempts must have failed before a request that fails for a
// reason that may change is split because of that.
const splitAfterFailures = 3

// requestItem is a recording to request, in a request for at most bound recordings; 0 means no
// bound.
type requestItem struct {
	genesys.RecordingRef
	bound int
}

// unboundedItems returns the recordings as items without a bound.
func unboundedItems(refs []genesys.RecordingRef) []requestItem {
	all := make([]requestItem, len(refs))
	for i, ref := range refs {
		all[i].RecordingRef = ref
	}
	return all
}

// requestAll requests the recordings that are neither set aside nor requested in this round
// already, as many as can be fetched before their addresses expire. Rounds count from 0. It
// returns the recordings that it requested, whether or not the requests were accepted. A
// request that fails because of one of its recordings is split in halves until that recording
// is alone.
func (r requester) requestAll(ctx context.Context, try transfer.Try, round int, wanted []requestItem) ([]genesys.RecordingRef, error) {
	h := requestSplitter{requester: r, round: round, try: try}
	chunks, err := h.nextChunks(ctx, wanted)
	if err != nil {
		return nil, err
	}
	for _, chunk := range chunks {
		if err := h.requestChunk(ctx, chunk); err != nil {
			return slices.Concat(chunks...), h.asRetryError(err)
		}
	}
	return slices.Concat(chunks...), h.asRetryError(h.retryCause)
}

// asRetryError turns an error about single recordings into one that says they are requested
// again. If refused recordings have blocked the gate, their error counts and not that of the
// gate.
func (h *requestSplitter) asRetryError(err error) error {
	if errors.Is(err, transfer.ErrBlocked) && h.lastError != nil {
		err = h.lastError
	}
	if !genesys.AboutItem(err) {
		return err
	}
	return &retryError{action: "requesting recordings again", reason: v1alpha1.ReasonRecordingsPending, last: err, isolated: h.isolated}
}

// requestSplitter makes the requests of one attempt in a round and splits those that fail.
type requestSplitter struct {
	requester
	round int
	try   transfer.Try
	// nextRequest is the number of the round's next request.
	nextRequest int
	// accepted tells whether any request was accepted; refusals counts the refused ones before
	// that.
	accepted bool
	refusals int
	// lastError is the error of the last refused request of this attempt, nil if there is none.
	lastError error
	// retryCause is why a recording that was refused alone is requested again, nil if there is
	// none.
	retryCause error
}

// nextChunks reads what this round has requested, and splits the others into requests.
func (h *requestSplitter) nextChunks(ctx context.Context, wanted []requestItem) ([][]genesys.RecordingRef, error) {
	var now batchArtifacts
	if err := now.readRequests(ctx, h.store, h.batch); err != nil {
		return nil, err
	}
	before := slices.DeleteFunc(now.requests, func(r artifacts.Request) bool { return r.Round != h.round })
	h.nextRequest = len(before)
	h.accepted = len(before) > 0
	open := map[genesys.RecordingRef]bool{}
	refs := make([]genesys.RecordingRef, len(wanted))
	for i, a := range wanted {
		refs[i] = a.RecordingRef
	}
	for _, ref := range notNamed(refs, before, now.setAside) {
		open[ref] = true
	}
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(a requestItem) bool { return !open[a.RecordingRef] })
	capacity, _ := h.addresses.Capacity(h.media.gate)
	return splitIntoRequests(wanted[:min(capacity, len(wanted))], min(capacity, h.maxPerRequest)), nil
}

// splitIntoRequests splits recordings into requests for at most maxSize each. Recordings with
// different bounds are in different requests.
func splitIntoRequests(wanted []requestItem, maxSize int) [][]genesys.RecordingRef {
	slices.SortStableFunc(wanted, func(a, b requestItem) int { return cmp.Compare(a.bound, b.bound) })
	var out [][]genesys.RecordingRef
	for i, a := range wanted {
		bound := maxSize
		if a.bound > 0 {
			bound = min(maxSize, a.bound)
		}
		if n := len(out); n > 0 && wanted[i-1].bound == a.bound && len(out[n-1]) < bound {
			out[n-1] = append(out[n-1], a.RecordingRef)
			continue
		}
		out = append(out, []genesys.RecordingRef{a.RecordingRef})
	}
	return out
}

// requestChunk requests a chunk. It splits a chunk that fails in halves, the larger parts
// first. An error that it returns concerns every recording.
func (h *requestSplitter) requestChunk(ctx context.Context, chunk []genesys.RecordingRef) error {
	for parts := [][]genesys.RecordingRef{chunk}; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		err := h.postRequest(ctx, part)
		switch {
		case err == nil:
			h.accepted = true
			continue
		case !genesys.AboutItem(err), ctx.Err() != nil:
			return err
		}
		h.lastError = err
		if len(part) == 1 {
			if err := h.handleSingle(ctx, part[0], err); err != nil {
				return err
			}
			continue
		}
		if h.refusals++; !h.maySplit(err) {
			return err
		}
		middle := len(part) / 2
		parts = append(parts, part[:middle], part[middle:])
	}
	return nil
}

// maySplit tells whether to split a request that failed: at once if the same request would be
// refused again, otherwise after a few failed attempts. While no request is accepted, the
// service itself may be failing: then each attempt makes few requests, and the next attempt a
// few more.
func (h *requestSplitter) maySplit(err error) bool {
	switch {
	case h.try.Last, h.accepted && refusedAsItStands(err):
		return true
	case refusedAsItStands(err):
		return h.refusals <= 2<<min(h.try.Failures+1, 4)
	case h.try.Failures < 2:
		return false
	default:
		return h.accepted || h.refusals <= 2<<min(h.try.Failures-2, 4)
	}
}

// refusedAsItStands tells whether the same request would be refused again.
func refusedAsItStands(err error) bool {
	switch genesys.KindOf(err) {
	case genesys.KindInvalid, genesys.KindNotFound, genesys.KindForbidden:
		return true
	default:
		return false
	}
}

// handleSingle decides about a recording that was refused in a request of its own. It moves to
// the lane Isolated if others are accepted. Otherwise it is requested again until the deadline
// is used up.
func (h *requestSplitter) handleSingle(ctx context.Context, ref genesys.RecordingRef, why error) error {
	h.requests.record(ref.RecordingID, why)
	bad := refusedAsItStands(why) && h.accepted || h.suspects[ref] || h.requests.isBad(ref.RecordingID)
	switch {
	case bad && !h.isolated:
		return h.setAside(ctx, ref, evidence.ReasonMovedToIsolated, why.Error())
	case h.try.Last:
		return h.setAside(ctx, ref, evidence.ReasonRefused, why.Error())
	default:
		h.retryCause = why
		return nil
	}
}

// postRequest makes one request and records it, if the archive still belongs to this cluster.
func (h *requestSplitter) postRequest(ctx context.Context, refs []genesys.RecordingRef) error {
	if err := h.owner.verify(ctx); err != nil { // an archive that hangs must not keep a permit
		return err
	}
	permit, err := h.requests.acquire(ctx)
	if err != nil {
		return err
	}
	defer permit.Drop()
	ticket, err := h.cloud.RequestBatch(ctx, refs, genesys.Timeout(h.try.Failures))
	permit.Release(err)
	if err != nil {
		return err
	}
	h.requests.record(ticket.ID, nil)
	request := artifacts.Request{Stamp: h.stamp(), Ticket: ticket, Round: h.round, Refs: refs}
	for {
		stored, err := artifacts.Put(ctx, h.store, artifacts.RequestKey(h.batch, h.round, h.nextRequest), request)
		if err != nil {
			return err
		}
		h.nextRequest++
		if stored.Ticket == ticket {
			return nil
		}
	}
}
