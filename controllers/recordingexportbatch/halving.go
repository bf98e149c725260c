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

// asked is a recording that is to be requested, in a request for no more than most
// recordings; 0 is no bound.
type asked struct {
	genesys.RecordingRef
	most int
}

// whole asks for recordings without a bound of their own.
func whole(refs []genesys.RecordingRef) []asked {
	all := make([]asked, len(refs))
	for i, ref := range refs {
		all[i].RecordingRef = ref
	}
	return all
}

// request requests recordings, but for those that have been requested in this
// round already, or are set aside, and returns those that it requested, well or
// badly: as many as can be fetched before their addresses expire. Rounds count from 0.
// A request that fails because of one of its recordings is cut in halves until that one
// stands alone.
func (q requester) request(ctx context.Context, try transfer.Try, round int, wanted []asked) ([]genesys.RecordingRef, error) {
	h := halving{requester: q, round: round, try: try}
	chunks, err := h.begin(ctx, wanted)
	if err != nil {
		return nil, err
	}
	for _, chunk := range chunks {
		if err := h.ask(ctx, chunk); err != nil {
			return slices.Concat(chunks...), h.refused(err)
		}
	}
	return slices.Concat(chunks...), h.refused(h.left)
}

// refused is what it means that recordings are to be requested again. If those that
// were refused before have closed the gate, they have been asked for all the same.
func (h *halving) refused(err error) error {
	if errors.Is(err, transfer.ErrClosed) && h.last != nil {
		err = h.last
	}
	if !transfer.AboutItem(err) {
		return err
	}
	return &retriedError{says: "requesting recordings again", reason: v1alpha1.ReasonRecordingsPending, last: err, isolated: h.isolated}
}

// halving requests recordings in one round of requests.
type halving struct {
	requester
	round int
	try   transfer.Try
	// next is the number of the round's next request.
	next int
	// passed tells whether any request was accepted, misses counts those that were
	// not before.
	passed bool
	misses int
	// last is how the last request failed in this round, nil if none has.
	last error
	// left is why a recording that stands alone is to be requested again, nil if none is.
	left error
}

// begin reads what has been requested in the round, and cuts what is left into requests.
func (h *halving) begin(ctx context.Context, wanted []asked) ([][]genesys.RecordingRef, error) {
	var now facts
	if err := now.observeRequests(ctx, h.store, h.batch); err != nil {
		return nil, err
	}
	before := slices.DeleteFunc(now.requests, func(r artifacts.Request) bool { return r.Try != h.round })
	h.next = len(before)
	h.passed = len(before) > 0
	open := map[genesys.RecordingRef]bool{}
	refs := make([]genesys.RecordingRef, len(wanted))
	for i, a := range wanted {
		refs[i] = a.RecordingRef
	}
	for _, ref := range without(refs, before, now.aside) {
		open[ref] = true
	}
	wanted = slices.DeleteFunc(slices.Clone(wanted), func(a asked) bool { return !open[a.RecordingRef] })
	room, _ := h.addresses.Capacity(h.mediaGate)
	return chunks(wanted[:min(room, len(wanted))], min(room, h.most)), nil
}

// chunks cuts recordings into requests of at most so many, those with a bound of
// their own apart from the others.
func chunks(wanted []asked, most int) [][]genesys.RecordingRef {
	slices.SortStableFunc(wanted, func(a, b asked) int { return cmp.Compare(a.most, b.most) })
	var out [][]genesys.RecordingRef
	for i, a := range wanted {
		bound := most
		if a.most > 0 {
			bound = min(most, a.most)
		}
		if n := len(out); n > 0 && wanted[i-1].most == a.most && len(out[n-1]) < bound {
			out[n-1] = append(out[n-1], a.RecordingRef)
			continue
		}
		out = append(out, []genesys.RecordingRef{a.RecordingRef})
	}
	return out
}

// ask requests a chunk, and cuts it in halves for as long as it fails, the larger
// parts first. The error is one that concerns every recording.
func (h *halving) ask(ctx context.Context, chunk []genesys.RecordingRef) error {
	for parts := [][]genesys.RecordingRef{chunk}; len(parts) > 0; {
		part := parts[0]
		parts = parts[1:]
		err := h.post(ctx, part)
		switch {
		case err == nil:
			h.passed = true
			continue
		case !transfer.AboutItem(err), ctx.Err() != nil:
			return err
		}
		h.last = err
		if len(part) == 1 {
			if err := h.alone(ctx, part[0], err); err != nil {
				return err
			}
			continue
		}
		if h.misses++; !h.mayCut(err) {
			return err
		}
		middle := len(part) / 2
		parts = append(parts, part[:middle], part[middle:])
	}
	return nil
}

// mayCut tells whether a request that failed is worth being cut in halves: at once
// if it is refused as it stands, else once it has failed in a few attempts. As long
// as no request at all is accepted it may be the service that is bad: then each
// attempt makes few requests, and the next one a few more.
func (h *halving) mayCut(err error) bool {
	switch {
	case h.try.Last, h.passed && refusedAsItStands(err):
		return true
	case refusedAsItStands(err):
		return h.misses <= 2<<min(h.try.Failures+1, 4)
	case h.try.Failures < 2:
		return false
	default:
		return h.passed || h.misses <= 2<<min(h.try.Failures-2, 4)
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

// alone decides on a recording that is refused in a request of its own: it leaves
// the batch if others are accepted, and is requested again otherwise, until the
// patience is used up.
func (h *halving) alone(ctx context.Context, ref genesys.RecordingRef, why error) error {
	h.gates.Record(h.gate, ref.RecordingID, why)
	bad := refusedAsItStands(why) && h.passed || h.gates.Blames(h.gate, ref.RecordingID)
	switch {
	case bad && !h.isolated:
		return h.setAside(ctx, ref, evidence.ReasonMovedToIsolated, why.Error())
	case h.try.Last:
		return h.setAside(ctx, ref, evidence.ReasonRefused, why.Error())
	default:
		h.left = why
		return nil
	}
}

// post makes one request and notes it down.
func (h *halving) post(ctx context.Context, refs []genesys.RecordingRef) error {
	pass, err := h.gates.Acquire(ctx, h.gate, h.limit)
	if err != nil {
		return err
	}
	defer pass.Drop()
	ticket, err := h.cloud.RequestBatch(ctx, refs, genesys.Timeout(h.try.Failures))
	pass.Release(err)
	if err != nil {
		return err
	}
	h.gates.Record(h.gate, ticket.ID, nil)
	request := artifacts.Request{Stamp: artifacts.NewStamp(h.clock.Now(), h.actor), Ticket: ticket, Try: h.round, Refs: refs}
	for {
		stored, err := artifacts.Put(ctx, h.store, artifacts.RequestKey(h.batch, h.round, h.next), request)
		if err != nil {
			return err
		}
		h.next++
		h.try.Progress()
		if stored.Ticket == ticket {
			return nil
		}
	}
}
