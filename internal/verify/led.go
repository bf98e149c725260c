package verify

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// departures tell what left a bag for another one.
type departures struct {
	// moved: conversations, because their legal hold had changed; conversations, for
	// the lane Isolated; recordings, for the lane Isolated.
	moved, conversations, recordings bool
}

func leftIn(t tables) departures {
	var led departures
	for _, c := range t.conversations {
		led.moved = led.moved || c.end == hasMovedToHold || c.end == hasMovedFrom
		led.conversations = led.conversations || c.end == hasLeft
	}
	led.recordings = slices.ContainsFunc(t.index, func(l indexLine) bool { return l.end() == hasLeft })
	return led
}

// windowOf is the part of the window that a bag says it is of.
func (v *verifier) windowOf(b *bag) (from, until time.Time) {
	text := b.info["Window"]
	start, end, _ := strings.Cut(text, "/")
	from, err := time.Parse(time.RFC3339, start)
	if err == nil {
		until, err = time.Parse(time.RFC3339, end)
	}
	if (err != nil || !from.Before(until)) && len(b.info) > 0 {
		v.fault(Malformed, b.at(bagInfo), "does not say of which part of the window the bag is, but %q", cut(text))
	}
	return from, until
}

// closeLed sees to it that the logs of the seals tell where everything went that left
// a bag, and of nothing else.
func (c *census) closeLed() {
	split := slices.ContainsFunc(slices.Collect(maps.Keys(c.led)), func(key string) bool { return strings.HasPrefix(key, "BatchSplit ") })
	for _, name := range slices.Sorted(maps.Keys(c.verifier.bags)) {
		b := c.verifier.bags[name]
		if b.seals == 0 {
			continue
		}
		if log, told := c.led["BatchSplit "+name]; told {
			c.fault(Contradiction, log, "tells that batch %s was cut in two, but there is a bag of it", name)
		}
		log, told := c.led["RecordingsIsolated "+name]
		if delete(c.led, "RecordingsIsolated "+name); told && !b.led.recordings {
			c.fault(Contradiction, log, "tells that recordings of batch %s were isolated, its index.csv says otherwise", name)
		}
		if b.led.recordings && !told {
			c.fault(Contradiction, b.at(evidence.IndexTable), "says that recordings are isolated, no seal's log tells so (RecordingsIsolated)")
		}
		if at := b.at(evidence.ConversationsTable); !split {
			c.checkGroup(b, at, "ConversationsIsolated", b.led.conversations)
			c.checkGroup(b, at, "ConversationsMoved", b.led.moved)
		}
	}
	for key, log := range c.led {
		if name, ok := strings.CutPrefix(key, "RecordingsIsolated "); ok && c.verifier.bags[name] == nil {
			c.fault(Contradiction, log, "tells that recordings of batch %s were isolated, there is no bag of it", cut(name))
		}
	}
}

// checkGroup sees to it that a log tells that conversations left the group of a bag,
// if they did. A batch that was cut in two does not show its group.
func (c *census) checkGroup(b *bag, at, kind string, left bool) {
	if !left {
		return
	}
	lane := strings.ToLower(b.info["Lane"])
	place := strings.TrimPrefix(b.name, c.verifier.record.Name+"-"+lane+"-")
	for _, group := range []string{lane, "held", "isolated", "standard"} {
		if _, told := c.led[kind+" "+group+"-"+place]; told {
			return
		}
	}
	c.fault(Contradiction, at, "says that conversations are in another bag, no seal's log tells so (%s)", kind)
}
