package recordingexportbatch

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// downloads makes what downloads recordings into the bag of a batch.
type downloads struct {
	process
	owner     archiveOwner
	gates     *transfer.Gates
	addresses *transfer.Addresses
	intervals Intervals
	work      batchWork
}

// requestsLater is so if the addresses of recordings expire so early that not all recordings
// can be requested at a time.
func (f downloads) requestsLater(b *connectedBatch) bool {
	_, unlimited := f.addresses.Capacity(b.route(f.gates, b.batch.Spec.Lane, "media").gate)
	return !unlimited
}

func (f downloads) newDownloader(b *connectedBatch, contents batchContents) *downloader {
	lane := b.batch.Spec.Lane
	maxPerRequest := maxRequest
	if lane == v1alpha1.LaneLegalHoldScreen {
		maxPerRequest = maxScreenRequest
	}
	into := bagTransfer{
		recorder: recorder{f.process, heldStore(b.store, b.batch.Name, contents.inventory.Inventory)}, batch: b.batch.Name, cloud: b.cloud,
		media: b.route(f.gates, lane, "media"), addresses: f.addresses, isolated: lane == v1alpha1.LaneIsolated,
		suspects: map[genesys.RecordingRef]bool{},
	}
	return &downloader{
		bagTransfer: into,
		requester: requester{
			bagTransfer: into, owner: f.owner.verifier(b.resolvedBatch), requests: b.route(f.gates, lane, "batchrequests"), maxPerRequest: maxPerRequest,
		},
		follower: requestFollower{
			bagTransfer: into, source: b.cloud, polls: b.route(f.gates, lane, "batchstatus"), space: b.space, counters: f.work.countersOf(b.loadedBatch),
			intervals: f.intervals.limitedTo(exportspec.RetryDeadline(b.export.Spec)),
		},
		wanted: contents.inventory.Wanted(), formerBatch: contents.slice.From,
	}
}

// downloader downloads the wanted recordings of a batch into its bag.
type downloader struct {
	bagTransfer
	requester requester
	follower  requestFollower
	wanted    []genesys.RecordingRef
	// formerBatch is the batch that the recordings were in before they were isolated, empty
	// if they were in none.
	formerBatch string
	// nextRound is the number of the next round.
	nextRound int
}

// request begins the first round.
func (d *downloader) request(ctx context.Context, try transfer.Try) error {
	_, err := d.requester.requestAll(ctx, try, 0, unboundedItems(d.wanted))
	return err
}

// deliver downloads every wanted recording. Its error says what is outstanding. Recordings that
// keep failing while others arrive leave the batch. Once the bag is closed there is nothing to
// download.
func (d *downloader) deliver(ctx context.Context, try transfer.Try) error {
	d.follower.try = try
	if closed, err := d.isBagClosed(ctx); closed || err != nil {
		return err
	}
	for r := newRequestLoop(); ; {
		wanted, err := d.followPending(ctx, r)
		if err != nil {
			return err
		}
		next, err := r.nextToRequest(wanted, try)
		if err != nil || len(next) == 0 {
			return err
		}
		asked, err := d.requester.requestAll(ctx, try, d.nextRound, next.requestItems())
		r.requested.add(asked)
		if err != nil && !errors.As(err, &r.refused) {
			return err
		}
	}
}

// finish closes the bag and adopts the files in it that have no record.
func (d *downloader) finish(ctx context.Context) (map[genesys.RecordingRef]evidence.Outcome, error) {
	if err := d.closeBag(ctx); err != nil {
		return nil, err
	}
	wanted, _, err := d.readRecordings(ctx)
	if err != nil {
		return nil, err
	}
	for _, recording := range wanted {
		if err := d.follower.adoptUnrecorded(ctx, recording); err != nil {
			return nil, err
		}
	}
	return wanted.outcomes(), nil
}

// closeBag makes sure that no process stores a recording in the bag any more. A former leader
// that was stopped before the last step of a write fails when it continues. Closing is
// recorded first, so that a process that begins a write afterwards sees it.
func (d *downloader) closeBag(ctx context.Context) error {
	if _, err := artifacts.Put(ctx, d.store, artifacts.ClosingKey(d.batch), artifacts.Closing{Stamp: d.stamp()}); err != nil {
		return err
	}
	return d.store.Remove(ctx, archive.ScratchOf(evidence.BagFolder(d.batch)))
}

// followPending fetches the results of the requests made so far.
func (d *downloader) followPending(ctx context.Context, r *requestLoop) (recordingStates, error) {
	wanted, open, err := d.readRecordings(ctx)
	if err != nil {
		return nil, err
	}
	for _, request := range open {
		r.requested.add(request.Refs)
	}
	if err := d.followRequests(ctx, open); err != nil {
		return nil, err
	}
	return wanted, d.isolateFailing(ctx, wanted)
}

// maxFollowed is how many requests of a batch are followed at the same time. Their downloads
// pass the gates anyway.
const maxFollowed = 16

// followRequests follows requests until each has given all its results.
func (d *downloader) followRequests(ctx context.Context, requests []pendingRequest) error {
	var group errgroup.Group
	group.SetLimit(maxFollowed)
	for _, request := range requests {
		group.Go(func() error { return d.follower.followRequest(ctx, request) })
	}
	return group.Wait()
}

// isolateFailing sets aside the recordings that keep failing while others arrive: they move to
// the lane Isolated.
func (d *downloader) isolateFailing(ctx context.Context, wanted recordingStates) error {
	for _, recording := range wanted.outstanding() {
		why := recording.failure()
		if d.isolated || why == nil || !d.suspects[recording.RecordingRef] && !d.media.isBad(recording.RecordingID) {
			continue
		}
		if err := d.setAside(ctx, recording.RecordingRef, evidence.ReasonMovedToIsolated, why.Error()); err != nil {
			return err
		}
		recording.setAsideReason, recording.setAsideDetail = evidence.ReasonMovedToIsolated, why.Error()
	}
	return nil
}
