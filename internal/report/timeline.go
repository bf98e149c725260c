package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Bounds of the picture: with more slices than that, slices are drawn together.
const (
	mostMarks = 300
	// mostColumns times the five tracks is how many marks there are then at most.
	mostColumns = 100
	// mostRows bounds the table that says the same.
	mostRows = 31
	// mostTicks bounds the dates below the picture.
	mostTicks = 6
)

// Geometry of the picture, in the units of its view box.
const (
	pictureWidth = 1000.0
	labelWidth   = 165.0
	rightMargin  = 15.0
	trackTop     = 22.0
	trackHeight  = 26.0
	trackPitch   = 52.0
	axisHeight   = 46.0
	// leastWidth keeps a mark visible however short its slice is.
	leastWidth = 2.0
	// leastGap keeps a gap visible among a hundred others.
	leastGap = 5.0
)

// span is a part of a track: slices with the same bounds, or columns of many.
type span struct {
	start, end time.Time
	bags       int64
	exported   int64
	gaps       int64
	excluded   int64
}

func (s *span) add(other span) {
	s.bags += other.bags
	s.exported += other.exported
	s.gaps += other.gaps
	s.excluded += other.excluded
}

// track is a line of the picture: a lane, or what is in no bag.
type track struct {
	lane  slicing.Lane
	name  text
	spans []span
}

// noBag is the track of what is in no bag.
const noBag slicing.Lane = ""

// tracks sorts bags and conversations in no bag into tracks. Only lanes that contain
// something have one.
func tracks(f evidence.Findings) []track {
	byLane := map[slicing.Lane][]span{}
	for _, b := range f.Bags {
		byLane[b.Lane] = append(byLane[b.Lane], span{b.Start, b.End, 1, b.Exported, b.Gaps, b.Excluded})
	}
	for _, h := range f.Unbatched {
		byLane[noBag] = append(byLane[noBag], span{h.Hour, h.Hour.Add(time.Hour), 0, 0, h.Gaps, h.Excluded})
	}
	var out []track
	for _, lane := range append(slicing.AllLanes[:], noBag) {
		name := laneIn(shortLanes, lane)
		if lane == noBag {
			name = "In no bag"
		}
		if spans := byLane[lane]; len(spans) > 0 {
			out = append(out, track{lane, name, merge(spans)})
		}
	}
	return out
}

// merge draws slices with the same bounds as one, in order.
func merge(spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Or(a.start.Compare(b.start), a.end.Compare(b.end)) })
	var out []span
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && out[last].start.Equal(s.start) && out[last].end.Equal(s.end) {
			out[last].add(s)
			continue
		}
		out = append(out, s)
	}
	return out
}

// steps are widths of columns that people know.
var steps = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour,
	6 * time.Hour, 12 * time.Hour, day, 2 * day, week, 2 * week, 4 * week, 13 * week, 52 * week,
}

const (
	day  = 24 * time.Hour
	week = 7 * day
)

// step is the least width, of those that people know, by which so many cover a span.
func step(of time.Duration, most int) time.Duration {
	for _, width := range steps {
		if of <= width*time.Duration(most) {
			return width
		}
	}
	last := steps[len(steps)-1]
	return last * time.Duration(math.Ceil(float64(of)/float64(last)/float64(most)))
}

// columns draws spans together that begin in the same column.
func columns(spans []span, from time.Time, width time.Duration) []span {
	cut := make([]span, len(spans))
	for i, s := range spans {
		start := from.Add(s.start.Sub(from) / width * width)
		cut[i] = span{start, start.Add(width), s.bags, s.exported, s.gaps, s.excluded}
	}
	return merge(cut)
}

// picture is the timeline as it is drawn.
type picture struct {
	Width, Height float64
	Says          text
	Drawn         text
	Tracks        []drawnTrack
	Ticks         []tick
	Axis, Left    float64
	Right         float64
	// Ahead is the part of the window that no seal covers yet, nil if there is none.
	Ahead *bar
}

type drawnTrack struct {
	Name      text
	Y, LabelY float64
	H, X, W   float64
	Bars      []bar
}

// bar is a mark of the picture. Gaps are drawn in another form than the rest, not
// in another colour alone.
type bar struct {
	X, Y, W, H float64
	Class      string
	// Flag is the path of the sign above a gap.
	Flag  text
	Title text
}

type tick struct {
	X      float64
	Label  text
	Below  text
	Anchor string
}

