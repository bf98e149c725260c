package report

import (
	"math"
	"time"
)

// period is a row of the table that says what the picture shows.
type period struct {
	From, Until text
	Lanes       []held
	// Left out, and in no bag.
	Left amount
	Gaps amount
}

// held is what the bags of a lane contain.
type held struct{ Bags, Exported amount }

// periods sums up the tracks by rows of a width that people know, which is at
// least that of a slice. What begins outside of the rows counts in the nearest, so
// that they add up to the account.
func periods(all []track, from, until time.Time) ([]period, text) {
	width := max(step(until.Sub(from), mostRows), leastSlice(all))
	var rows []period
	for at := from; len(rows) == 0 || at.Before(until); at = at.Add(width) {
		rows = append(rows, period{From: short(at), Until: short(earlier(at.Add(width), until))})
	}
	for _, t := range all {
		cells := make([]span, len(rows))
		for _, s := range t.spans {
			cells[min(max(0, int(s.start.Sub(from)/width)), len(cells)-1)].add(s)
		}
		for n, cell := range cells {
			rows[n].Gaps += amount(cell.gaps)
			if t.lane == noBag {
				rows[n].Left = amount(cell.excluded)
				continue
			}
			rows[n].Lanes = append(rows[n].Lanes, held{amount(cell.bags), amount(cell.exported)})
		}
	}
	return rows, lasting(width.String())
}

// leastSlice is the width of the narrowest slice, an hour at least.
func leastSlice(all []track) time.Duration {
	least := time.Duration(math.MaxInt64)
	for _, t := range all {
		for _, s := range t.spans {
			if t.lane != noBag {
				least = min(least, s.end.Sub(s.start))
			}
		}
	}
	if least == math.MaxInt64 {
		return time.Hour
	}
	return max(least, time.Hour)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
