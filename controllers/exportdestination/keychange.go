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
	at := r.Clock.Now().Truncate(time.Second)
	if last := status.SigningKeyChange; last != nil && !at.After(last.Time.Time) {
		at = last.Time.Add(time.Second) // no two changes have the same time, by which they are confirmed
	}
	status.SigningKeyChange = &v1alpha1.SigningKeyChange{From: was, To: key, Time: metav1.NewTime(at)}
}

// changeID names one change of a key: the new key and when the change was noticed. So
// what confirms one change confirms no other, also none to the same key.
func changeID(change *v1alpha1.SigningKeyChange) string {
	return cmp.Or(change.To, noKey) + "@" + stamp(&change.Time)
}

// markKey sets the condition SigningKeyChanged until a person has confirmed this
// change, and no other one.
func markKey(destination *v1alpha1.ExportDestination) {
	change := destination.Status.SigningKeyChange
	if change == nil {
		return
	}
	to := cmp.Or(change.To, noKey)
	change.Confirmed = change.Confirmed || destination.Annotations[v1alpha1.AnnotationConfirmSigningKey] == changeID(change)
	if change.Confirmed {
		conditions.Forget(destination, v1alpha1.ConditionSigningKeyChanged)
		return
	}
	conditions.Reached(destination, v1alpha1.ConditionSigningKeyChanged, metav1.ConditionTrue, v1alpha1.ReasonSigningKeyChanged, fmt.Sprintf(
		"the signing key was %s, and is %s since %s: find out who changed it; if that was intended, tell those who verify, and run: "+
			"kubectl annotate gcdest %s -n %s --overwrite %s=%s",
		cmp.Or(change.From, noKey), to, stamp(&change.Time), destination.Name, destination.Namespace, v1alpha1.AnnotationConfirmSigningKey, changeID(change)))
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
