package recordingexport

import (
	"context"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// day is the span that is surveyed at once.
const day = plan.Day

// planLogs are the logs of the plans of exports that have not ended, kept only to spare
// reading them again: entries never change, and a plan only grows. The zero value is ready
// for use.
type planLogs struct {
	mu     sync.Mutex
	byName map[types.NamespacedName]planLog
}

type planLog struct {
	uid types.UID
	log *plan.Log
}

// logOf returns the log of an export's plan, as far as it has been read: not that of another
// export which had its name.
func (p *planLogs) logOf(export *v1alpha1.RecordingExport, spec slicing.Spec) *plan.Log {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byName == nil {
		p.byName = map[types.NamespacedName]planLog{}
	}
	name := client.ObjectKeyFromObject(export)
	if p.byName[name].uid != export.UID || p.byName[name].log == nil {
		p.byName[name] = planLog{export.UID, plan.New(export.Name, spec)}
	}
	return p.byName[name].log
}

// drop forgets the log of an export that is gone, or has ended. It is read again if
// somebody retries the export.
func (p *planLogs) drop(export types.NamespacedName) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.byName, export)
}

// maxReads is after how many reads of artifacts a reconcile stops reading a plan; one more may
// be made. An entry takes one read, a bundle two: that of its first entry, and its own. So a
// plan of 15 years, 128 bundles and at most 127 entries that are in none yet, is read in one
// reconcile, and a larger one in several: none takes longer the larger the plan is.
const maxReads = 400

// readEntries reads the entries that have been written since the last time, and tells
// whether these are all that there are.
func readEntries(ctx context.Context, store archive.Store, log *plan.Log) (complete bool, err error) {
	for reads := 0; reads < maxReads; reads++ {
		if log.EntryCount()%artifacts.BundledEntries == 0 {
			reads++ // there may be a bundle
		}
		entries, err := artifacts.PlanEntries(ctx, store, log.EntryCount())
		if err != nil || len(entries) == 0 {
			return err == nil, err
		}
		for _, entry := range entries {
			if err := appendTo(log, entry); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// readEntriesOf reads the entries with these numbers. The error is evidence.ErrCorrupt if one
// is missing.
func readEntriesOf(ctx context.Context, store archive.Store, numbers slicing.Ordinals) ([]plan.Numbered, error) {
	var all []plan.Numbered
	next := 0
	for number := range numbers.All() {
		if number < next {
			continue // it came with the one before
		}
		entries, err := artifacts.PlanEntries(ctx, store, number)
		if err == nil && len(entries) == 0 {
			err = fmt.Errorf("%w: artifact %s is missing", evidence.ErrCorrupt, artifacts.EntryKey(number))
		}
		if err != nil {
			return nil, err
		}
		for i, entry := range entries {
			if numbers.Contains(number + i) {
				all = append(all, plan.Numbered{Number: number + i, At: entry.At, By: entry.By, Entry: entry.Entry})
			}
		}
		next = number + len(entries)
	}
	return all, nil
}

// appendTo appends an entry as it is stored. One that cannot be the next means that somebody
// has changed the archive.
func appendTo(log *plan.Log, entry artifacts.Entry) error {
	if err := log.Append(entry.Entry, entry.At, entry.By); err != nil {
		return fmt.Errorf("%w: %w", evidence.ErrCorrupt, err)
	}
	return nil
}
