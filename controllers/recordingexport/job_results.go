package recordingexport

import (
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	// mostIdlePages is how many pages in a row may bring nothing new. Pages of results
	// overlap at times, and Genesys Cloud may give some without anything.
	mostIdlePages = 20
	// mostConversations is how many conversations a day may have. The largest
	// organisations have some hundred thousand.
	mostConversations = 2_000_000
)

// brokenJobError tells that an analytics job will not give an answer that can be used,
// although it has not failed.
type brokenJobError struct{ why string }

func (e *brokenJobError) Error() string { return e.why }

// results collects the pages of an analytics job's answer.
type results struct {
	// start is where the window begins, from and to are the part of the day.
	start, from, to time.Time
	most            int
	found           []genesys.Conversation
	// seen are the ids of all conversations that were listed.
	seen map[string]bool
	// asked are the cursors that were asked for.
	asked map[string]bool
	// idle is how many pages, the last ones, brought no conversation that is new.
	idle int
}

func newResults(start, from, to time.Time) *results {
	return &results{start: start, from: from, to: to, most: mostConversations, seen: map[string]bool{}, asked: map[string]bool{}}
}

// addResults adds the page that a cursor led to: every conversation, once, that started in
// the window's part of the day. Others that merely overlap it belong elsewhere; those
// from before the window are returned with its first day. It is an error if more
// pages follow and the answer goes round in a circle, or does not end.
func (r *results) addResults(cursor string, page genesys.SurveyPage) error {
	r.asked[cursor] = true
	r.idle++
	for _, c := range page.Conversations {
		if r.seen[c.ID] {
			continue
		}
		r.seen[c.ID] = true
		r.idle = 0
		if (!c.Start.Before(r.from) || !r.from.After(r.start)) && c.Start.Before(r.to) {
			r.found = append(r.found, c)
		}
	}
	switch {
	case len(r.seen) > r.most:
		return &brokenJobError{fmt.Sprintf("it lists more than %d conversations for one day", r.most)}
	case page.Next == "":
		return nil
	case r.asked[page.Next]:
		return &brokenJobError{fmt.Sprintf("page %d of its results leads back to an earlier page", len(r.asked))}
	case r.idle >= mostIdlePages:
		return &brokenJobError{fmt.Sprintf("pages %d to %d of its results list nothing new, and more follow", len(r.asked)-r.idle+1, len(r.asked))}
	default:
		return nil
	}
}
