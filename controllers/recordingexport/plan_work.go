package recordingexport

import (
	"context"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// planning has the pool write the plans of exports.
type planning struct {
	process
	pool exportPool
}

// planner returns what writes the export's plan.
func (p planning) planner(s *loaded) planner {
	return planner{recorder: recorder{p.process, s.store}, export: s.export.Name, spec: s.plan.Spec()}
}

// startAppending has the pool append an entry to the plan.
func (p planning) startAppending(s *loaded, entry plan.Entry) outcome.Outcome {
	planner, number := p.planner(s), s.plan.EntryCount()
	return p.pool.start(s.subject, loop.Task{
		Key: fmt.Sprintf("plan/%d", number), Reason: v1alpha1.ReasonPlanning, Message: "planning batches for newly found conversations",
		Work: func(ctx context.Context, _ transfer.Try) error { return planner.appendEntry(ctx, number, entry) },
	})
}
