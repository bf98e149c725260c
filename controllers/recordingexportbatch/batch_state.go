package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// Intervals is how often things are looked at.
type Intervals struct {
	// Retry is before another look after an error outside the pools.
	Retry time.Duration
	// StepTimeout is how long a look at a batch is waited for; 0 is without end.
	StepTimeout time.Duration
	// FirstPoll is before each of the first two looks at a batch request; from
	// then on the wait grows up to LastPoll.
	FirstPoll, LastPoll time.Duration
	// Missing is how long a batch request that has given all it expects to give
	// is waited for when that is less than what was asked for.
	Missing time.Duration
	// NoProgress is how long a batch request that does not progress is waited for, at most.
	NoProgress time.Duration
}

// DefaultIntervals is what the manager uses.
func DefaultIntervals() Intervals {
	return Intervals{
		Retry: 10 * time.Second, StepTimeout: 90 * time.Second, FirstPoll: time.Second, LastPoll: 15 * time.Second,
		Missing: time.Minute, NoProgress: 10 * time.Minute,
	}
}

// limitedTo has requests that do not progress be waited for so briefly that maxTries of
// them end within a deadline, though each for as long as Missing.
func (p Intervals) limitedTo(deadline time.Duration) Intervals {
	p.NoProgress = max(p.Missing, min(p.NoProgress, deadline/maxTries))
	return p
}

// scope is what one look at a batch sees.
type scope struct {
	batch        *v1alpha1.RecordingExportBatch
	export       v1alpha1.RecordingExport
	destination  v1alpha1.ExportDestination
	store        archive.Store
	cloud        Cloud
	metadata     metadataSource
	organization string
	location     string
	signer       func(context.Context) (*signing.Signer, error)
	// minFree is how many bytes transfers leave free at the destination.
	minFree int64
	// reserve reserves so many bytes of what the batch's namespace may take; it may be nil.
	reserve func(bytes int64) (*usage.Reservation, error)
	state   batchState
	// retry is how the step in progress is retried, nil if it has not failed.
	retry *v1alpha1.RetryStatus
	// loaded tells whether facts were gathered, worked whether the look got to the work
	// of a step.
	loaded, worked bool
}

// batchState are what the archive proves of a batch.
type batchState struct {
	slice artifacts.Slice
	// missingMetadata are conversations whose metadata is still to be fetched.
	missingMetadata []string
	// inventory is nil until the metadata is complete.
	inventory *evidence.Inventory
	// split tells that the batch is too large, and others hold its halves.
	split    bool
	requests []artifacts.Request
	setAside []artifacts.SetAside
	files    []artifacts.StoredFile
	// outcome is nil until every wanted recording has its last disposition.
	outcome *evidence.Inventory
	// sealed is nil until the bag is sealed.
	sealed *evidence.Summary
	// retentionChanged are the recordings of which another date than the archive date
	// changed while they were restored.
	retentionChanged []evidence.Restoration
}

// keyPrefix begins the keys of all work for the batch's export.
func (s *scope) keyPrefix() string {
	return s.batch.Namespace + "/" + s.batch.Spec.ExportRef.Name + "/"
}

// gate is where requests of one kind wait.
func (s *scope) gate(lane v1alpha1.Lane, route string) transfer.Gate {
	return transfer.Gate{Namespace: s.batch.Namespace, Organization: s.organization, Lane: string(lane), Route: route}
}

// share says for whom requests of a lane are made.
func (s *scope) share(lane v1alpha1.Lane) genesys.Share {
	return exportspec.LaneShare(client.ObjectKeyFromObject(&s.export), lane)
}

func (s *scope) space() freeSpace { return freeSpace{s.store, s.minFree, s.reserve} }

// loadState gathers the facts.
func (r *Reconciler) loadState(ctx context.Context, s *scope) (outcome.Outcome, error) {
	err := s.readState(ctx)
	s.loaded = err == nil
	return outcome.Done(), err
}

