package recordingexport

import (
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

func TestSeries(t *testing.T) {
	at := func(minutes int, request string) failure {
		return failure{at: first.Add(time.Duration(minutes) * time.Minute), request: request}
	}
	tests := map[string]struct {
		failures series
		request  string
		now      time.Duration
		paused   bool
		begins   bool
	}{
		"none":                       {nil, "", 0, false, true},
		"one":                        {series{at(0, "")}, "", 0, false, false},
		"two":                        {series{at(0, ""), at(1, "")}, "", time.Minute, false, false},
		"three":                      {series{at(0, ""), at(1, ""), at(2, "")}, "", 2 * time.Minute, true, true},
		"three, almost an hour ago":  {series{at(0, ""), at(1, ""), at(2, "")}, "", 62*time.Minute - 1, true, true},
		"three, an hour ago":         {series{at(0, ""), at(1, ""), at(2, "")}, "", 62 * time.Minute, false, true},
		"three, and a retry request": {series{at(0, ""), at(1, ""), at(2, "")}, "now", 2 * time.Minute, false, true},
		"one after a retry request":  {series{at(0, ""), at(1, ""), at(2, ""), at(3, "now")}, "now", 3 * time.Minute, false, false},
		"three after a request":      {series{at(0, ""), at(1, "now"), at(2, "now"), at(3, "now")}, "now", 3 * time.Minute, true, true},
		"four":                       {series{at(0, ""), at(1, ""), at(2, ""), at(99, "")}, "", 99 * time.Minute, false, false},
		"six":                        {series{at(0, ""), at(1, ""), at(2, ""), at(99, ""), at(99, ""), at(99, "")}, "", 99 * time.Minute, true, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			counted := tt.failures.since(tt.request)
			if last := counted.pause(first.Add(tt.now)); (last != nil) != tt.paused || last != nil && len(last) != seriesLength {
				t.Errorf("paused after %v, want %t", last, tt.paused)
			}
			if counted.begins() != tt.begins {
				t.Errorf("a series begins: %t, want %t", counted.begins(), tt.begins)
			}
		})
	}
}

// TestTheMessageOfASeries names the command, when it is tried again and what
// happened, and fits a condition with the longest names that there are.
func TestTheMessageOfASeries(t *testing.T) {
	export := newExport()
	export.Name, export.Namespace = strings.Repeat("n", 63), strings.Repeat("s", 63)
	err := &exhaustedError{reason: v1alpha1.ReasonSurveyFailed, subject: "the survey of 2023-10-01", check: "analytics", retry: retryCommand(export)}
	for n := range seriesLength {
		err.last = append(err.last, failure{at: first, what: "analytics job " + id(n), why: "it was polled for 2 h and was still PENDING (surveyDeadline)"})
	}
	got := outcome.Of(err, time.Minute)
	conditions.Stalled(export, got.Reason, got.Message)
	message := conditions.Message(export)
	if got.State != outcome.Stalled || got.Reason != v1alpha1.ReasonSurveyFailed {
		t.Errorf("%v", got)
	}
	for _, part := range []string{
		"the survey of 2023-10-01 failed 3 times in a row; the operator retries at 2023-10-01T01:00:00Z", "-n " + export.Namespace,
		"kubectl annotate rex " + export.Name, "retry-requested-at=$(date -u +%FT%TZ)", id(0), id(1), id(2), "still PENDING",
	} {
		if !strings.Contains(message, part) {
			t.Errorf("%q does not name %q", message, part)
		}
	}
}
