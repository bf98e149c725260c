package loop

import "strings"

// maxNote is the longest note of an event that the API server takes, in bytes
// (events.k8s.io/v1, Event.note).
const maxNote = 1024

// Note makes a message fit for an event.
func Note(message string) string { return cut(message, maxNote) }

// cut leaves at most so many bytes of a text, in whole letters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
