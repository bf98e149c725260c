package loop

import (
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// maxNote is the longest note of an event that the API server takes, in bytes
// (events.k8s.io/v1, Event.note).
const maxNote = 1024

// Note makes a message fit for an event.
func Note(message string) string { return cut(message, maxNote) }

// maxToken is how much of a request's annotation is kept, in bytes.
const maxToken = 256

// Request returns the value of an annotation that requests something, and whether it differs
// from the last value that was handled.
func Request(obj client.Object, annotation, last string) (token string, isNew bool) {
	token = cut(obj.GetAnnotations()[annotation], maxToken)
	return token, token != "" && token != last
}

// cut leaves at most so many bytes of a text, in whole letters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
