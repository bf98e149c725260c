package recordingexportbatch

import (
	"context"
	"time"

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
	RequestBatch(ctx context.Context, refs []genesys.RecordingRef, timeout time.Duration) (genesys.Ticket, error)
	BatchStatus(ctx context.Context, request genesys.Ticket) (genesys.BatchStatus, error)
}

const (
	// maxRequest is the most recordings that one batch request may name (Platform API).
	maxRequest = 100
	// maxScreenRequest keeps requests for held screen recordings short: they are the
	// media that take longest.
	maxScreenRequest = 10
)

// requestRecordings requests every wanted recording, or as many as can be fetched in time: the
// others are requested as these come. A request that is made twice does no harm.
func (r *Reconciler) requestRecordings(_ context.Context, s *scope) (outcome.Outcome, error) {
	if s.state.outcome != nil || s.state.allRequested() {
		return outcome.Done(), nil
	}
	work := &submissionWork{requester: r.requester(s), wanted: s.state.inventory.Wanted()}
	if _, unlimited := r.Addresses.Capacity(work.mediaGate); !unlimited && len(s.state.requests) > 0 {
		return outcome.Done(), nil
	}
	return r.runWork(s, s.batch.Spec.Lane, v1alpha1.StepSubmission, loop.Task{
		Key: s.batch.Name + "/submission", Work: work.run, Reason: v1alpha1.ReasonSubmitting, Message: "requesting the recordings",
	}), nil
}

// allRequested tells whether every wanted recording has been requested once, or is
// not requested any more.
func (f *batchState) allRequested() bool {
	return len(notNamed(f.inventory.Wanted(), f.requests, f.setAside)) == 0
}

// notNamed leaves out the recordings that are named by requests or set aside.
func notNamed(refs []genesys.RecordingRef, requests []artifacts.Request, aside []artifacts.SetAside) []genesys.RecordingRef {
	named := map[genesys.RecordingRef]bool{}
	for _, request := range requests {
		for _, ref := range request.Refs {
			named[ref] = true
		}
	}
	for _, a := range aside {
		named[a.RecordingRef] = true
	}
	var left []genesys.RecordingRef
	for _, ref := range refs {
		if !named[ref] {
			left = append(left, ref)
		}
	}
	return left
}

// requester makes batch requests and notes them down.
type requester struct {
	store    archive.Store
	cloud    batchRequester
	clock    clock.PassiveClock
	instance string
	gates    *transfer.Gates
	// gate is that of batch requests, mediaGate that of what they give.
	gate      transfer.Gate
	mediaGate transfer.Gate
	addresses *transfer.Addresses
	limit     int
	batch     string
	// maxPerRequest is the most recordings in a request.
	maxPerRequest int
	// isolated tells that the batch is of the lane Isolated.
	isolated bool
}

func (r *Reconciler) requester(s *scope) requester {
	lane := s.batch.Spec.Lane
	most := maxRequest
	if lane == v1alpha1.LaneLegalHoldScreen {
		most = maxScreenRequest
	}
	return requester{
		store: s.store, cloud: s.cloud, clock: r.Clock, instance: r.InstanceID, gates: r.Gates, addresses: r.Addresses,
		gate: s.gate(lane, "batchrequests"), mediaGate: s.gate(lane, "media"), limit: exportspec.Parallelism(s.export.Spec, lane),
		batch: s.batch.Name, maxPerRequest: most, isolated: lane == v1alpha1.LaneIsolated,
	}
}

// setAside notes that a recording is not requested any more, and why.
func (q requester) setAside(ctx context.Context, ref genesys.RecordingRef, reason, detail string) error {
	_, err := artifacts.Put(ctx, q.store, artifacts.SetAsideKey(q.batch, ref), artifacts.SetAside{
		Stamp: artifacts.NewStamp(q.clock.Now(), q.instance), RecordingRef: ref, Reason: reason, Detail: detail,
	})
	return err
}

// submissionWork requests a slice's recordings.
type submissionWork struct {
	requester
	wanted []genesys.RecordingRef
}

func (w *submissionWork) run(ctx context.Context, try transfer.Try) error {
	_, err := w.requestAll(ctx, try, 0, unboundedItems(w.wanted))
	return err
}
