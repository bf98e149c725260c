package exportdestination

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// evaluationsPerNamespace is how many destinations of a namespace are evaluated at the
// same time, so that one that does not answer does not delay the others.
const evaluationsPerNamespace = 4

// timeoutsPerEvaluation is how many times Intervals.Timeout an evaluation may take: one
// for each access to the destination.
const timeoutsPerEvaluation = 3

// evaluated is the object that an evaluation works on, and the object as it was before.
type evaluated struct{ destination, before *v1alpha1.ExportDestination }

// newEvaluated returns copies for an evaluation of a destination.
func (r *Reconciler) newEvaluated(destination *v1alpha1.ExportDestination) evaluated {
	of := evaluated{destination.DeepCopy(), destination.DeepCopy()}
	of.destination.Status.ObservedGeneration, of.destination.Status.Location = destination.Generation, r.Location(destination)
	return of
}

// evaluate reports whether a destination is ready. It waits only a short time for a
// destination that does not answer: nothingNew then tells that nothing is to be published.
func (r *Reconciler) evaluate(ctx context.Context, destination *v1alpha1.ExportDestination) (of evaluated, out outcome.Outcome, nothingNew bool) {
	own := r.newEvaluated(destination)
	answer := r.evaluations.Run(ctx, loop.Evaluation{
		Name: client.ObjectKeyFromObject(destination), Now: r.Clock.Now(), Timeout: timeoutsPerEvaluation * r.Intervals.Timeout, RetryAfter: r.Intervals.Retry,
		PerNamespace: evaluationsPerNamespace, Worker: r.Worker,
		HangMessage: func() string { return hangMessage(destination) },
		Run:         func(ctx context.Context) outcome.Outcome { return r.runSteps(ctx, own.destination) },
		Subject:     own,
	})
	if ended, is := answer.Subject.(evaluated); is {
		return ended, answer.Outcome, false
	}
	return r.newEvaluated(destination), answer.Outcome, answer.NothingNew
}

// hangMessage says what to do about a destination that does not answer at all.
func hangMessage(destination *v1alpha1.ExportDestination) string {
	return fmt.Sprintf("check that the file system or bucket of this ExportDestination answers (kubectl get gcdest %s -n %s -o yaml shows where it is); "+
		"exports to it continue as soon as it does", destination.Name, destination.Namespace)
}

// runSteps runs the steps of an evaluation in order, until one is not satisfied. The
// quota comes last: exports to a destination whose namespace is full finish what they have
// begun, which needs everything else.
func (r *Reconciler) runSteps(ctx context.Context, destination *v1alpha1.ExportDestination) outcome.Outcome {
	claim, probe := r.claim(), r.probe()
	for _, step := range []func(context.Context, *v1alpha1.ExportDestination) (outcome.Outcome, error){
		claim.checkUnclaimed,
		probe.checkWritable,
		probe.checkFreeSpace,
		claim.takePlace,
		r.signingKey().checkKey,
		r.quota().checkQuota,
	} {
		out, err := step(ctx, destination)
		if err != nil {
			return outcome.Of(err, r.Intervals.Retry)
		}
		if !out.IsDone() {
			return out
		}
	}
	return outcome.Outcome{After: r.Intervals.Ready}
}

func (r *Reconciler) claim() claim {
	return claim{objects: r.Client, claims: &r.claims, clock: r.Clock, retry: r.Intervals.Retry}
}

func (r *Reconciler) probe() probe {
	return probe{write: r.Probe, free: r.Free, minFree: r.MinFree, timeout: r.Intervals.Timeout, retry: r.Intervals.Retry}
}

func (r *Reconciler) signingKey() signingKey {
	return signingKey{id: r.SigningKey, clock: r.Clock, timeout: r.Intervals.Timeout}
}

func (r *Reconciler) quota() quota { return quota{r.Fits} }
