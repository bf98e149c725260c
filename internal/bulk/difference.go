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
	// Recordings that the job is going to export.
	Recordings int
	// Skipped recordings are left out, for example because they contain sensitive data or
	// are archived.
	Skipped int
}

// Listed is a recording as the inventory of a batch lists it, whether or not its medium is
// exported and whatever its file state is.
type Listed struct {
	Recording
	Screen bool
}

// Expect counts what a job has to find that names some conversations: all of their recordings,
// those of screens only if the job asks for them. A conversation without any such recording is
// not counted, and must not be named: it is not documented whether Genesys Cloud counts it.
func Expect(inventory []Listed, screens bool) Counts {
	conversations, recordings := map[string]bool{}, map[Recording]bool{}
	for _, r := range inventory {
		if screens || !r.Screen {
			conversations[r.ConversationID] = true
			recordings[r.Recording] = true
		}
	}
	return Counts{len(conversations), len(recordings)}
}

// Difference is what a job has found besides what it should.
type Difference struct {
	Found, Expected Counts
}

// Compare compares what a job has found with the inventory. A recording that the job skips was
// found, too: it is downloaded like everything else that the job does not export.
func Compare(job Totals, expected Counts) Difference {
	return Difference{Found: Counts{job.Conversations, job.Recordings + job.Skipped}, Expected: expected}
}

// None reports whether the job has found exactly what it should.
func (d Difference) None() bool { return d.Found == d.Expected }

// More reports whether the job has found something that the inventory does not list, such as
// recordings that became known after it was written.
func (d Difference) More() bool {
	return d.Found.Conversations > d.Expected.Conversations || d.Found.Recordings > d.Expected.Recordings
}

// Less reports whether the job has not found something that the inventory lists. A job may have
// found both more and less.
func (d Difference) Less() bool {
	return d.Found.Conversations < d.Expected.Conversations || d.Found.Recordings < d.Expected.Recordings
}

// String tells both numbers of what differs, for a person. It is empty if nothing does.
func (d Difference) String() string {
	var parts []string
	add := func(found, expected int, what string) {
		if found != expected {
			parts = append(parts, fmt.Sprintf("the job found %d %s, the inventory lists %d", found, what, expected))
		}
	}
	add(d.Found.Conversations, d.Expected.Conversations, "conversations")
	add(d.Found.Recordings, d.Expected.Recordings, "recordings")
	return strings.Join(parts, "; ")
}