// scale maps times to the picture.
type scale struct{ from, until time.Time }

func (s scale) x(t time.Time) float64 {
	whole, part := s.until.Sub(s.from), t.Sub(s.from)
	share := min(1, max(0, float64(part)/float64(max(whole, 1))))
	return round(labelWidth + share*(pictureWidth-labelWidth-rightMargin))
}

func round(x float64) float64 { return math.Round(x*10) / 10 }

// draw draws the window from its begin to where the seals reach, and what of it is
// still ahead until end, which may be zero.
func draw(all []track, from, until, end time.Time) picture {
	all, drawn := together(all, from, until)
	last := until
	if end.After(until) && end.Sub(from) < 4*until.Sub(from) {
		last = end
	}
	s := scale{from, last}
	p := picture{Width: pictureWidth, Drawn: drawn, Left: labelWidth, Right: pictureWidth - rightMargin}
	for i, t := range all {
		p.Tracks = append(p.Tracks, s.track(t, trackTop+float64(i)*trackPitch, until))
	}
	p.Axis = trackTop + float64(max(len(all), 1)-1)*trackPitch + trackHeight + 8
	p.Height = p.Axis + axisHeight
	if last.After(until) {
		x := s.x(until)
		p.Ahead = &bar{X: x, Y: trackTop - 10, W: round(p.Right - x), H: p.Axis - trackTop + 10, Title: words("Not covered yet: from %s", minute(until))}
	}
	p.Ticks = s.ticks()
	return p
}

// together draws slices together if there are too many, and says so.
func together(all []track, from, until time.Time) ([]track, text) {
	marks := 0
	for _, t := range all {
		marks += len(t.spans)
	}
	if marks <= mostMarks {
		return all, "Each bar is one slice of the window."
	}
	width := step(until.Sub(from), mostColumns)
	out := make([]track, len(all))
	for i, t := range all {
		out[i] = track{t.lane, t.name, columns(t.spans, from, width)}
	}
	return out, words("The window has too many slices for a bar each: each bar stands for all slices that begin within %s.", lasting(width.String()))
}

func (s scale) track(t track, y float64, until time.Time) drawnTrack {
	out := drawnTrack{
		Name: t.name, Y: y, LabelY: round(y + trackHeight/2 + 5), H: trackHeight, X: labelWidth, W: round(s.x(until) - labelWidth),
	}
	// Gaps come last, so that nothing is drawn over them.
	for _, gaps := range []bool{false, true} {
		for _, part := range t.spans {
			if part.gaps > 0 == gaps {
				out.Bars = append(out.Bars, s.bar(t, part, y))
			}
		}
	}
	return out
}

func (s scale) bar(t track, part span, y float64) bar {
	x, end := s.x(part.start), s.x(part.end)
	// A hair of the ground shows between neighbours.
	b := bar{X: x, Y: y, W: round(max(leastWidth, end-x-1)), H: trackHeight, Class: "whole", Title: part.says(t)}
	switch {
	case part.gaps > 0:
		b.Class, b.W = "gap", round(max(leastGap, b.W))
		middle := round(b.X + b.W/2)
		b.Flag = words("M%.1f %.1fl-5 -9h10z", middle, y-2)
	case t.lane == noBag:
		b.Class = "out"
	}
	return b
}

// says is the text for the mark of a part.
func (s span) says(t track) text {
	what := words("%s, %s until %s: ", t.name, minute(s.start), minute(s.end))
	if t.lane == noBag {
		return what + words("%s excluded by the request, %s", of(s.excluded, "conversation", "conversations"), of(s.gaps, "gap", "gaps"))
	}
	return what + words("%s, %s exported, %s", of(s.bags, "bag", "bags"), of(s.exported, "recording", "recordings"), of(s.gaps, "gap", "gaps"))
}

// ticks dates the axis at its begin and, from there, at every step of a width that
// people know. Its end has a date only if a step ends there.
func (s scale) ticks() []tick {
	width := step(s.until.Sub(s.from), mostTicks)
	var out []tick
	for at := s.from; !at.After(s.until); at = at.Add(width) {
		at = at.UTC()
		t := tick{X: s.x(at), Label: text(at.Format("2 Jan 2006")), Anchor: "middle"}
		if t.X > pictureWidth-labelWidth/4 {
			t.Anchor = "end"
		}
		if width < day {
			t.Below = text(at.Format("15:04"))
		}
		out = append(out, t)
	}
	return out
}
