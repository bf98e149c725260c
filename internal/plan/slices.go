package plan

import (
	"math"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// laneIndex is the place of a lane among all lanes, and whether it is one.
func laneIndex(lane slicing.Lane) (int, bool) {
	i := slices.Index(slicing.AllLanes[:], lane)
	return i, i >= 0
}

// SliceID names a slice of a plan: its lane, and its ordinal, from 0, among the slices of
// that lane. The slice's batch has both in its spec.
type SliceID struct {
	Lane    slicing.Lane
	Ordinal int
}

// sliceTable has the slices in the order of the plan.
type sliceTable struct {
	names nameTable
	// start is the instant from which starts are counted.
	start time.Time
	rows  []sliceRow
	// widths are the durations of slices; there are few.
	widths     []time.Duration
	widthIndex map[time.Duration]uint32
	// inLane are the places of each lane's slices in rows.
	inLane [len(slicing.AllLanes)][]int32
}

// sliceRow is a slice in 32 bytes.
type sliceRow struct {
	// offset of the start, in nanoseconds.
	offset int64
	// width is the place of its duration among widths.
	width         uint32
	recordings    uint32
	name          nameRow
	conversations uint16
	lane          uint8
}

func newSliceTable(export string, start time.Time) sliceTable {
	return sliceTable{names: nameTable{export: export}, start: start, widthIndex: map[time.Duration]uint32{}}
}

func (t *sliceTable) count() int { return len(t.rows) }

// add appends a slice that validateSlice has accepted.
func (t *sliceTable) add(s Slice) {
	lane, _ := laneIndex(s.Lane)
	place := min(len(t.rows), math.MaxInt32)
	t.inLane[lane] = append(t.inLane[lane], int32(place))
	t.rows = append(t.rows, sliceRow{
		offset: int64(s.Start.Sub(t.start)), width: t.widthOf(s.End.Sub(s.Start)), name: t.names.add(s),
		recordings: uint32(s.Recordings), conversations: uint16(s.Conversations), lane: uint8(lane), //nolint:gosec // validateSlice bounds them
	})
}

func (t *sliceTable) widthOf(width time.Duration) uint32 {
	if known, found := t.widthIndex[width]; found {
		return known
	}
	t.widthIndex[width] = uint32(len(t.widths)) //nolint:gosec // one for each slice at most
	t.widths = append(t.widths, width)
	return t.widthIndex[width]
}

// at returns the slice at a place in the plan.
func (t *sliceTable) at(place int) Slice {
	row := t.rows[place]
	s := Slice{
		Lane: slicing.AllLanes[row.lane], Start: t.start.Add(time.Duration(row.offset)).UTC(),
		Conversations: int(row.conversations), Recordings: int(row.recordings),
	}
	s.End = s.Start.Add(t.widths[row.width])
	s.Name, s.Group = t.names.at(row.name, s)
	return s
}

// SliceCount is how many slices the plan has.
func (l *Log) SliceCount() int { return l.slices.count() }

// SlicesIn is how many slices of a lane the plan has.
func (l *Log) SlicesIn(lane slicing.Lane) int {
	if i, isLane := laneIndex(lane); isLane {
		return len(l.slices.inLane[i])
	}
	return 0
}

// place returns the place of a slice in the plan, and whether there is such a slice.
func (l *Log) place(id SliceID) (int, bool) {
	lane, isLane := laneIndex(id.Lane)
	if !isLane || id.Ordinal < 0 || id.Ordinal >= len(l.slices.inLane[lane]) {
		return 0, false
	}
	return int(l.slices.inLane[lane][id.Ordinal]), true
}

// id names the slice at a place in the plan.
func (l *Log) id(place int) SliceID {
	lane := l.slices.rows[place].lane
	ordinal, _ := slices.BinarySearch(l.slices.inLane[lane], int32(place)) //nolint:gosec // places are int32
	return SliceID{slicing.AllLanes[lane], ordinal}
}

// SliceAt returns a slice of the plan. There must be one.
func (l *Log) SliceAt(id SliceID) Slice {
	place, _ := l.place(id)
	return l.slices.at(place)
}

// HasSlice reports whether the plan has a slice with this id, and under this name.
func (l *Log) HasSlice(id SliceID, name string) bool {
	place, found := l.place(id)
	return found && l.slices.at(place).Name == name
}

// EntryWith returns the number of the entry that led to a slice. There must be such a slice.
func (l *Log) EntryWith(id SliceID) int {
	place, _ := l.place(id)
	return l.entryWith(place)
}
