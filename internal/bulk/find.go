package bulk

import (
	"slices"
	"strings"
	"time"
)

// ListedAfter is how long after the attempt to create it a job may still be missing in the list
// of jobs. Genesys Cloud does not document that it is listed at once.
const ListedAfter = 15 * time.Minute

// Query says what a job is to export. Its fields are those of genesys.BulkQuery.
type Query struct {
	IntegrationID string
	// ActionDate is when the recordings are to be exported, in whole milliseconds. Each
	// attempt has another one, which tells the job of one attempt from that of another.
	ActionDate time.Time
	// From and To bound the interval of the conversations.
	From, To time.Time
	// Conversations are in any order and may be in capitals.
	Conversations []string
	Screens       bool
	OnlyScreens   bool
}

// Attempt is the creation of a job of which it is not known whether it took effect.
type Attempt struct {
	Query Query
	// At is when it was recorded, which is before the request was sent.
	At time.Time
	// ListedAfter is how long after that a job may still be missing in the list.
	ListedAfter time.Duration
}

// ListedJob is a job in the list of this OAuth client's jobs.
type ListedJob struct {
	ID string
	// Created is zero if it was not said.
	Created time.Time
	Query   Query
}

// Verdict says what became of an attempt.
type Verdict int

// The verdicts.
const (
	// Undecided: look again later. A person has to look if it stays.
	Undecided Verdict = iota
	// Created: the job exists.
	Created
	// NotCreated: there is no job, and none will appear.
	NotCreated
)

// Find tells what became of an attempt, by the list of all jobs that this OAuth client created
// and that are not known to belong to another attempt. The id is that of the job, if it exists.
//
// A job is ours only if its whole query is the same. Another job of about the time of the attempt
// leaves the question undecided if what is told of its query could be ours but for the action
// date: Genesys Cloud does not document how exactly it repeats a query.
func Find(attempt Attempt, jobs []ListedJob, now time.Time) (Verdict, string) {
	var same []string
	doubtful := false
	for _, job := range jobs {
		switch {
		case job.Query.same(attempt.Query):
			same = append(same, job.ID)
		case job.mayBelongTo(attempt):
			doubtful = true
		}
	}
	switch {
	case len(same) == 1:
		return Created, same[0]
	case len(same) > 1, doubtful, now.Sub(attempt.At) < attempt.ListedAfter:
		return Undecided, ""
	default:
		return NotCreated, ""
	}
}

// clockDifference is how much the clock of Genesys Cloud may be behind ours.
const clockDifference = 5 * time.Minute

// mayBelongTo reports whether the attempt may have created a job whose query is not the same:
// it is recent enough, and nothing that is told of its query contradicts that.
func (j ListedJob) mayBelongTo(attempt Attempt) bool {
	theirs, ours := j.Query, attempt.Query
	switch {
	case !j.Created.IsZero() && j.Created.Before(attempt.At.Add(-clockDifference)):
		return false
	case theirs.IntegrationID != "" && !strings.EqualFold(theirs.IntegrationID, ours.IntegrationID):
		return false
	case !theirs.From.IsZero() && !theirs.sameInterval(ours):
		return false
	case !theirs.Screens && ours.Screens:
		return false
	default:
		return len(theirs.Conversations) == 0 || slices.Equal(distinct(theirs.Conversations), distinct(ours.Conversations))
	}
}

// same reports whether two queries are the same, whatever the order of their conversations and
// the spelling of their ids.
func (q Query) same(other Query) bool {
	return strings.EqualFold(q.IntegrationID, other.IntegrationID) && sameMillisecond(q.ActionDate, other.ActionDate) &&
		q.sameInterval(other) && q.Screens == other.Screens && q.OnlyScreens == other.OnlyScreens && slices.Equal(distinct(q.Conversations), distinct(other.Conversations))
}

func (q Query) sameInterval(other Query) bool {
	return sameMillisecond(q.From, other.From) && sameMillisecond(q.To, other.To)
}

func sameMillisecond(a, b time.Time) bool {
	return a.Truncate(time.Millisecond).Equal(b.Truncate(time.Millisecond))
}

// distinct returns ids in lower case, sorted, each once.
func distinct(ids []string) []string {
	lower := make([]string, len(ids))
	for i, id := range ids {
		lower[i] = strings.ToLower(id)
	}
	slices.Sort(lower)
	return slices.Compact(lower)
}
