package plan

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Entry is a line of an export's plan. Exactly one of the pointers is set.
type Entry struct {
	Surveyed *Surveyed `json:"surveyed,omitempty"`
	Moved    *Moved    `json:"moved,omitempty"`
	Halved   *Halved   `json:"halved,omitempty"`
	Isolated *Isolated `json:"isolated,omitempty"`
	Retried  *Retried  `json:"retried,omitempty"`
	Sealing  *Sealing  `json:"sealing,omitempty"`
	Voided   *Voided   `json:"voided,omitempty"`
	// Slices that the entry leads to.
	Slices []Slice `json:"slices,omitempty"`
}

// Purpose says why a day is surveyed.
type Purpose string

// The purposes of a survey.
const (
	// PurposeFirst: the day has settled.
	PurposeFirst Purpose = "First"
	// PurposeDeferred: conversations of the day had not ended, or not settled.
	PurposeDeferred Purpose = "Deferred"
	// PurposeReview: the day is about to be sealed.
	PurposeReview Purpose = "Review"
	// PurposeRetry: a retry requested unavailable items.
	PurposeRetry Purpose = "Retry"
)

// Surveyed adds a survey to the plan.
type Surveyed struct {
	Day time.Time `json:"day"`
	// Pass counts the surveys of the day before this one.
	Pass    int     `json:"pass"`
	Purpose Purpose `json:"purpose"`
	// To is the end of the surveyed part of the day.
	To time.Time `json:"to"`
	// Conversations of the survey, by what becomes of them.
	Conversations int64 `json:"conversations"`
	Held          int64 `json:"held"`
	Excluded      int64 `json:"excluded"`
	Open          int64 `json:"open"`
	Refused       int64 `json:"refused"`
	Deferred      int64 `json:"deferred"`
	Reopened      int64 `json:"reopened,omitempty"`
	// OutOfScope are those that are not in the scope of the export.
	OutOfScope int64 `json:"outOfScope,omitempty"`
	// NotFound are those that the scope names and Genesys Cloud does not know, Outside those
	// that it names and that did not start in the window.
	NotFound int64 `json:"notFound,omitempty"`
	Outside  int64 `json:"outside,omitempty"`
	// AskAgain is when the deferred ones are due for another survey.
	AskAgain time.Time `json:"askAgain,omitzero"`
}

// Moved moves conversations whose legal hold changed before transfer to their present lanes.
type Moved struct {
	// Group of slices that they left, and one batch of it.
	Group string `json:"group"`
	Batch string `json:"batch"`
	// Day at which the batch's part of the window begins, zero if the batch is of a retry.
	Day time.Time `json:"day"`
}

// Halved cuts a batch that is too large in two.
type Halved struct {
	Batch string `json:"batch"`
	// Day at which the batch's part of the window begins, zero if the batch is of a retry.
	Day time.Time `json:"day"`
}

// Isolated plans batches in the lane Isolated for items that left a batch because they failed
// while others succeeded.
type Isolated struct {
	// Group of slices that it left, and one batch of it.
	Group string `json:"group"`
	Batch string `json:"batch"`
	// Day at which the batch's part of the window begins, zero if the batch is of a retry.
	Day time.Time `json:"day"`
	// Recordings tells that it is about recordings that left the batch. Otherwise it
	// is about conversations, which left all batches of the group.
	Recordings bool `json:"recordings,omitempty"`
}

// Retried requests the items again that the seals so far list as unavailable.
type Retried struct {
	// Token of the request.
	Token string `json:"token"`
	// Seals is how many there were.
	Seals int `json:"seals"`
	// Days with conversations that had not ended in time.
	Days []time.Time `json:"days,omitempty"`
}

// Sealing closes a part of the plan.
type Sealing struct {
	// Number of the seal, from 1.
	Number int `json:"number"`
	// Until is the end of the days that the seals cover then.
	Until time.Time `json:"until"`
	// Entries that the seal takes in, as numbers and intervals: 0-41,43.
	Entries string `json:"entries"`
}

// Voided replaces an entry that was in no seal when the archive was continued without its
// artifact key: nobody can know what it was.
type Voided struct{}

// Slice is a slice of the plan: what one batch exports.
type Slice struct {
	// Name of the slice's batch.
	Name string `json:"name"`
	// Group names what shares its metadata and hold answers.
	Group         string       `json:"group"`
	Lane          slicing.Lane `json:"lane"`
	Start         time.Time    `json:"start"`
	End           time.Time    `json:"end"`
	Conversations int          `json:"conversations"`
	// Recordings is how many recordings the slice is about, 0 for all of its
	// conversations'.
	Recordings int `json:"recordings,omitempty"`
}

// day is the day that an entry is about, zero if it is about no single day.
func (e Entry) day() time.Time {
	switch {
	case e.Surveyed != nil:
		return e.Surveyed.Day
	case e.Moved != nil:
		return e.Moved.Day
	case e.Halved != nil:
		return e.Halved.Day
	case e.Isolated != nil:
		return e.Isolated.Day
	default:
		return time.Time{}
	}
}

// kinds lists which of the pointers are set.
func (e Entry) kinds() []any {
	var set []any
	if e.Surveyed != nil {
		set = append(set, e.Surveyed)
	}
	if e.Moved != nil {
		set = append(set, e.Moved)
	}
	if e.Halved != nil {
		set = append(set, e.Halved)
	}
	if e.Isolated != nil {
		set = append(set, e.Isolated)
	}
	if e.Retried != nil {
		set = append(set, e.Retried)
	}
	if e.Sealing != nil {
		set = append(set, e.Sealing)
	}
	if e.Voided != nil {
		set = append(set, e.Voided)
	}
	return set
}