func (s *scope) readState(ctx context.Context) error {
	sealed, err := readSealed(ctx, s.store, s.batch.Name)
	if err != nil {
		return err
	}
	if sealed != nil {
		s.state.sealed, s.state.retentionChanged = sealed, sealed.RetentionChanged
		return nil
	}
	s.state.slice, err = artifacts.Get[artifacts.Slice](ctx, s.store, artifacts.SliceKey(s.batch.Name))
	if err != nil {
		return fmt.Errorf("read the batch's conversations: %w", err)
	}
	if s.state.retentionChanged, err = readRetentionChanges(ctx, s); err != nil {
		return err
	}
	inventory, err := artifacts.Get[artifacts.Inventory](ctx, s.store, artifacts.InventoryKey(s.batch.Name))
	if errors.Is(err, fs.ErrNotExist) {
		s.state.missingMetadata, err = missingMetadata(ctx, s.store, s.state.slice)
		return err
	}
	s.state.inventory, s.state.split = &inventory.Inventory, inventory.Split
	if err != nil || inventory.Split {
		return err
	}
	return s.state.readTransfer(ctx, s.store, s.batch.Name)
}

// readRequests gathers what has been requested, and what is not any more.
func (f *batchState) readRequests(ctx context.Context, store archive.Store, batch string) (err error) {
	if f.requests, err = artifacts.All[artifacts.Request](ctx, store, artifacts.RequestFolder(batch)); err != nil {
		return err
	}
	f.setAside, err = artifacts.All[artifacts.SetAside](ctx, store, artifacts.SetAsideFolder(batch))
	return err
}

// readTransfer gathers what is there once the inventory is.
func (f *batchState) readTransfer(ctx context.Context, store archive.Store, batch string) (err error) {
	if err = f.readRequests(ctx, store, batch); err != nil {
		return err
	}
	if f.files, err = artifacts.All[artifacts.StoredFile](ctx, store, artifacts.FileFolder(batch)); err != nil {
		return err
	}
	f.outcome, err = readInventory(ctx, store, artifacts.OutcomeKey(batch))
	return err
}

// readSealed reads the batch's bag, nil if it is not sealed. Nothing follows from a bag
// that is not the one that was sealed.
func readSealed(ctx context.Context, store archive.Store, batch string) (*evidence.Summary, error) {
	bag, err := fs.Sub(evidence.Trust(store.FS(ctx), artifacts.Anchors(ctx, store, 0)), evidence.BagFolder(batch))
	if err != nil {
		return nil, err
	}
	summary, err := evidence.ReadSummary(bag)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &summary, nil
}

// readInventory reads an inventory, nil if there is none.
func readInventory(ctx context.Context, store archive.Store, key string) (*evidence.Inventory, error) {
	inventory, err := artifacts.Get[artifacts.Inventory](ctx, store, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &inventory.Inventory, nil
}

// missingMetadata lists the slice's conversations whose metadata is not an artifact.
func missingMetadata(ctx context.Context, store archive.Store, slice artifacts.Slice) ([]string, error) {
	names, err := artifacts.Names(ctx, store, artifacts.MetadataFolder(slice.Group))
	if err != nil {
		return nil, err
	}
	known := make(map[string]bool, len(names))
	for _, name := range names {
		known[name] = true
	}
	var missing []string
	for _, c := range slice.Conversations {
		if !known[c.ID] {
			missing = append(missing, c.ID)
		}
	}
	return missing, nil
}

// isFinished tells whether nothing is left to be done.
func (f *batchState) isFinished() bool { return f.sealed != nil || f.split }

// countStored counts the recordings of which there are files in the bag.
func (f *batchState) countStored() int {
	refs := map[genesys.RecordingRef]bool{}
	for _, file := range f.files {
		refs[refOf(file)] = true
	}
	return len(refs)
}
