package simulator

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// maxJobs is how many bulk jobs an organisation may have in PENDING or
// PROCESSING.
const maxJobs = 2

// recordingJob is RecordingJob in the Platform API.
type recordingJob struct {
	ID                       string          `json:"id"`
	State                    string          `json:"state"`
	RecordingJobsQuery       json.RawMessage `json:"recordingJobsQuery"`
	DateCreated              string          `json:"dateCreated"`
	TotalConversations       int             `json:"totalConversations"`
	TotalRecordings          int             `json:"totalRecordings"`
	TotalSkippedRecordings   int             `json:"totalSkippedRecordings"`
	TotalFailedRecordings    int             `json:"totalFailedRecordings"`
	TotalProcessedRecordings int             `json:"totalProcessedRecordings"`
	PercentProgress          int             `json:"percentProgress"`
	ErrorMessage             string          `json:"errorMessage,omitempty"`
	FailedRecordings         string          `json:"failedRecordings"`
	SelfURI                  string          `json:"selfUri"`
	User                     reference       `json:"user"`
}

// submitJob takes a bulk job in. There is no idempotency key: asked twice, it
// makes two jobs.
func (s *Simulator) submitJob(c *call) reply {
	var q jobQuery
	if refusal := c.decode(&q); refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	refusal := s.checkJob(c, q)
	if refusal == nil {
		refusal = s.roomForJob(now)
	}
	if refusal != nil {
		return *refusal
	}
	j := &bulkJob{id: newUUID(), client: c.client.id, query: q, raw: slices.Clone(c.body), created: now}
	if refusal := s.selectRecordings(j, now); refusal != nil {
		return *refusal
	}
	s.jobs = append(s.jobs, j)
	return respond(http.StatusAccepted, s.describeJob(j, now))
}

// roomForJob refuses a job while there are as many as there may be. Unverified:
// Genesys Cloud documents the limit, not the answer. s.mu is locked.
func (s *Simulator) roomForJob(now time.Time) *reply {
	running := 0
	for _, j := range s.jobs {
		state := j.state(now, s.options.JobDelay)
		running += count(state == statePending || state == stateProcessing)
	}
	message := "Organization already has " + strconv.Itoa(maxJobs) + " recording jobs in pending or processing state"
	switch {
	case running < maxJobs:
		return nil
	case s.options.Limits.ThirdJobStatus == http.StatusTooManyRequests:
		refusal := fail(http.StatusTooManyRequests, "too.many.requests", message)
		refusal.header = http.Header{"Retry-After": {"60"}}
		return &refusal
	default:
		return constraint(message)
	}
}

// job answers how far a bulk job has come.
func (s *Simulator) job(c *call) reply {
	return s.onJob(c, func(j *bulkJob, now time.Time) reply { return ok(s.describeJob(j, now)) })
}

// executeJob lets a job that is READY begin. Only its creator may, and nothing
// happens before.
func (s *Simulator) executeJob(c *call) reply {
	var body struct {
		State string `json:"state"`
	}
	if refusal := c.decode(&body); refusal != nil {
		return *refusal
	}
	if body.State != stateProcessing {
		return *badValue(body.State, "state", stateProcessing)
	}
	return s.onJob(c, func(j *bulkJob, now time.Time) reply {
		if j.client != c.client.id {
			return fail(http.StatusForbidden, "not.authorized", "You are not authorized to perform the requested action.")
		}
		if state := j.state(now, s.options.JobDelay); state != stateReady {
			return *constraint("Job is in state " + state + ", must be " + stateReady) // unverified
		}
		if refusal := s.roomForJob(now); refusal != nil {
			return *refusal
		}
		j.executed = now
		return ok(s.describeJob(j, now))
	})
}

// cancelJob cancels a job. It stays in the list.
func (s *Simulator) cancelJob(c *call) reply {
	return s.onJob(c, func(j *bulkJob, _ time.Time) reply {
		j.cancelled = true
		return empty(http.StatusNoContent)
	})
}

// failedRecordings lists what a job could not do, without a reason for any.
func (s *Simulator) failedRecordings(c *call) reply {
	type failed struct {
		Conversation reference `json:"conversation"`
		Recording    reference `json:"recording"`
	}
	return s.onJob(c, func(j *bulkJob, now time.Time) reply {
		var entities []failed
		for _, r := range j.failures(now, s.options.JobDelay) {
			entities = append(entities, failed{
				reference{r.ConversationID, conversationURI(r.ConversationID)},
				reference{r.ID, recordingURI(r)},
			})
		}
		return list(c, entities, 100)
	})
}

// onJob finds the job that the path names and lets it answer, under the lock.
func (s *Simulator) onJob(c *call, answer func(*bulkJob, time.Time) reply) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	i := slices.IndexFunc(s.jobs, func(j *bulkJob) bool { return j.id == c.PathValue("jobId") })
	if i < 0 {
		return notFound()
	}
	return answer(s.jobs[i], now)
}

// listJobs lists bulk jobs, cancelled ones too.
func (s *Simulator) listJobs(c *call) reply {
	query := c.URL.Query()
	sortBy, state, action := query.Get("sortBy"), query.Get("state"), query.Get("jobType")
	mine := query.Get("showOnlyMyJobs") == "true"
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	var jobs []*bulkJob
	for _, j := range s.jobs {
		listed := !j.created.Add(s.options.JobListLag).After(now)
		if listed && (state == "" || state == j.state(now, s.options.JobDelay)) &&
			(action == "" || action == j.query.Action) && (!mine || j.client == c.client.id) {
			jobs = append(jobs, j)
		}
	}
	if sortBy != "dateCreated" {
		slices.SortStableFunc(jobs, func(a, b *bulkJob) int { return cmp.Compare(a.client, b.client) })
	}
	entities := make([]recordingJob, len(jobs))
	for i, j := range jobs {
		entities[i] = s.describeJob(j, now)
	}
	return list(c, entities, 100)
}

// describeJob describes a job at this moment. s.mu is locked.
func (s *Simulator) describeJob(j *bulkJob, now time.Time) recordingJob {
	uri := "/api/v2/recording/jobs/" + j.id
	d := recordingJob{
		ID:                 j.id,
		State:              j.state(now, s.options.JobDelay),
		RecordingJobsQuery: j.raw,
		DateCreated:        date(j.created),
		FailedRecordings:   uri + "/failedrecordings",
		SelfURI:            uri,
		// Unverified: with client credentials the user is the OAuth client.
		User: reference{j.client, "/api/v2/oauth/clients/" + j.client},
	}
	if j.counted(now, s.options.JobDelay) {
		d.TotalConversations = j.conversations
		d.TotalRecordings = len(j.selected) + len(j.broken)
		d.TotalSkippedRecordings = j.skipped
		d.TotalFailedRecordings = len(j.failures(now, s.options.JobDelay))
		d.PercentProgress = int(100 * j.progress(now, s.options.JobDelay))
		d.TotalProcessedRecordings = portion(len(j.selected), j.progress(now, s.options.JobDelay))
	}
	if d.State == stateFailed {
		d.ErrorMessage = j.doom
	}
	return d
}
