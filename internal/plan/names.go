package plan

import (
	"math"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// nameTable has the names and groups of slices. Most follow from the export, the lane and
// the start, but for a few bytes at their end: only these are kept.
type nameTable struct {
	export string
	text   []byte
}

// nameRow tells where a slice's name and group are in the text: first the name, then the
// group.
type nameRow struct {
	at uint32
	// nameLength and groupLength are how many bytes of each are in the text.
	nameLength, groupLength uint8
	form                    nameForm
}

// nameForm tells what a name and a group begin with.
type nameForm uint8

const (
	// nameFollows: the name begins with what follows from export, lane and start.
	nameFollows nameForm = 1 << iota
	// groupFollows: so does the group, and it ends as the name does. Nothing of it is in
	// the text.
	groupFollows
)

// beginnings are what the name and the group of a slice begin with, as a rule: those of the
// first piece of its part of the window.
func (t *nameTable) beginnings(s Slice) (name, group string) {
	first := slicing.Slice{Lane: s.Lane, Start: s.Start}
	return first.Name(t.export), first.Group()
}

// hasRoom reports whether names and groups of so many more slices can be kept.
func (t *nameTable) hasRoom(slices int) bool {
	return len(t.text)+slices*2*math.MaxUint8 <= math.MaxUint32
}

// add keeps the name and the group of a slice, none of them longer than 255 bytes.
func (t *nameTable) add(s Slice) nameRow {
	row := nameRow{at: uint32(len(t.text))} //nolint:gosec // hasRoom bounds it
	nameBegin, groupBegin := t.beginnings(s)
	end, follows := strings.CutPrefix(s.Name, nameBegin)
	if follows {
		row.form |= nameFollows
	}
	group := s.Group
	if follows && group == groupBegin+end {
		row.form, group = row.form|groupFollows, ""
	}
	row.nameLength, row.groupLength = uint8(len(end)), uint8(len(group)) //nolint:gosec // validateName bounds them
	t.text = append(append(t.text, end...), group...)
	return row
}

// at returns the name and the group of a slice whose lane and start are set.
func (t *nameTable) at(row nameRow, s Slice) (name, group string) {
	end := row.at + uint32(row.nameLength)
	name, group = string(t.text[row.at:end]), string(t.text[end:end+uint32(row.groupLength)])
	nameBegin, groupBegin := t.beginnings(s)
	if row.form&groupFollows != 0 {
		group = groupBegin + name
	}
	if row.form&nameFollows != 0 {
		name = nameBegin + name
	}
	return name, group
}
