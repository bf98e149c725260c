package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

var everyLane = []slicing.Lane{slicing.Standard, slicing.LegalHold, slicing.LegalHoldScreen, slicing.Isolated}

func bag(lane slicing.Lane, from, to time.Time, gaps int64) evidence.FoundBag {
	return evidence.FoundBag{BagRef: evidence.BagRef{Name: fmt.Sprint(lane, from), Lane: lane, Start: from, End: to}, Seal: 1, Gaps: gaps}
}

// TestAYearInHours: the picture has some hundred marks, the page stays small, and
// the one gap of the year is to be seen.
func TestAYearInHours(t *testing.T) {
	const hours = 365 * 24
	r := everywhere(t, "x")
	r.Account.Until, r.Account.Number, r.Findings.Bags, r.Findings.Unbatched = hour(hours), 365, nil, nil
	for n := range hours {
		for _, lane := range everyLane {
			r.Findings.Bags = append(r.Findings.Bags, bag(lane, hour(n), hour(n+1), 0))
		}
	}
	r.Findings.Bags[4*5000].Gaps = 1
	v := r.view()
	marks, gaps := 0, 0
	for _, track := range v.Picture.Tracks {
		for _, b := range track.Bars {
			marks++
			if b.Class == "gap" {
				gaps++
				if b.W < leastGap || b.Flag == "" {
					t.Errorf("the gap is drawn as %+v", b)
				}
			}
		}
	}
	if gaps != 1 || marks > 4*mostColumns || marks < 100 {
		t.Errorf("%d marks, %d of gaps", marks, gaps)
	}
	if len(v.Periods) > mostRows || len(v.Picture.Ticks) > mostTicks+1 {
		t.Errorf("%d rows, %d dates", len(v.Periods), len(v.Picture.Ticks))
	}
	const most = 150_000 // bytes
	if page := written(t, r); len(page) > most || !strings.Contains(page, "each bar stands for all slices that begin within 7 days") {
		t.Errorf("the page has %d bytes", len(page))
	}
}

// TestWhatIsAhead is drawn as such, unless it would push the rest together.
func TestWhatIsAhead(t *testing.T) {
	all := tracks(evidence.Findings{Bags: []evidence.FoundBag{bag(slicing.Standard, hour(0), hour(1), 0)}})
	if p := draw(all, hour(0), hour(24), hour(48)); p.Ahead == nil || p.Ahead.X != round(labelWidth+(pictureWidth-labelWidth-rightMargin)/2) {
		t.Errorf("ahead is %+v", p.Ahead)
	}
	for name, end := range map[string]time.Time{"nothing": hour(24), "no end": {}, "far": hour(24 * 365)} {
		if p := draw(all, hour(0), hour(24), end); p.Ahead != nil {
			t.Errorf("%s: ahead is %+v", name, p.Ahead)
		}
	}
}

// hair is what shows of the ground between neighbours, and what rounding takes.
const hair = 1.3

// TestGapsAreSeen: whatever the bags, there are few marks, all inside the picture,
// and where a bag with a gap begins there is a mark of a gap.
func TestGapsAreSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		until := rapid.IntRange(1, 20000).Draw(t, "hours")
		f := evidence.Findings{}
		for range rapid.IntRange(1, 600).Draw(t, "bags") {
			from := rapid.IntRange(0, until-1).Draw(t, "from")
			to := from + rapid.IntRange(1, 48).Draw(t, "width")
			lane := rapid.SampledFrom(everyLane).Draw(t, "lane")
			f.Bags = append(f.Bags, bag(lane, hour(from), hour(to), max(0, rapid.Int64Range(-20, 2).Draw(t, "gaps"))))
		}
		p := draw(tracks(f), hour(0), hour(until), hour(until))
		marks := 0
		seen := map[text][]bar{}
		for _, track := range p.Tracks {
			marks += len(track.Bars)
			for _, b := range track.Bars {
				if b.X < labelWidth || b.X+b.W > pictureWidth-rightMargin+leastGap || b.W <= 0 {
					t.Fatalf("a mark beyond the picture: %+v", b)
				}
				if b.Class == "gap" {
					seen[track.Name] = append(seen[track.Name], b)
				}
			}
		}
		if marks > max(mostMarks, 4*(mostColumns+1)) {
			t.Fatalf("%d marks", marks)
		}
		s := scale{hour(0), hour(until)}
		for _, bag := range f.Bags {
			if bag.Gaps == 0 {
				continue
			}
			x, found := s.x(bag.Start), false
			for _, b := range seen[laneIn(shortLanes, bag.Lane)] {
				found = found || b.X-hair <= x && x <= b.X+b.W+hair
			}
			if !found {
				t.Fatalf("the gap of %v at %v is not drawn: %+v", bag.BagRef, x, seen)
			}
		}
		rows, _ := periods(tracks(f), hour(0), hour(until))
		if len(rows) > mostRows {
			t.Fatalf("%d rows", len(rows))
		}
	})
}

// TestPeriodsOfAWindowThatBeginsOffTheHour: what is counted from before it is in the
// first row, and what is dated nowhere is said to be.
func TestPeriodsOfAWindowThatBeginsOffTheHour(t *testing.T) {
	r := everywhere(t, "x")
	r.Account.From, r.Account.Until, r.Account.Gaps = hour(8).Add(30*time.Minute), hour(20), 3
	r.Findings.Bags, r.Findings.Gaps = nil, []evidence.ReasonCount{{Reason: evidence.ReasonConversationOpen, Conversations: 3}}
	r.Findings.Unbatched = []evidence.UnbatchedHour{{Hour: hour(8), Excluded: 3, Gaps: 2}}
	v := r.view()
	if first := v.Periods[0]; first.From != "1 Oct 2023, 08:30" || first.Left != 3 || first.Gaps != 2 || v.Undated != 1 {
		t.Errorf("the first row is %+v; %d gaps are not dated", first, v.Undated)
	}
	if page := written(t, r); !strings.Contains(page, `This table does not count <strong><data value="1">1</data></strong> of the gaps`) {
		t.Error("the page does not say that a gap is not in the table")
	}
}

// TestPeriodsAddUp: the table counts every gap and bag once.
func TestPeriodsAddUp(t *testing.T) {
	f := evidence.Findings{Unbatched: []evidence.UnbatchedHour{{Hour: hour(47), Excluded: 3, Gaps: 2}}}
	for n := range 48 {
		b := bag(everyLane[n%4], hour(n), hour(n+1), int64(n%2))
		b.Exported = 10
		f.Bags = append(f.Bags, b)
	}
	rows, every := periods(tracks(f), hour(0), hour(48))
	sum := period{Lanes: make([]held, 4)}
	for _, row := range rows {
		sum.Gaps += row.Gaps
		sum.Left += row.Left
		for i, lane := range row.Lanes {
			sum.Lanes[i].Bags += lane.Bags
			sum.Lanes[i].Exported += lane.Exported
		}
	}
	want := fmt.Sprint([]held{{12, 120}, {12, 120}, {12, 120}, {12, 120}}, 26, 3, "2 hours", 24)
	if got := fmt.Sprint(sum.Lanes, sum.Gaps, sum.Left, every, len(rows)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
