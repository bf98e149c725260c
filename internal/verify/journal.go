package verify

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/bounded"
)

// event is a line of a custody log.
type event struct {
	Sequence int               `json:"sequence"`
	Time     time.Time         `json:"time"`
	Type     string            `json:"type"`
	Actor    string            `json:"actor"`
	Details  map[string]string `json:"details,omitempty"`
	Previous string            `json:"previous"`
}

// longestEvent is the longest line of a custody log, in bytes.
const longestEvent = 1 << 20

// journal reads a custody log: numbered lines in order of time, each with the
// digest of the one before. last is the type of event that ends such a story.
func (v *verifier) journal(name, last string, do func(event)) {
	file, err := v.open(name)
	if err != nil {
		v.reportUnreadable(name, err)
		return
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(newBoundedReader(file, name))
	lines.Buffer(nil, longestEvent)
	lines.Split(wholeLines)
	before := event{Previous: strings.Repeat("0", 2*sha256.Size)}
	ended, odd := false, false
	for lines.Scan() {
		if v.isEnded() {
			return
		}
		now, says := follow(before, lines.Bytes())
		if says != "" {
			v.fault(LogChain, name, "line %d %s", before.Sequence+1, says)
			return
		}
		if again, err := json.Marshal(now); !odd && (err != nil || !bytes.Equal(again, lines.Bytes())) {
			odd = true
			v.fault(LogChain, name, "line %d is not written as the exporter writes events: a name is unknown or comes twice, or a blank or the form of a value was changed", now.Sequence)
		}
		ended = ended || now.Type == last
		do(now)
		before = now
		before.Previous = sum(lines.Bytes())
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		v.fault(LogChain, name, "has a line after line %d that is too long for an event", before.Sequence)
		return
	case errors.Is(err, bounded.ErrTooLarge):
		v.fault(LogChain, name, "has %d bytes, more than the log of a bag or a seal can have", longestList(name))
		return
	case err != nil:
		v.reportUnreadable(name, err)
		return
	}
	if !ended {
		v.fault(LogChain, name, "does not report %s: its end was cut off", last)
	}
}

// follow reads a line, and says what is wrong with it after the one before.
func follow(before event, line []byte) (now event, says string) {
	if !bytes.HasPrefix(line, []byte("{")) {
		return now, "is not an event"
	}
	if err := json.Unmarshal(line, &now); err != nil {
		return now, "is not an event: " + err.Error()
	}
	switch {
	case now.Previous != before.Previous:
		return now, "does not contain the digest of the line before: a line was changed, added, removed or moved"
	case now.Sequence != before.Sequence+1:
		return now, "has a number that does not fit its place: a line was added, removed or moved"
	case now.Time.Before(before.Time):
		return now, "reports something earlier than the line before"
	case now.Type == "" || now.Actor == "":
		return now, "does not state the event or who caused it"
	}
	return now, ""
}

// wholeLines splits at line feeds; what follows the last one is a line, too, so
// that nobody can hide something there.
func wholeLines(rest []byte, end bool) (int, []byte, error) {
	if i := bytes.IndexByte(rest, '\n'); i >= 0 {
		return i + 1, rest[:i], nil
	}
	if end && len(rest) > 0 {
		return len(rest), append([]byte("cut off: "), rest...), nil
	}
	return 0, nil, nil
}
