package loop

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Mark sets the conditions that every kind has, from how the steps came out.
// reason and message are those of an object that is Ready.
func Mark(obj conditions.Object, out outcome.Outcome, reason, message string) {
	switch {
	case out.IsDone():
		conditions.Ready(obj, reason, message)
	case out.Reason == v1alpha1.ReasonSuspended:
		conditions.Suspended(obj, out.Reason, out.Message)
	case out.State == outcome.Stalled:
		conditions.Stalled(obj, out.Reason, out.Message)
	default:
		conditions.Reconciling(obj, out.Reason, out.Message)
	}
}

// Step is a step with its condition type, and whether it has succeeded.
type Step struct {
	Condition string
	Succeeded bool
	// Message is the message of the condition once the step has succeeded.
	Message string
}

// MarkSteps sets the condition of each step. Steps that have succeeded are True. If something
// is waited for, the first of the others is False and says what that is. All others are
// Unknown.
func MarkSteps(obj conditions.Object, out outcome.Outcome, steps []Step) {
	waiting := !out.IsDone()
	for _, step := range steps {
		switch {
		case step.Succeeded:
			conditions.SetStep(obj, step.Condition, metav1.ConditionTrue, v1alpha1.ReasonSucceeded, step.Message)
		case waiting:
			conditions.SetStep(obj, step.Condition, metav1.ConditionFalse, out.Reason, out.Message)
			waiting = false
		default:
			conditions.SetStep(obj, step.Condition, metav1.ConditionUnknown, v1alpha1.ReasonPending, "waiting for the previous step")
		}
	}
}
