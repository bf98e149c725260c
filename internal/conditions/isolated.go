package conditions

import (
	"strings"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// Isolated says what of an export is isolated, when the operator next retries some of
// it, and until about when; empty if nothing is isolated.
func Isolated(isolated v1alpha1.IsolatedStatus) string {
	var what []string
	if n := isolated.Conversations; n > 0 {
		what = append(what, words.Count(n, "conversation"))
	}
	if n := isolated.Recordings; n > 0 {
		what = append(what, words.Count(n, "recording"))
	}
	if len(what) == 0 {
		return ""
	}
	says := strings.Join(what, " and ") + " isolated"
	if at := isolated.NextAttemptTime; at != nil {
		says += ", next attempt " + at.UTC().Format("15:04:05Z")
	}
	if at := isolated.RetriesEndTime; at != nil {
		says += ", retried until about " + at.UTC().Format("2006-01-02T15:04Z")
	}
	return says
}
