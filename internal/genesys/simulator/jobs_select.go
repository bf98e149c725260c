package simulator

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// The actions of bulk jobs.
const (
	actionExport  = "EXPORT"
	actionDelete  = "DELETE"
	actionArchive = "ARCHIVE"
)

// heldScreenDoom is the error of a bulk job that mixes screen recordings under
// hold with others.
const heldScreenDoom = "Timeout during metadata retrieval of the screen recordings under legal hold"

// longestJob is the longest interval of a bulk job or an audit query. Unverified.
const longestJob = 5 * 366 * day

// jobQuery is RecordingJobsQuery in the Platform API.
type jobQuery struct {
	Action                             string             `json:"action"`
	ActionDate                         *time.Time         `json:"actionDate"`
	ActionAge                          *int               `json:"actionAge"`
	ScreenRecordingActionDate          *time.Time         `json:"screenRecordingActionDate"`
	ScreenRecordingActionAge           *int               `json:"screenRecordingActionAge"`
	IntegrationID                      string             `json:"integrationId"`
	IncludeRecordingsWithSensitiveData bool               `json:"includeRecordingsWithSensitiveData"`
	IncludeScreenRecordings            *bool              `json:"includeScreenRecordings"`
	ConversationQuery                  *conversationQuery `json:"conversationQuery"`
	AgedConversationInterval           string             `json:"agedConversationInterval"`
}

// screens reports whether the job takes screen recordings: it does unless told
// not to.
func (q jobQuery) screens() bool {
	return q.IncludeScreenRecordings == nil || *q.IncludeScreenRecordings
}

func (q jobQuery) hasDate() bool { return q.ActionDate != nil || q.ActionAge != nil }

func (q jobQuery) hasScreenDate() bool {
	return q.ScreenRecordingActionDate != nil || q.ScreenRecordingActionAge != nil
}

// onlyScreens reports whether only screen recordings have a date. Unverified: the job leaves out all
// others.
func (q jobQuery) onlyScreens() bool { return !q.hasDate() && q.hasScreenDate() }

// dateFor is when the job's action is to happen to a recording.
func (q jobQuery) dateFor(r *Recording) time.Time {
	at, age := q.ActionDate, q.ActionAge
	if r.Medium == Screen && q.hasScreenDate() {
		at, age = q.ScreenRecordingActionDate, q.ScreenRecordingActionAge
	}
	if at != nil {
		return at.UTC()
	}
	return r.End.Add(time.Duration(*age) * day)
}

// conversations is the query by which the job finds its conversations.
func (q jobQuery) conversations() conversationQuery {
	if q.ConversationQuery != nil {
		return *q.ConversationQuery
	}
	return conversationQuery{Interval: q.AgedConversationInterval}
}

// checkJob refuses a query that contradicts itself or the client's
// permissions. s.mu is locked.
func (s *Simulator) checkJob(c *call, q jobQuery) *reply {
	if !slices.Contains([]string{actionExport, actionDelete, actionArchive}, q.Action) {
		return badValue(q.Action, "action", "ARCHIVE, DELETE, EXPORT")
	}
	if refusal := s.checkDates(q); refusal != nil {
		return refusal
	}
	switch {
	case (q.ConversationQuery == nil) == (q.AgedConversationInterval == ""):
		return constraint("Exactly one of conversationQuery and agedConversationInterval is required")
	case q.Action == actionExport && !s.exportsTo(q.IntegrationID):
		return constraint("integrationId must name an AWS S3 recording integration")
	case q.IncludeRecordingsWithSensitiveData && !c.allowed(permSensitive):
		return all(permSensitive).forbidden([]string{permSensitive})
	default:
		return nil
	}
}

// checkDates refuses dates and ages that contradict each other.
func (s *Simulator) checkDates(q jobQuery) *reply {
	switch {
	case q.ActionDate != nil && q.ActionAge != nil:
		return constraint("At most one of actionDate and actionAge is allowed")
	case q.ScreenRecordingActionDate != nil && q.ScreenRecordingActionAge != nil:
		return constraint("At most one of screenRecordingActionDate and screenRecordingActionAge is allowed")
	case q.onlyScreens() && s.options.OnlyScreenJobs == QuirkOff:
		return refuse(http.StatusNotImplemented, "not.implemented", "The feature toggle for screen recording parameters is off")
	case !q.hasDate() && !q.onlyScreens():
		return constraint("actionDate or actionAge is required")
	case q.hasScreenDate() && !q.screens():
		return constraint("screenRecordingActionDate and screenRecordingActionAge need includeScreenRecordings")
	default:
		return nil
	}
}

// selectRecordings finds what the job is about. s.mu is locked.
func (s *Simulator) selectRecordings(j *bulkJob, now time.Time) *reply {
	rows, refusal := s.search(j.query.conversations(), longestJob)
	if refusal != nil {
		return refusal
	}
	j.conversations = len(rows)
	for _, found := range rows {
		for _, r := range s.listed(found.conversation, now) {
			j.take(r)
		}
	}
	j.suffer(rows)
	if j.query.Action == actionExport && j.query.screens() && s.options.heldScreenTimeouts() {
		j.foresee(rows)
	}
	return nil
}

// take sorts a recording into what the job changes, passes over or fails on.
func (j *bulkJob) take(r *Recording) {
	switch {
	case r.Medium == Screen && !j.query.screens(), r.Medium != Screen && j.query.onlyScreens():
	case r.Sensitive && !j.query.IncludeRecordingsWithSensitiveData:
		j.skipped++
	case r.FileState == Errored, r.exportTrouble == FailedExport:
		j.broken = append(j.broken, r)
	case !r.FileState.Downloadable():
		j.skipped++
	default:
		j.selected = append(j.selected, r)
	}
}

// foresee finds out whether the job is going to time out: it does if it is about screen recordings
// under hold and about others.
func (j *bulkJob) foresee(rows []row) {
	held := map[string]bool{}
	for _, found := range rows {
		held[found.conversation.ID] = found.conversation.Held
	}
	var doomed []*Recording
	for _, r := range j.selected {
		if r.Medium == Screen && held[r.ConversationID] {
			doomed = append(doomed, r)
		}
	}
	if len(doomed) > 0 && len(doomed) < len(j.selected) {
		j.doom, j.doomed = heldScreenDoom, doomed
	}
}

func recordingURI(r *Recording) string {
	return conversationURI(r.ConversationID) + "/recordings/" + url.PathEscape(r.ID)
}
