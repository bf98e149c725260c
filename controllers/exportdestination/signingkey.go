package exportdestination

import (
	"cmp"
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// signingKey is the step that checks the signing key, and notes when it changes.
type signingKey struct {
	// id checks that there is a key, if the spec wants one, and returns its id.
	id      func(context.Context, *v1alpha1.ExportDestination) (string, error)
	clock   clock.PassiveClock
	timeout time.Duration
}

// checkKey is satisfied if the signing key can be used, or none is wanted.
func (s signingKey) checkKey(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	reading, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	key, err := s.id(reading, destination)
	if err == nil {
		recordKey(destination, key, s.clock.Now())
	}
	return outcome.Done(), err
}

// noKey stands for the id of a key where there is none.
const noKey = "none"

// recordKey writes to the status which key signs, and when it changed: to another key, or
// to none. The first key of a destination is not a change.
func recordKey(destination *v1alpha1.ExportDestination, key string, now time.Time) {
	status := &destination.Status
	was := status.SigningKey
	status.SigningKey = key
	if was == key || was == "" && status.SigningKeyChange == nil {
		return
	}
	at := now.Truncate(time.Second)
	if last := status.SigningKeyChange; last != nil && !at.After(last.Time.Time) {
		at = last.Time.Add(time.Second) // a change is confirmed by its time, so no two have the same
	}
	status.SigningKeyChange = &v1alpha1.SigningKeyChange{From: was, To: key, Time: metav1.NewTime(at)}
}

// changeID names one change of a key: the new key and when the change was noticed. So a
// confirmation of one change never confirms another one, not even to the same key.
func changeID(change *v1alpha1.SigningKeyChange) string {
	return cmp.Or(change.To, noKey) + "@" + words.Time(change.Time.Time)
}

// markKeyChange sets the condition SigningKeyChanged until a person has confirmed the
// latest change.
func markKeyChange(destination *v1alpha1.ExportDestination) {
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
	conditions.SetStep(destination, v1alpha1.ConditionSigningKeyChanged, metav1.ConditionTrue, v1alpha1.ReasonSigningKeyChanged, fmt.Sprintf(
		"the signing key changed from %s to %s at %s: find out who changed it; if that was intended, tell those who verify, and run: "+
			"kubectl annotate gcdest %s -n %s --overwrite %s=%s",
		cmp.Or(change.From, noKey), to, words.Time(change.Time.Time), destination.Name, destination.Namespace, v1alpha1.AnnotationConfirmSigningKey, changeID(change)))
}

// sendKeyEvent sends an event if the key has changed.
func sendKeyEvent(recorder events.EventRecorder, destination, before *v1alpha1.ExportDestination) {
	now, was := destination.Status.SigningKeyChange, before.Status.SigningKeyChange
	if now == nil || was != nil && was.From == now.From && was.To == now.To && was.Time.Equal(&now.Time) {
		return
	}
	recorder.Eventf(destination, nil, corev1.EventTypeWarning, v1alpha1.ReasonSigningKeyChanged, "CheckSigningKey",
		"the signing key changed from %s to %s", cmp.Or(now.From, noKey), cmp.Or(now.To, noKey))
}
