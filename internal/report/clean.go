package report

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// text is text that is fit for the page.
type text string

// Bounds of text from outside, in runes.
const (
	longName  = 120
	longText  = 300
	longTerms = 4000
)

// clean makes text fit for the page: at most so many runes, none of which is
// invisible, controls a terminal or turns the direction of writing.
func clean(s string, most int) text { return text(evidence.Printable(s, most)) }

// words makes a sentence of our own, whose parts are fit for the page.
func words(format string, parts ...any) text { return text(fmt.Sprintf(format, parts...)) }

// when is a time as people read it, in UTC, to the second.
func when(t time.Time) text {
	if t.IsZero() {
		return "not known"
	}
	return text(t.UTC().Format("2 January 2006, 15:04:05 UTC"))
}

// minute is the same to the minute, for the bounds of slices.
func minute(t time.Time) text {
	if t.IsZero() {
		return "not known"
	}
	return text(t.UTC().Format("2 January 2006, 15:04 UTC"))
}

// short is the same for tables whose heads say that times are in UTC.
func short(t time.Time) text {
	if t.IsZero() {
		return "not known"
	}
	return text(t.UTC().Format("2 Jan 2006, 15:04"))
}

// amount is a number as people read it, and as programs do.
type amount int64

// String groups the digits by three.
func (a amount) String() string { return humanize.Comma(int64(a)) }

// Raw is the number in digits alone.
func (a amount) Raw() int64 { return int64(a) }

// of is an amount of things: one file, two files.
func of(n int64, one, many string) text {
	if n == 1 {
		many = one
	}
	return words("%s %s", amount(n), many)
}

// size is a number of bytes, which is not negative, rounded.
func size(n int64) text { return text(humanize.Bytes(uint64(n))) } //nolint:gosec // not negative

// lasting is a duration as people say it, from how Go writes it.
func lasting(goes string) text {
	d, err := time.ParseDuration(goes)
	if err != nil {
		return clean(goes, longName)
	}
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "no time"
	case d%day == 0:
		return of(int64(d/day), "day", "days")
	case d%time.Hour == 0:
		return of(int64(d/time.Hour), "hour", "hours")
	case d%time.Minute == 0:
		return of(int64(d/time.Minute), "minute", "minutes")
	default:
		return text(d.String())
	}
}
