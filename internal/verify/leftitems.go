package verify

import (
	"slices"
	"strings"
	"time"
)

// leftItems tell what left a bag for another one.
type leftItems struct {
	// moved: conversations, because their legal hold had changed; conversations, for
	// the lane Isolated; recordings, for the lane Isolated.
	moved, conversations, recordings bool
}

func leftIn(t tables) leftItems {
	var led leftItems
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
		v.fault(Malformed, b.bagPath(bagInfo), "states %q as the part of the window of the bag: this is not a part of a window", cut(text))
	}
	return from, until
}
