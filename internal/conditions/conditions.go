// Package conditions keeps the conditions of an object in the form that kstatus
// and every tool built on it understand: Ready is always there; Reconciling and
// Stalled are there only while they are True, and exclude each other.
package conditions

import (
	"strings"
	"unicode"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The kstatus trio.
const (
	ready       = "Ready"
	reconciling = "Reconciling"
	stalled     = "Stalled"
)

// maxMessage is the length of the longest message, in runes: long enough for an
// error of Genesys Cloud with its correlation id, short enough for a screen.
const maxMessage = 800

// Object is an object with conditions.
type Object interface {
	metav1.Object
	GetConditions() *[]metav1.Condition
}

// Ready says that the object is what its spec asks for.
func Ready(obj Object, reason, message string) {
	set(obj, ready, metav1.ConditionTrue, reason, message)
	remove(obj, reconciling, stalled)
}

// Reconciling says that the operator works on the object, or waits for something that will come.
func Reconciling(obj Object, reason, message string) {
	set(obj, ready, metav1.ConditionFalse, reason, message)
	set(obj, reconciling, metav1.ConditionTrue, reason, message)
	remove(obj, stalled)
}

// Stalled says that a person has to fix something; message says what.
func Stalled(obj Object, reason, message string) {
	set(obj, ready, metav1.ConditionFalse, reason, message)
	set(obj, stalled, metav1.ConditionTrue, reason, message)
	remove(obj, reconciling)
}

// Suspended says that work is suspended because somebody has asked for it.
func Suspended(obj Object, reason, message string) {
	set(obj, ready, metav1.ConditionFalse, reason, message)
	remove(obj, reconciling, stalled)
}

// SetStep sets the condition of a step; False and Unknown tell why it has not succeeded.
func SetStep(obj Object, step string, status metav1.ConditionStatus, reason, message string) {
	set(obj, step, status, reason, message)
}

// Forget removes the condition of a step.
func Forget(obj Object, step string) { remove(obj, step) }

// IsReady tells whether the object is Ready in its present generation.
func IsReady(obj Object) bool {
	condition := meta.FindStatusCondition(*obj.GetConditions(), ready)
	return condition != nil && condition.Status == metav1.ConditionTrue && condition.ObservedGeneration == obj.GetGeneration()
}

// IsStalled tells whether the object is Stalled.
func IsStalled(obj Object) bool { return meta.IsStatusConditionTrue(*obj.GetConditions(), stalled) }

// IsStalledBy tells whether the object needs a person, for this reason.
func IsStalledBy(obj Object, reason string) bool { return IsStalled(obj) && Reason(obj) == reason }

// Message returns the message of Ready, empty if there is none.
func Message(obj Object) string {
	if condition := meta.FindStatusCondition(*obj.GetConditions(), ready); condition != nil {
		return condition.Message
	}
	return ""
}

// Reason returns the reason of Ready, empty if there is none.
func Reason(obj Object) string {
	if condition := meta.FindStatusCondition(*obj.GetConditions(), ready); condition != nil {
		return condition.Reason
	}
	return ""
}

func set(obj Object, kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(obj.GetConditions(), metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: Printable(message), ObservedGeneration: obj.GetGeneration(),
	})
}

func remove(obj Object, kinds ...string) {
	for _, kind := range kinds {
		meta.RemoveStatusCondition(obj.GetConditions(), kind)
	}
}

// Printable makes a message, parts of which may come from outside, fit to be
// shown: one line, no control characters, not too long.
func Printable(message string) string {
	message = strings.Join(strings.FieldsFunc(message, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(message); len(runes) > maxMessage {
		return string(runes[:maxMessage]) + "…"
	}
	return message
}
