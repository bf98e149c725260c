package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Time is a moment in UTC, to the second: 2025-01-02T03:04:05Z.
func Time(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// Duration is a time span, which is not negative: 24 h, 1 h 30 min, 90 s. From two minutes on it
// leaves out fractions of a second.
func Duration(d time.Duration) string {
	d = max(d, 0).Round(time.Millisecond)
	if d < 2*time.Minute && d != time.Minute {
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s"
	}
	var parts []string
	d = d.Round(time.Second)
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if n := d / unit.size; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
		}
		d %= unit.size
	}
	return strings.Join(parts, " ")
}
