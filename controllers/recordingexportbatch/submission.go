package recordingexportbatch

import (
	"context"
	"slices"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type batchRequester interface {
	RequestBatch(ctx context.Context, refs []genesys.RecordingRef) (genesys.Ticket, error)
	BatchStatus(ctx context.Context, request genesys.Ticket) (genesys.BatchStatus, error)
}

const (
	// maxRequest is the most recordings that one batch request may name (Platform API).
	maxRequest = 100
	// maxScreenRequest keeps requests for held screen recordings short, because
	// an organisation may let result addresses live for two minutes only.
	maxScreenRequest = 10
)

// submit requests every wanted recording. A request that was made twice does no harm.
func (r *Reconciler) submit(_ context.Context, s *scope) (outcome.Outcome, error) {
	if s.facts.outcome != nil || s.facts.submitted() {
		return outcome.Done(), nil
	}
	work := &submissionWork{requester: r.requester(s), wanted: s.facts.inventory.Wanted()}
	return r.do(s, s.batch.Spec.Lane, loop.Task{
		Key: s.batch.Name + "/submission", Work: work.run, Reason: v1alpha1.ReasonSubmitting, Message: "requesting the recordings",
	}), nil
}

// submitted tells whether every wanted recording has been requested once.
func (f *facts) submitted() bool {
	requested := map[genesys.RecordingRef]bool{}
	for _, request := range f.requests {
		for _, ref := range request.Refs {
			requested[ref] = true
		}
	}
	return !slices.ContainsFunc(f.inventory.Wanted(), func(ref genesys.RecordingRef) bool { return !requested[ref] })
}

// requester makes batch requests and notes them down.
type requester struct {
	store archive.Store
	cloud batchRequester
	clock clock.PassiveClock
	actor string
	gates *transfer.Gates
	gate  transfer.Gate
	limit int
	batch string
	// size is the most recordings in a request.
	size int
}

func (r *Reconciler) requester(s *scope) requester {
	lane := s.batch.Spec.Lane
	size := maxRequest
	if lane == v1alpha1.LaneLegalHoldScreen {
		size = maxScreenRequest
	}
	return requester{
		store: s.store, cloud: s.cloud, clock: r.Clock, actor: r.Actor, gates: r.Gates,
		gate: s.gate(lane, "batchrequests"), limit: exportspec.Parallelism(s.export.Spec, lane),
		batch: s.batch.Name, size: size,
	}
}

// request requests recordings, but for those chunks that have been requested in
// this try already. Tries count from 0.
func (q requester) request(ctx context.Context, try int, refs []genesys.RecordingRef) error {
	n := 0
	for chunk := range slices.Chunk(refs, q.size) {
		key := artifacts.RequestKey(q.batch, try, n)
		n++
		if there, err := artifacts.Exists(ctx, q.store, key); err != nil || there {
			if err != nil {
				return err
			}
			continue
		}
		if err := q.requestChunk(ctx, key, try, chunk); err != nil {
			return err
		}
	}
	return nil
}

func (q requester) requestChunk(ctx context.Context, key string, try int, refs []genesys.RecordingRef) error {
	pass, err := q.gates.Enter(ctx, q.gate, q.limit)
	if err != nil {
		return err
	}
	defer pass.Drop()
	ticket, err := q.cloud.RequestBatch(ctx, refs)
	pass.Leave(err)
	if err != nil {
		return err
	}
	_, err = artifacts.Put(ctx, q.store, key, artifacts.Request{
		Stamp: artifacts.NewStamp(q.clock.Now(), q.actor), Ticket: ticket, Try: try, Refs: refs,
	})
	return err
}

// submissionWork requests a slice's recordings.
type submissionWork struct {
	requester
	wanted []genesys.RecordingRef
}

func (w *submissionWork) run(ctx context.Context, _ int) error { return w.request(ctx, 0, w.wanted) }
