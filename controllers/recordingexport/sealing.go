package recordingexport

import (
	"context"
	"fmt"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/signing"
)

// sealingStep seals what is complete: a part of the plan is reviewed, compared with the second
// source, closed by an entry of its own, and its account written and sealed.
type sealingStep struct {
	process
	pool       exportPool
	planning   planning
	surveys    surveyStarter
	comparison comparison
	signer     signerFinder
	tool       func() evidence.Tool
}

// signerFinder returns the signer of an export at a destination, nil if nothing is signed.
type signerFinder func(ctx context.Context, destination *v1alpha1.ExportDestination, export string) (*signing.Signer, error)

// Reconcile is satisfied unless there is something to seal, or to retry after a seal.
func (w *sealingStep) Reconcile(ctx context.Context, s *loaded) (outcome.Outcome, error) {
	if !s.plan.AllSealed() {
		s.export.Status.CompletionTime = nil // a retry may have begun that the status was never told of
	}
	if last := s.plan.SealCount(); last > 0 && !s.hasSeal(last) {
		return w.startSealing(s, last), nil
	}
	continuous := exportspec.IsContinuous(s.export.Spec)
	sealable := s.plan.Sealable(s.counted, continuous, s.export.Status.StartTime.Time, w.clock.Now())
	switch {
	case sealable.Due && len(sealable.Reviews) > 0:
		return w.surveys.startSurvey(ctx, s, sealable.Reviews[0])
	case sealable.Due:
		return w.comparison.compareThenSeal(ctx, s, plan.Sealing{
			Number: s.plan.SealCount() + 1, Until: sealable.Until, Entries: sealable.Entries.String(),
		})
	}
	if s.retry != "" && s.sealed != nil {
		if out := w.retrySealed(s); !out.IsDone() {
			return out, nil
		}
	}
	return outcome.Done(), nil
}

// hasSeal reports whether a seal is written.
func (s *loaded) hasSeal(number int) bool {
	return s.sealed != nil && s.sealed.Account.Number >= number
}

// isAllSealed reports whether everything of a window with an end is in a seal that is written.
func (s *loaded) isAllSealed() bool {
	return !exportspec.IsContinuous(s.export.Spec) && s.sealed != nil && s.hasSeal(s.plan.SealCount()) && s.plan.AllSealed()
}

// caughtUp tells, of a window without an end, whether every day that has settled
// is sealed.
func (s *loaded) caughtUp() bool {
	return exportspec.IsContinuous(s.export.Spec) && s.sealed != nil && s.hasSeal(s.plan.SealCount()) && s.plan.AllDaysSealed()
}

// retrySealed requests again what the seals list as unavailable, once for each
// request. Without gaps there is nothing to ask for; and while a retry is running,
// the seals do not know of it, and what it has exported would be exported twice: a
// request that comes then only has the pools try again, see requestHandler.
func (w *sealingStep) retrySealed(s *loaded) outcome.Outcome {
	if s.plan.HasRetry(s.retry) || s.sealed.Account.Gaps == 0 || s.plan.HasUnsealedRetry() {
		s.acceptRetry()
		return outcome.Done()
	}
	s.export.Status.CompletionTime = nil
	return w.planning.startAppending(s, plan.Entry{Retried: &plan.Retried{Token: s.retry, Seals: s.sealed.Account.Number, Days: s.plan.OpenDays()}})
}

// startSealing has the pool write the account and seal it.
func (w *sealingStep) startSealing(s *loaded, number int) outcome.Outcome {
	work := &sealWork{
		recorder: recorder{w.process, s.store}, record: s.record, former: s.sealed,
		from: s.plan.Spec().Start, scope: s.plan.Spec().Scope, deferred: s.plan.Totals().Deferred,
		tool: w.tool, loadFiles: s.destination.Spec.LoadFiles,
		compares: exportspec.ComparesRetention(s.export.Spec), continuous: exportspec.IsContinuous(s.export.Spec), owners: s.log,
	}
	destination, name := s.destination.DeepCopy(), s.export.Name
	work.noticed = noticedKey(destination, w.instance)
	work.signing = artifacts.Signing(s.store, artifacts.SealSignatureKey(number), func(ctx context.Context) (*signing.Signer, error) {
		return w.signer(ctx, destination, name)
	})
	work.sealing, work.closedBy = s.plan.Seal(number), s.plan.ClosedBy(number)
	return w.pool.start(s.subject, loop.Task{
		Key: fmt.Sprintf("seal/%d", number), Work: work.makeSeal, Reason: v1alpha1.ReasonSealing, Message: "writing and sealing the final account",
	})
}
