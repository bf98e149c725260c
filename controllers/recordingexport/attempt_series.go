package recordingexport

import (
	"fmt"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

const (
	// seriesLength is how many attempts are made before a person is to look.
	seriesLength = 3
	// seriesPause is between the last attempt of a series and the first of the next.
	seriesPause = time.Hour
)

// failure is an attempt at something that gave no answer.
type failure struct {
	at time.Time
	// what was attempted, and why it failed.
	what, why string
	// request is the last retry request before.
	request string
}

// series is how the failures of one thing stand, in the order in which they came.
// A retry request begins another series: failures before it do not count.
type series []failure

// since returns the failures that a retry request has not overtaken.
func (s series) since(request string) series {
	var counted series
	for _, f := range s {
		if f.request == request {
			counted = append(counted, f)
		}
	}
	return counted
}

// begins reports whether the next attempt is the first of a series.
func (s series) begins() bool { return len(s)%seriesLength == 0 }

// resumesAt is when the next attempt may be made, zero if that is at once.
func (s series) resumesAt() time.Time {
	if len(s) == 0 || !s.begins() {
		return time.Time{}
	}
	return s[len(s)-1].at.Add(seriesPause)
}

// exhaustedError tells that a series of attempts has failed, and that there is none
// before an instant.
type exhaustedError struct {
	// reason is the reason of the condition.
	reason string
	// subject is what was attempted, check what to look at, and retry the command that
	// begins another series at once.
	subject, check, retry string
	last                  series
}

func (e *exhaustedError) Error() string {
	attempts := make([]string, len(e.last))
	for i, f := range e.last {
		attempts[i] = fmt.Sprintf("%s, ended at %s: %s", f.what, words.Time(f.at), f.why)
	}
	return fmt.Sprintf("%s failed %s in a row; the operator retries at %s. Check %s. To retry now: %s. What happened: %s",
		e.subject, words.Count(int64(len(e.last)), "time"), words.Time(e.last.resumesAt()), e.check, e.retry, strings.Join(attempts, "; "))
}

// Outcome is to wait for a person, or for the next series.
func (e *exhaustedError) Outcome() outcome.Outcome {
	return outcome.Stall(e.reason, e.Error(), 0)
}

// pause returns the last series if there must be no attempt at an instant, nil if
// there may be one.
func (s series) pause(now time.Time) series {
	if !now.Before(s.resumesAt()) {
		return nil
	}
	return s[len(s)-seriesLength:]
}
