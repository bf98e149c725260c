package bulk

import (
	"fmt"
	"strconv"
	"strings"
)

// Part is a range of the conversations of a batch, in the order of their ids: those from First
// on, before End. Each part has a job of its own.
type Part struct {
	First, End int
}

// Whole is the part of all n conversations of a batch.
func Whole(n int) Part { return Part{0, n} }

// Count is how many conversations a part has.
func (p Part) Count() int { return p.End - p.First }

// Single reports whether the part is one conversation, which cannot be halved.
func (p Part) Single() bool { return p.Count() == 1 }

// Name names the part. The same conversations have the same name in every process.
func (p Part) Name() string { return fmt.Sprintf("%d-%d", p.First, p.End) }

// ParsePart reads what Name wrote.
func ParsePart(name string) (Part, bool) {
	first, end, found := strings.Cut(name, "-")
	if !found {
		return Part{}, false
	}
	var p Part
	var errFirst, errEnd error
	p.First, errFirst = strconv.Atoi(first)
	p.End, errEnd = strconv.Atoi(end)
	ok := errFirst == nil && errEnd == nil && p.First >= 0 && p.First < p.End && p.Name() == name
	return p, ok
}

// Halves cuts a part in two. The first half is the larger one of an odd number. There are none
// of a part of fewer than two conversations.
func (p Part) Halves() (halves [2]Part, ok bool) {
	if p.Count() < 2 {
		return halves, false
	}
	middle := p.First + (p.Count()+1)/2
	return [2]Part{{p.First, middle}, {middle, p.End}}, true
}

// Leaves returns the parts of a batch that have a job, in order, and the conversations, as
// parts of one, that no job exports because the job of each alone has failed. failed tells of
// which parts the job has failed. A part of more than most conversations is halved before it
// has a job; most is at least 1. Together, the leaves are all conversations of the batch, each
// once.
func Leaves(whole Part, most int, failed func(Part) bool) (jobs, alone []Part) {
	parts := []Part{whole}
	for len(parts) > 0 {
		part := parts[len(parts)-1]
		parts = parts[:len(parts)-1]
		tooLarge := part.Count() > max(1, most)
		halves, divisible := part.Halves()
		switch {
		case part.Count() < 1:
		case !tooLarge && !failed(part):
			jobs = append(jobs, part)
		case divisible:
			parts = append(parts, halves[1], halves[0])
		default:
			alone = append(alone, part)
		}
	}
	return jobs, alone
}
