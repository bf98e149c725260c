package main

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
)

const (
	// pollInterval is the time between two reads of the exports.
	pollInterval = time.Second
	// stallGrace is how long an export may be stalled before the program ends: just after they
	// are applied, objects do not find each other at once.
	stallGrace = 15 * time.Second
)

// watcher watches exports until each has ended.
type watcher struct {
	api     client.Client
	exports []types.NamespacedName
	root    string
	out     *screen
	// untilCaughtUp tells that an export without window.end has ended once it has caught up.
	untilCaughtUp bool
	// stalled is since when each export has been stalled.
	stalled map[types.NamespacedName]time.Time
	// jobs are the recording bulk jobs that were seen of each export.
	jobs map[types.NamespacedName]seenJobs
}

// watch shows the exports' progress until each has ended, and returns the exit code. It also
// ends if an export stays stalled, unless somebody can fix it while the program runs (fixable).
func (w *watcher) watch(ctx context.Context, fixable bool) (int, error) {
	w.stalled, w.jobs = map[types.NamespacedName]time.Time{}, map[types.NamespacedName]seenJobs{}
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		views, err := w.read(ctx)
		if err != nil {
			return exitFailed, err
		}
		w.out.show(views)
		if w.ended(views) {
			return w.conclude(views)
		}
		if stalled := w.stalledForLong(views); len(stalled) > 0 && !fixable {
			w.out.finish()
			for _, v := range stalled {
				w.out.note("%s is stalled (%s): %s", v.name, conditions.Reason(&v.export), conditions.Message(&v.export))
			}
			return exitFailed, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.out.finish()
			return exitFailed, ctx.Err()
		}
	}
}

// snapshot is an export and its batches at one time.
type snapshot struct {
	name    types.NamespacedName
	export  v1alpha1.RecordingExport
	batches []v1alpha1.RecordingExportBatch
	// jobs are all its recording bulk jobs that were seen so far.
	jobs seenJobs
}

func (w *watcher) read(ctx context.Context) ([]snapshot, error) {
	views := make([]snapshot, len(w.exports))
	for i, name := range w.exports {
		v := &views[i]
		v.name = name
		if err := w.api.Get(ctx, name, &v.export); err != nil {
			return nil, fmt.Errorf("export %s: %w", name, err)
		}
		var list v1alpha1.RecordingExportBatchList
		err := w.api.List(ctx, &list, client.InNamespace(name.Namespace), client.MatchingLabels{v1alpha1.LabelExport: name.Name})
		if err != nil {
			return nil, fmt.Errorf("batches of export %s: %w", name, err)
		}
		v.batches, v.jobs = list.Items, w.seenJobs(name, list.Items)
	}
	return views, nil
}

// seenJobs adds the jobs of batches to those that were seen of an export, and returns them.
func (w *watcher) seenJobs(export types.NamespacedName, batches []v1alpha1.RecordingExportBatch) seenJobs {
	if w.jobs[export] == nil {
		w.jobs[export] = seenJobs{}
	}
	for i := range batches {
		w.jobs[export].add(&batches[i])
	}
	return w.jobs[export]
}

// ended reports whether every export has ended.
func (w *watcher) ended(views []snapshot) bool {
	for i := range views {
		export := &views[i].export
		if !conditions.IsReady(export) || exportspec.IsContinuous(export.Spec) && !w.untilCaughtUp {
			return false
		}
	}
	return true
}

// stalledForLong returns the exports that have been stalled for longer than stallGrace.
func (w *watcher) stalledForLong(views []snapshot) []snapshot {
	var out []snapshot
	for _, v := range views {
		if !conditions.IsStalled(&v.export) {
			delete(w.stalled, v.name)
			continue
		}
		if _, known := w.stalled[v.name]; !known {
			w.stalled[v.name] = time.Now()
		}
		if time.Since(w.stalled[v.name]) > stallGrace {
			out = append(out, v)
		}
	}
	return out
}

// conclude sums up exports that have ended, and returns the exit code.
func (w *watcher) conclude(views []snapshot) (int, error) {
	w.out.finish()
	code := exitComplete
	for _, v := range views {
		if err := summarize(w.out, w.root, v); err != nil {
			return exitFailed, err
		}
		if v.export.Status.Gaps > 0 {
			code = exitGaps
		}
	}
	return code, nil
}
