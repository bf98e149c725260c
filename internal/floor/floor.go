// Package floor counts the least number of calls to Genesys Cloud that an export
// can do with, so that what it did can be measured against something.
package floor

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// What one call can carry (Platform API), and what one is split into.
const (
	surveyPage     = 1000
	holdQuery      = 100
	request        = 100
	screenRequest  = 10
	pollsPerJob    = 2
	callsPerSurvey = 3 // availability, submission, deletion
)

// Conversation is what the floor must know of a conversation.
type Conversation struct {
	slicing.Conversation
	// Screens and Others count its recordings that are to be exported.
	Screens, Others int
}

// Bill counts calls by what they are for. Login and media are not among them:
// they do not count against the request budget.
type Bill struct {
	// Identity: one probe of the login.
	Identity int
	// Survey: per UTC day the availability, one job, two polls, pages of 1,000, its
	// deletion. The review before sealing, which asks once more, is not among them.
	Survey int
	// Holds: in hundreds, once per day at the survey, and once per slice before
	// transfer, which the hold lanes of a slice share.
	Holds int
	// Metadata: one call per conversation.
	Metadata int
	// Requests: batch requests of 100 recordings, of 10 for screen recordings under legal hold.
	Requests int
	// Polls: two per batch request.
	Polls int
}

// Total is the number of all calls.
func (b Bill) Total() int {
	return b.Identity + b.Survey + b.Holds + b.Metadata + b.Requests + b.Polls
}

// Calls counts the calls for the conversations of a window.
func Calls(spec slicing.Spec, conversations []Conversation) (Bill, error) {
	bill := Bill{Identity: 1}
	bill.addSurveys(spec, conversations)
	known := make(map[string]Conversation, len(conversations))
	plain := make([]slicing.Conversation, len(conversations))
	for i, c := range conversations {
		known[c.ID], plain[i] = c, c.Conversation
		if spec.Scope.Takes(c.Held) {
			bill.Metadata++
		}
	}
	cut, err := slicing.Split(spec, 0, plain)
	groups := map[string]bool{}
	for _, slice := range cut {
		bill.addSlice(slice, known, groups)
	}
	return bill, err
}

func (b *Bill) addSurveys(spec slicing.Spec, conversations []Conversation) {
	perDay := map[time.Time]int{}
	for at := spec.Start.UTC().Truncate(24 * time.Hour); at.Before(spec.End); at = at.AddDate(0, 0, 1) {
		perDay[at] = 0
	}
	for _, c := range conversations {
		perDay[c.Start.UTC().Truncate(24*time.Hour)]++
	}
	for _, n := range perDay {
		b.Survey += callsPerSurvey + pollsPerJob + max(1, parts(n, surveyPage))
		b.Holds += parts(n, holdQuery)
	}
}

// addSlice adds a slice's requests, and its hold queries if its group has none yet.
func (b *Bill) addSlice(slice slicing.Slice, known map[string]Conversation, groups map[string]bool) {
	wanted, size := 0, request
	for _, c := range slice.Conversations {
		switch slice.Lane {
		case slicing.LegalHoldScreen:
			wanted, size = wanted+known[c.ID].Screens, screenRequest
		case slicing.LegalHold:
			wanted += known[c.ID].Others
		default:
			wanted += known[c.ID].Screens + known[c.ID].Others
		}
	}
	if wanted == 0 {
		return
	}
	if group := slice.Group(); !groups[group] {
		groups[group] = true
		b.Holds += parts(len(slice.Conversations), holdQuery)
	}
	b.Requests += parts(wanted, size)
	b.Polls += pollsPerJob * parts(wanted, size)
}

// parts is how many parts of a size n things make.
func parts(n, size int) int { return (n + size - 1) / size }
