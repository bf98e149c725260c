package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// comparison compares parts of the plan with a second source before they are sealed.
type comparison struct {
	planning     planning
	enumerations enumerations
}

// compareThenSeal closes a part of the plan, once it has been compared with the
// second source, and the orphaned recordings of its time are listed, if that was asked
// for. The comparison fixes what the part is: what can be sealed in the meantime comes
// in the next seal.
func (c *comparison) compareThenSeal(ctx context.Context, s *loaded, sealing plan.Sealing) (outcome.Outcome, error) {
	if exportspec.ComparesRetention(s.export.Spec) {
		compared, err := artifacts.Get[artifacts.Comparison](ctx, s.store, artifacts.ComparisonKey(sealing.Number))
		if errors.Is(err, fs.ErrNotExist) {
			return c.startComparison(ctx, s, sealing)
		}
		if err != nil {
			return outcome.Outcome{}, err
		}
		sealing = compared.Sealing
		if out, err := c.listOrphans(ctx, s, sealing); err != nil || !out.IsDone() {
			return out, err
		}
	}
	return c.planning.startAppending(s, plan.Entry{Sealing: &sealing}), nil
}

// startComparison has the pool compare a part of the plan with what the organisation retains.
func (c *comparison) startComparison(ctx context.Context, s *loaded, sealing plan.Sealing) (outcome.Outcome, error) {
	enumeration, err := c.enumerations.newEnumeration(ctx, s, retained)
	if err != nil {
		return outcome.Outcome{}, err
	}
	work := &compareWork{
		enumeration: enumeration, from: s.newFrom(), before: entriesBefore(s.plan, s.newFrom(), exportspec.OpenDeadline(s.export.Spec)),
		part: sealWork{recorder: recorder{c.planning.process, s.store}, former: s.sealed, from: s.plan.Spec().Start, scope: s.plan.Spec().Scope, sealing: sealing},
	}
	return c.planning.pool.start(s.subject, loop.Task{
		Key: fmt.Sprintf("second/%d", sealing.Number), Dependency: s.organizationDependency(), Work: work.compare, Reason: v1alpha1.ReasonComparingSources,
		Message: "comparing the account with all recordings that the organisation retains, before it is sealed",
	}), nil
}

// listOrphans has the pool list the orphaned recordings of the part of the window that
// is about to be sealed. It is done once it is noted what they are, or why they cannot
// be listed.
func (c *comparison) listOrphans(ctx context.Context, s *loaded, sealing plan.Sealing) (outcome.Outcome, error) {
	noted, err := artifacts.Exists(ctx, s.store, artifacts.OrphansKey(sealing.Number))
	if err != nil || noted {
		return outcome.Done(), err
	}
	enumeration, err := c.enumerations.newEnumeration(ctx, s, orphaned)
	if err != nil {
		return outcome.Outcome{}, err
	}
	work := &orphanWork{
		enumeration: enumeration, store: s.store, seals: sealing.Number - 1,
		part: evidence.Span{Start: evidence.OrphansFrom(s.sealed, s.newFrom()), End: sealing.Until},
	}
	return c.planning.pool.start(s.subject, loop.Task{
		Key: fmt.Sprintf("orphans/%d", sealing.Number), Dependency: s.organizationDependency(), Work: work.noteOrphans, WaitLimit: transfer.WaitLimit{Total: orphanRetries},
		Reason: v1alpha1.ReasonComparingSources, Message: "listing recordings that are attached to no conversation, before the account is sealed",
	}), nil
}

// newFrom is where the days begin that the next seal is the first to cover.
func (s *loaded) newFrom() time.Time {
	if s.sealed != nil {
		return s.sealed.Account.Until
	}
	return s.plan.Spec().Start
}
