package bulk

import (
	"fmt"
	"strings"
)

// Counts are how many conversations and recordings a job is about.
type Counts struct {
	Conversations, Recordings int
}

// Totals are the numbers that Genesys Cloud says about a job that is READY.
type Totals struct {
	Conversations int
	// Recordings that the job is about. It is not documented whether the skipped ones are among them.
	Recordings int
	// Skipped recordings are left out, for example because they contain sensitive data or are
	// archived.
	Skipped int
}

// Listed is a recording as the inventory of a batch lists it, whether or not its medium is exported.
type Listed struct {
	Recording
	Screen bool
	// Available tells that its file can be exported now. It is not documented whether a job finds
	// recordings whose file is, for example, archived or deleted.
	Available bool
}

// Media are the recordings that a job asks for.
type Media int

// The media of jobs.
const (
	AllMedia Media = iota
	NoScreens
	OnlyScreens
)

// Has reports whether a job asks for a recording.
func (m Media) Has(r Listed) bool { return m == AllMedia || r.Screen == (m == OnlyScreens) }

// Expected is what a job has to find. It finds at least the recordings that are available, and at
// most all that are listed.
type Expected struct {
	Least, Most Counts
}

// Expect counts what a job has to find that names some conversations. A conversation without a
// recording that the job asks for must not be named: it is not documented whether it is counted.
func Expect(inventory []Listed, media Media) Expected {
	var least, most []Listed
	for _, r := range inventory {
		if !media.Has(r) {
			continue
		}
		most = append(most, r)
		if r.Available {
			least = append(least, r)
		}
	}
	return Expected{Least: count(least), Most: count(most)}
}

// count counts each conversation and each recording once.
func count(listed []Listed) Counts {
	conversations, recordings := map[string]bool{}, map[Recording]bool{}
	for _, r := range listed {
		conversations[r.ConversationID] = true
		recordings[r.Recording] = true
	}
	return Counts{len(conversations), len(recordings)}
}

// Difference is what a job has found besides what it should.
type Difference struct {
	Found    Totals
	Expected Expected
}

// Compare compares what a job has found with the inventory. A recording that the job skips was
// found, too: it is downloaded like everything else that the job does not export.
func Compare(job Totals, expected Expected) Difference {
	return Difference{Found: job, Expected: expected}
}

// None reports whether the job has found what it should.
func (d Difference) None() bool { return !d.More() && !d.Less() }

// More reports whether the job has found something that the inventory does not list, such as
// recordings that became known after it was written.
func (d Difference) More() bool {
	return d.Found.Conversations > d.Expected.Most.Conversations || d.hasOtherRecordings() && d.Found.Recordings+d.Found.Skipped > d.Expected.Most.Recordings
}

// Less reports whether the job has not found something that the inventory lists. A job may have
// found both more and less.
func (d Difference) Less() bool {
	return d.Found.Conversations < d.Expected.Least.Conversations || d.hasOtherRecordings() && d.Found.Recordings < d.Expected.Least.Recordings
}

// hasOtherRecordings reports whether the number of recordings is wrong, with the skipped ones and
// without them.
func (d Difference) hasOtherRecordings() bool {
	return !d.isPossible(d.Found.Recordings) && !d.isPossible(d.Found.Recordings+d.Found.Skipped)
}

func (d Difference) isPossible(recordings int) bool {
	return recordings >= d.Expected.Least.Recordings && recordings <= d.Expected.Most.Recordings
}

// Exports returns how many recordings the job exports, without those that it skips. If there would
// be more than the inventory lists, the skipped ones are among its recordings.
func (d Difference) Exports() int {
	if d.Found.Recordings+d.Found.Skipped > d.Expected.Most.Recordings {
		return d.Found.Recordings - d.Found.Skipped
	}
	return d.Found.Recordings
}

// String tells both numbers of what differs, for a person. It is empty if nothing does.
func (d Difference) String() string {
	var parts []string
	least, most := d.Expected.Least, d.Expected.Most
	if n := d.Found.Conversations; n < least.Conversations || n > most.Conversations {
		parts = append(parts, fmt.Sprintf("the job found %d conversations, the inventory lists %s", n, bounds(least.Conversations, most.Conversations)))
	}
	if d.hasOtherRecordings() {
		found := fmt.Sprintf("the job found %d recordings", d.Found.Recordings)
		if d.Found.Skipped > 0 {
			found += fmt.Sprintf(" and skips %d", d.Found.Skipped)
		}
		parts = append(parts, found+", the inventory lists "+bounds(least.Recordings, most.Recordings))
	}
	return strings.Join(parts, "; ")
}

// bounds tells how many recordings or conversations the inventory lists.
func bounds(least, most int) string {
	if least == most {
		return fmt.Sprint(most)
	}
	return fmt.Sprintf("%d, of which %d are available", most, least)
}
