package recordingexportbatch

import (
	"context"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// remainders makes deliverers of batches with bulk jobs, and those of downloads for all others.
type remainders struct{ downloads }

func (f remainders) deliverer(b *connectedBatch, contents batchContents) deliverer {
	all := f.newDownloader(b, contents)
	if b.bulkJobs() == nil {
		return all
	}
	return &remainder{downloader: all, references: &b.references, contents: contents, wanted: all.wanted}
}

// remainder downloads the recordings of a batch that bulk jobs did not export.
type remainder struct {
	*downloader
	references *references
	contents   batchContents
	// wanted are all recordings that the batch wants.
	wanted []genesys.RecordingRef
	// exported are the files of those that bulk jobs have exported.
	exported map[genesys.RecordingRef][]artifacts.StoredFile
}

// leaveOutExported has the downloader leave out what bulk jobs have exported, and suspect what they could
// not export.
func (r *remainder) leaveOutExported(ctx context.Context) (err error) {
	if r.exported, err = readBulkFiles(ctx, r.store, r.batch); err != nil {
		return err
	}
	record, err := readBulkRecord(ctx, r.store, r.batch)
	if err != nil {
		return err
	}
	first, err := artifacts.Get[artifacts.Inventory](ctx, r.store, artifacts.InventoryKey(r.batch))
	if err != nil {
		return err
	}
	if len(r.exported) > 0 {
		record.suspect(newBulkPlan(r.references, first.Inventory, r.contents), r.suspects)
	}
	r.downloader.wanted = slices.DeleteFunc(slices.Clone(r.wanted), func(ref genesys.RecordingRef) bool { return len(r.exported[ref]) > 0 })
	return nil
}

// request requests the other recordings.
func (r *remainder) request(ctx context.Context, try transfer.Try) error {
	if err := r.leaveOutExported(ctx); err != nil || len(r.downloader.wanted) == 0 {
		return err
	}
	return r.downloader.request(ctx, try)
}

// deliver downloads the other recordings.
func (r *remainder) deliver(ctx context.Context, try transfer.Try) error {
	if err := r.leaveOutExported(ctx); err != nil || len(r.downloader.wanted) == 0 {
		return err
	}
	return r.downloader.deliver(ctx, try)
}

// finish closes the bag, and adds the recordings that bulk jobs exported to the outcomes.
func (r *remainder) finish(ctx context.Context) (map[genesys.RecordingRef]evidence.Outcome, error) {
	if err := r.closeBag(ctx); err != nil {
		return nil, err
	}
	if err := r.leaveOutExported(ctx); err != nil {
		return nil, err
	}
	outcomes, err := r.downloader.finish(ctx)
	if err != nil {
		return nil, err
	}
	for _, ref := range r.wanted {
		if n := len(r.exported[ref]); n > 0 {
			outcomes[ref] = evidence.Outcome{Files: n}
		}
	}
	return outcomes, nil
}
