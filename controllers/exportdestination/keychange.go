package exportdestination

import (
	"cmp"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

// noKey stands for the id of a key where there is none.
const noKey = "none"

// noteKey notes which key signs, and that it is another one than before, or none
// any more. The first key of a destination is no change.
func (r *Reconciler) noteKey(destination *v1alpha1.ExportDestination, key string) {
	status := &destination.Status
	was := status.SigningKey
	status.SigningKey = key
	if was == key || was == "" && status.SigningKeyChange == nil {
		return
	}
	status.SigningKeyChange = &v1alpha1.SigningKeyChange{From: was, To: key, Time: metav1.NewTime(r.Clock.Now().Truncate(time.Second))}
}

// markKey sets the condition SigningKeyChanged until a person has confirmed the new
// key by its id.
func markKey(destination *v1alpha1.ExportDestination) {
	change := destination.Status.SigningKeyChange
	if change == nil {
		return
	}
	to := cmp.Or(change.To, noKey)
	change.Confirmed = change.Confirmed || destination.Annotations[v1alpha1.AnnotationConfirmSigningKey] == to
	if change.Confirmed {
		conditions.Forget(destination, v1alpha1.ConditionSigningKeyChanged)
		return
	}
	conditions.Reached(destination, v1alpha1.ConditionSigningKeyChanged, metav1.ConditionTrue, v1alpha1.ReasonSigningKeyChanged, fmt.Sprintf(
		"the signing key was %s, and is %s since %s: find out who changed it; if that was intended, tell those who verify, and run: "+
			"kubectl annotate gcdest %s -n %s --overwrite %s=%s",
		cmp.Or(change.From, noKey), to, stamp(&change.Time), destination.Name, destination.Namespace, v1alpha1.AnnotationConfirmSigningKey, to))
}

// tellKey sends an event about a key that has changed since.
func (r *Reconciler) tellKey(destination, before *v1alpha1.ExportDestination) {
	now, was := destination.Status.SigningKeyChange, before.Status.SigningKeyChange
	if now == nil || was != nil && was.From == now.From && was.To == now.To && was.Time.Equal(&now.Time) {
		return
	}
	r.Events.Eventf(destination, nil, corev1.EventTypeWarning, v1alpha1.ReasonSigningKeyChanged, "LookForKey",
		"the signing key was %s, and is %s now", cmp.Or(now.From, noKey), cmp.Or(now.To, noKey))
}
