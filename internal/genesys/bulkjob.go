package genesys

import "time"

// MaxBulkConversations is the most conversations that one bulk job names. The Platform API
// documents no limit but that of a request, 512,000 bytes, of which this is a sixth.
const MaxBulkConversations = 1000

// BulkState is the state of a bulk job (RecordingJob.state in the Platform API).
type BulkState string

// The states of a bulk job. It is PROCESSING twice: while Genesys Cloud looks for the
// recordings, and after the job was executed. Between the two it is READY.
const (
	BulkPending    BulkState = "PENDING"
	BulkProcessing BulkState = "PROCESSING"
	BulkReady      BulkState = "READY"
	BulkFulfilled  BulkState = "FULFILLED"
	BulkFailed     BulkState = "FAILED"
	BulkCancelled  BulkState = "CANCELLED"
)

// Ended reports whether a job stays in this state.
func (s BulkState) Ended() bool {
	return s == BulkFulfilled || s == BulkFailed || s == BulkCancelled
}

// Running reports whether a job in this state counts against the two that an organisation
// may have. A job that is READY does not.
func (s BulkState) Running() bool { return s == BulkPending || s == BulkProcessing }

// BulkQuery says what a bulk job is to export.
type BulkQuery struct {
	// IntegrationID is the integration into the organisation's own bucket.
	IntegrationID string `json:"integrationId"`
	// ActionDate is when Genesys Cloud is to export the recordings, in whole milliseconds.
	ActionDate time.Time `json:"actionDate"`
	// From and To bound the half-open interval in which the conversations took place.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Conversations are the ids of those whose recordings are exported, up to
	// MaxBulkConversations.
	Conversations []string `json:"conversations"`
	// Screens tells whether screen recordings are exported, too. All other recordings of the
	// conversations are exported in any case.
	Screens bool `json:"screens"`
	// OnlyScreens tells that nothing but screen recordings is exported: only they get an action
	// date. It is not documented what Genesys Cloud does about the other recordings then, and
	// some organisations lack the feature (501). Screens must be true, too.
	OnlyScreens bool `json:"onlyScreens,omitempty"`
}

// BulkTotals are the numbers that a bulk job says about itself. They are 0 until it is READY.
type BulkTotals struct {
	Conversations int `json:"conversations"`
	// Recordings that the job is about. It is not documented whether the skipped ones are among
	// them.
	Recordings int `json:"recordings"`
	// Skipped recordings are those that the job leaves out, for example because they
	// contain sensitive data.
	Skipped   int `json:"skipped"`
	Failed    int `json:"failed"`
	Processed int `json:"processed"`
	// Percent is the progress, from 0 to 100.
	Percent int `json:"percent"`
}

// BulkJob is what Genesys Cloud says about a bulk job (RecordingJob in the Platform API).
type BulkJob struct {
	ID    string
	State BulkState
	// Created is zero if it was not said, or not as a date.
	Created time.Time
	// UserID is who created the job, as received. For an OAuth client that is probably its
	// id, which is not documented.
	UserID string
	// Action is what the job does: EXPORT, DELETE or ARCHIVE.
	Action string
	// Query is what the job was created with, as far as Genesys Cloud repeats it. Ids are as
	// received. A part that cannot be read is empty.
	Query  BulkQuery
	Totals BulkTotals
	// Error is Genesys Cloud's free text about a job that failed.
	Error string
}

// BulkExport is the action of a job that exports recordings.
const BulkExport = "EXPORT"

// BulkJobFilter chooses which bulk jobs are listed. The zero value chooses all.
type BulkJobFilter struct {
	// State is that of the jobs, empty for any.
	State BulkState
	// Own leaves out the jobs of other users and OAuth clients.
	Own bool
}

// BulkJobPage is one page of a list of bulk jobs.
type BulkJobPage struct {
	Jobs []BulkJob
	// Total is how many jobs there are in all, 0 if it was not said.
	Total int
	// Next is how many jobs to skip for the following page, 0 on the last one.
	Next int
}

// FailedRecordingPage is one page of the recordings that a bulk job could not export. Genesys
// Cloud gives no reason. Ids are as received: check them with ValidID before they touch a path.
type FailedRecordingPage struct {
	Recordings []RecordingRef
	// Total is how many there are in all, 0 if it was not said.
	Total int
	// Next is how many to skip for the following page, 0 on the last one.
	Next int
}
