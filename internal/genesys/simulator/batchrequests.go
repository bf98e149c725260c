package simulator

import (
	"net/http"
	"time"
)

// maxBatch is how many recordings, or whole conversations, a batch request may
// ask for.
const maxBatch = 100

// batchRequest is BatchDownloadRequest in the Platform API.
type batchRequest struct {
	ConversationID string `json:"conversationId"`
	// RecordingID is empty for all recordings of the conversation.
	RecordingID string `json:"recordingId"`
}

// batchResult is BatchDownloadJobResult in the Platform API.
type batchResult struct {
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId,omitempty"`
	ResultURL      string `json:"resultUrl,omitempty"`
	ContentType    string `json:"contentType,omitempty"`
	ErrorMsg       string `json:"errorMsg,omitempty"`
}

// batchStatus is BatchDownloadJobStatusResult in the Platform API.
type batchStatus struct {
	ID                  string        `json:"id"`
	JobID               string        `json:"jobId"`
	ExpectedResultCount int           `json:"expectedResultCount"`
	ResultCount         int           `json:"resultCount"`
	ErrorCount          int           `json:"errorCount"`
	Results             []batchResult `json:"results"`
	SelfURI             string        `json:"selfUri"`
}

// batch is a batch request under way. It does not change once it is submitted:
// how far it has come is a matter of the clock.
type batch struct {
	id        string
	client    string
	submitted time.Time
	epoch     int
	items     []batchRequest
	outcomes  []outcome
}

// outcome is what a batch request will say of one file: where it is, or why it
// cannot be retrieved.
type outcome struct {
	conversationID, recordingID string
	recording                   *Recording
	file                        int
	err                         string
}

// submitBatch takes a batch request in.
func (s *Simulator) submitBatch(c *call) reply {
	var body struct {
		List []batchRequest `json:"batchDownloadRequestList"`
	}
	if refusal := c.decode(&body); refusal != nil {
		return *refusal
	}
	switch {
	case len(body.List) == 0:
		return fail(http.StatusBadRequest, "batch.download.bad.request", "Request list is required and must not be empty")
	case len(body.List) > maxBatch:
		return fail(http.StatusBadRequest, "batch.download.too.many.items", "Too many items requested, max 100 allowed")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.now())
	b := &batch{id: newUUID(), client: c.client.id, submitted: s.now(), epoch: s.urlEpoch, items: body.List}
	for _, item := range body.List {
		b.outcomes = append(b.outcomes, s.outcomes(c, item, b.submitted)...)
	}
	s.batches[b.id] = b
	return ok(reference{b.id, "/api/v2/recording/batchrequests/" + b.id})
}

// outcomes works out the results of one item. Unverified: what cannot be found
// yields an error. s.mu is locked.
func (s *Simulator) outcomes(c *call, item batchRequest, now time.Time) []outcome {
	missing := []outcome{{conversationID: item.ConversationID, recordingID: item.RecordingID, err: "Recording not found"}}
	conversation := s.known(item.ConversationID, now)
	if conversation == nil {
		return missing
	}
	recordings := s.listed(conversation, now)
	if item.RecordingID != "" {
		r := s.find(conversation, item.RecordingID, now)
		if r == nil {
			return missing
		}
		recordings = []*Recording{r}
	}
	var all []outcome
	for _, r := range recordings {
		all = append(all, s.outcomesOf(c, r)...)
	}
	return all
}

// outcomesOf works out the results of one recording: one for each file, one
// error, or none at all where the client may not know of it. s.mu is locked.
func (s *Simulator) outcomesOf(c *call, r *Recording) []outcome {
	f := s.faults.forResult(r)
	switch {
	case f != nil && f.Withhold, r.Sensitive && !c.allowed(permSensitive):
		return nil
	case f != nil:
		return []outcome{{conversationID: r.ConversationID, recordingID: r.ID, err: f.ResultError}}
	case !r.FileState.Downloadable():
		return []outcome{{conversationID: r.ConversationID, recordingID: r.ID, err: "Recording is in state " + string(r.FileState)}}
	}
	results := make([]outcome, r.files)
	for i := range results {
		results[i] = outcome{conversationID: r.ConversationID, recordingID: r.ID, recording: r, file: i}
	}
	return results
}

// batchStatus answers how far a batch request has come.
func (s *Simulator) batchStatus(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.batches[c.PathValue("jobId")]
	switch {
	case b == nil:
		return fail(http.StatusNotFound, "batch.download.job.not.found", "The requested job is unknown")
	case b.client != c.client.id:
		return fail(http.StatusForbidden, "batch.download.permission.denied",
			"Only the user that submitted the job can see its status")
	}
	return ok(s.batchRequestStatus(c, b))
}

// batchRequestStatus describes a batch request at this moment. s.mu is locked.
func (s *Simulator) batchRequestStatus(c *call, b *batch) batchStatus {
	expected, done := b.resultCounts(s.now(), s.options.BatchDelay)
	status := batchStatus{
		ID: b.id, JobID: b.id, SelfURI: "/api/v2/recording/batchrequests/" + b.id,
		ExpectedResultCount: expected, ResultCount: done, Results: []batchResult{},
	}
	for _, o := range b.outcomes[:done] {
		status.Results = append(status.Results, s.resultOf(c, b, o))
		status.ErrorCount += count(o.err != "")
	}
	return status
}

// resultOf describes one result. Its address is made when the batch request
// was, so it is the same at each question and expires by then.
func (s *Simulator) resultOf(c *call, b *batch, o outcome) batchResult {
	result := batchResult{ConversationID: o.conversationID, RecordingID: o.recordingID, ErrorMsg: o.err}
	if o.err == "" {
		made := b.submitted.Add(s.options.BatchDelay)
		result.ResultURL = c.origin() + s.signedPath(o.recording, o.file, b.epoch, made)
		result.ContentType = o.recording.ContentType
	}
	return result
}

// resultCounts returns how many results are expected and how many there are. For
// the first fifth of the delay nothing is known, so none of none results are
// there; then recordings are discovered, and results come, the last one when
// the delay has passed.
func (b *batch) resultCounts(now time.Time, delay time.Duration) (expected, done int) {
	total := len(b.outcomes)
	passed := now.Sub(b.submitted)
	if passed >= delay {
		return total, total
	}
	part := float64(passed) / float64(delay)
	expected = portion(total, (part-0.2)/0.3)
	done = portion(total, (part-0.3)/0.7)
	return expected, done
}

// portion returns that part of n, 0 to n, rounded down.
func portion(n int, part float64) int {
	return int(float64(n) * min(max(part, 0), 1))
}
