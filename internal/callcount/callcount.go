// Package callcount counts the least number of calls to Genesys Cloud that an export
// needs, so that benchmarks can compare the calls of an export with it.
package callcount

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

// Conversation is a conversation and the numbers of its recordings.
type Conversation struct {
	slicing.Conversation
	// Screens and Others count its recordings that are exported.
	Screens, Others int
}

// Counts counts calls by their purpose. Logins and media are not included, because they do
// not use the request budget.
type Counts struct {
	// Identity: one call that checks the login.
	Identity int
	// Survey: for each UTC day the availability, one job, two polls, pages of 1,000, and its
	// deletion. The review before sealing, which surveys once more, is not included.
	Survey int
	// Holds: queries for 100 conversations each, once for each day in the survey, and once
	// for each slice before transfer, which the hold lanes of a slice share.
	Holds int
	// Metadata: one call per conversation.
	Metadata int
	// Requests: batch requests of 100 recordings, of 10 for screen recordings under legal hold.
	Requests int
	// Polls: two per batch request.
	Polls int
}

// Total is the number of all calls.
func (c Counts) Total() int {
	return c.Identity + c.Survey + c.Holds + c.Metadata + c.Requests + c.Polls
}

// Minimum returns the least number of calls for the conversations of a window.
func Minimum(spec slicing.Spec, conversations []Conversation) (Counts, error) {
	counts := Counts{Identity: 1}
	counts.addSurveys(spec, conversations)
	known := make(map[string]Conversation, len(conversations))
	plain := make([]slicing.Conversation, len(conversations))
	for i, c := range conversations {
		known[c.ID], plain[i] = c, c.Conversation
		if spec.Scope.Takes(c.Held) {
			counts.Metadata++
		}
	}
	cut, err := slicing.Split(spec, 0, plain)
	groups := map[string]bool{}
	for _, slice := range cut {
		counts.addSlice(slice, known, groups)
	}
	return counts, err
}

func (c *Counts) addSurveys(spec slicing.Spec, conversations []Conversation) {
	perDay := map[time.Time]int{}
	for at := spec.Start.UTC().Truncate(24 * time.Hour); at.Before(spec.End); at = at.AddDate(0, 0, 1) {
		perDay[at] = 0
	}
	for _, of := range conversations {
		perDay[of.Start.UTC().Truncate(24*time.Hour)]++
	}
	for _, n := range perDay {
		c.Survey += callsPerSurvey + pollsPerJob + max(1, parts(n, surveyPage))
		c.Holds += parts(n, holdQuery)
	}
}

// addSlice adds a slice's requests, and its hold queries if its group has none yet.
func (c *Counts) addSlice(slice slicing.Slice, known map[string]Conversation, groups map[string]bool) {
	wanted, size := 0, request
	for _, of := range slice.Conversations {
		switch slice.Lane {
		case slicing.LegalHoldScreen:
			wanted, size = wanted+known[of.ID].Screens, screenRequest
		case slicing.LegalHold:
			wanted += known[of.ID].Others
		default:
			wanted += known[of.ID].Screens + known[of.ID].Others
		}
	}
	if wanted == 0 {
		return
	}
	if group := slice.Group(); !groups[group] {
		groups[group] = true
		c.Holds += parts(len(slice.Conversations), holdQuery)
	}
	c.Requests += parts(wanted, size)
	c.Polls += pollsPerJob * parts(wanted, size)
}

// parts is how many parts of a size are needed for n things.
func parts(n, size int) int { return (n + size - 1) / size }
