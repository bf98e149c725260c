package recordingexport

import (
	"context"
	"fmt"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// loaded is an export with everything that decides what to do next.
type loaded struct {
	*claimed
	plan    plan.View
	batches []v1alpha1.RecordingExportBatch
	// counted are the slices whose batches are finished and counted.
	counted plan.SliceSet
	// surveyed reports whether every day that can be surveyed has been.
	surveyed bool
	// sealed is the newest seal, nil if there is none.
	sealed *evidence.Former
}

// stateLoader reads the state of an export: its plan, its last seal and its batches.
type stateLoader struct {
	clock   clock.Clock
	batches existingBatches
	plans   *planLogs
}

// load reads what the archive proves of the export, lists its batches and counts those
// that have finished. Unless all of that was read, the state is nil: a part of it would make
// the status report too little.
func (l *stateLoader) load(ctx context.Context, owned *claimed) (*loaded, outcome.Outcome, error) {
	batches, err := l.batches.list(ctx, owned.export)
	if err != nil {
		return nil, outcome.Outcome{}, err
	}
	s := &loaded{claimed: owned, batches: batches}
	if out, err := l.readPlan(ctx, s); err != nil || !out.IsDone() {
		return nil, out, err
	}
	if err := s.readSeal(ctx); err != nil {
		return nil, outcome.Outcome{}, err
	}
	if err := s.adoptSealed(); err != nil {
		return nil, outcome.Outcome{}, err
	}
	if s.counted, err = countFinishedBatches(s.plan, &s.export.Status, s.batches); err != nil {
		return nil, outcome.Outcome{}, err
	}
	return s, outcome.Done(), nil
}

// readPlan reads the plan's new entries, and sets the days that can be surveyed. It waits
// while there are more to read.
func (l *stateLoader) readPlan(ctx context.Context, s *loaded) (outcome.Outcome, error) {
	spec := exportspec.Slicing(s.export.Spec)
	until := spec.End
	if exportspec.IsContinuous(s.export.Spec) {
		until = plan.StartOfDay(l.clock.Now().Add(-exportspec.SettleAfter(s.export.Spec)))
	}
	spec.Daily = s.daily
	log := l.plans.logOf(s.export, spec)
	complete, err := readEntries(ctx, s.store, log)
	if err != nil {
		return outcome.Outcome{}, err
	}
	if !complete {
		return outcome.Wait(v1alpha1.ReasonLoadingState, fmt.Sprintf("reading the plan: %s so far", words.Count(log.EntryCount(), "entry")), time.Millisecond), nil
	}
	s.plan = log.Window(spec.End, until)
	s.surveyed = s.plan.AllSurveyed()
	return outcome.Done(), nil
}
