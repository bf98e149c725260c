package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const (
	routeBulkSubmit   = "POST /api/v2/recording/jobs"
	routeBulkJobs     = "GET /api/v2/recording/jobs"
	routeBulkJob      = "GET /api/v2/recording/jobs/" + jobA
	routeBulkExecute  = "PUT /api/v2/recording/jobs/" + jobA
	routeBulkCancel   = "DELETE /api/v2/recording/jobs/" + jobA
	routeBulkFailed   = "GET /api/v2/recording/jobs/" + jobA + "/failedrecordings"
	routeIntegrations = "GET /api/v2/integrations"

	integrationA = "1a000000-0000-4000-8000-00000000000a"
)

// bulkQuery is a query for some conversations of a day.
func bulkQuery(conversations ...string) genesys.BulkQuery {
	day := time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)
	return genesys.BulkQuery{
		IntegrationID: integrationA, ActionDate: day.AddDate(0, 3, 0).Add(123 * time.Millisecond), From: day, To: day.AddDate(0, 0, 1),
		Conversations: conversations, Screens: true,
	}
}

// someConversations are n ids.
func someConversations(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("c0000000-0000-4000-8000-%012x", i)
	}
	return ids
}

func TestWhatABulkJobIsSubmittedWith(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeBulkSubmit, http.StatusAccepted, verbs["SubmitBulkJob"].good)
	query := bulkQuery(conversationA, conversationB)
	query.Screens = false
	query.ActionDate = query.ActionDate.In(time.FixedZone("MSK", 3*60*60))
	if _, err := newClient(t, cloud).SubmitBulkJob(t.Context(), query, time.Minute); err != nil {
		t.Fatal(err)
	}
	want := `{"action":"EXPORT","actionDate":"2024-01-01T00:00:00.123Z","integrationId":"` + integrationA + `",` +
		`"includeRecordingsWithSensitiveData":false,"includeScreenRecordings":false,"conversationQuery":{` +
		`"interval":"2023-10-01T00:00:00.000Z/2023-10-02T00:00:00.000Z","order":"asc","orderBy":"conversationStart",` +
		`"conversationFilters":[{"type":"or","clauses":[{"type":"or","predicates":[` +
		`{"dimension":"conversationId","value":"` + conversationA + `"},{"dimension":"conversationId","value":"` + conversationB + `"}]}]}]}}`
	if diff := cmp.Diff(want, cloud.got(routeBulkSubmit)[0].body); diff != "" {
		t.Errorf("sent, -want +got:\n%s", diff)
	}
}

// TestTheLargestBulkJobFitsARequest of the Platform API, and its query is read as it was written.
func TestTheLargestBulkJobFitsARequest(t *testing.T) {
	query := bulkQuery(someConversations(genesys.MaxBulkConversations)...)
	body := bodyOf(query)
	text := marshal(t, body)
	if len(text) > 512_000/4 {
		t.Errorf("%d bytes", len(text))
	}
	for _, clause := range body.Query.Filters[0].Clauses {
		if len(clause.Predicates) != clauseSize {
			t.Errorf("a clause of %d conversations", len(clause.Predicates))
		}
	}
	var got bulkQueryBody
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(query, got.query()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBulkQueriesThatNeverLeave(t *testing.T) {
	cloud := newCloud(t)
	client := newClient(t, cloud)
	for name, change := range map[string]func(*genesys.BulkQuery){
		"no conversations":        func(q *genesys.BulkQuery) { q.Conversations = nil },
		"too many":                func(q *genesys.BulkQuery) { q.Conversations = someConversations(genesys.MaxBulkConversations + 1) },
		"no interval":             func(q *genesys.BulkQuery) { q.From, q.To = time.Time{}, time.Time{} },
		"an empty interval":       func(q *genesys.BulkQuery) { q.To = q.From },
		"no action date":          func(q *genesys.BulkQuery) { q.ActionDate = time.Time{} },
		"an action date too fine": func(q *genesys.BulkQuery) { q.ActionDate = q.ActionDate.Add(time.Microsecond) },
		"no integration":          func(q *genesys.BulkQuery) { q.IntegrationID = "" },
		"an id that is not one":   func(q *genesys.BulkQuery) { q.IntegrationID = "to-s3" },
	} {
		t.Run(name, func(t *testing.T) {
			query := bulkQuery(conversationA)
			change(&query)
			_, err := client.SubmitBulkJob(t.Context(), query, time.Minute)
			expectKind(t, err, genesys.KindInvalid)
		})
	}
	_, err := client.SubmitBulkJob(t.Context(), bulkQuery(conversationA), 0)
	expectKind(t, err, genesys.KindInvalid)
	if n := len(cloud.requests); n != 0 {
		t.Errorf("%d requests left", n)
	}
}

// TestABulkJobIsSubmittedOnce, whatever comes back.
func TestABulkJobIsSubmittedOnce(t *testing.T) {
	for status, want := range map[int]genesys.Kind{
		202: "", 400: genesys.KindInvalid, 403: genesys.KindForbidden, 429: genesys.KindThrottled, 500: genesys.KindTransient,
		501: genesys.KindInvalid, 502: genesys.KindTransient, 503: genesys.KindTransient, 504: genesys.KindTimeout,
	} {
		cloud := newCloud(t)
		cloud.answers(routeBulkSubmit, status, `{"code":"the.code","id":"`+jobA+`","state":"PENDING"}`)
		if err := verbs["SubmitBulkJob"].call(t.Context(), newClient(t, cloud)); genesys.KindOf(err) != want {
			t.Errorf("%d: %v, want %s", status, err, want)
		}
		if n := cloud.count(routeBulkSubmit); n != 1 {
			t.Errorf("%d: %d requests, want one", status, n)
		}
	}
}

// TestABulkJobIsSubmittedOnceOnAConnectionThatBreaks: net/http sends a request again on a
// connection that was used before and is lost, unless it is a POST.
func TestABulkJobIsSubmittedOnceOnAConnectionThatBreaks(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeBulkJob, http.StatusOK, verbs["BulkJob"].good)
	cloud.on(routeBulkSubmit, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	client := newClient(t, cloud)
	for range 3 {
		if err := verbs["BulkJob"].call(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		expectKind(t, verbs["SubmitBulkJob"].call(t.Context(), client), genesys.KindTransient)
	}
	if n := cloud.count(routeBulkSubmit); n != 3 {
		t.Errorf("%d requests for 3 calls", n)
	}
}

const bulkJobAnswer = `{
 "id": "` + jobA + `", "state": "READY", "dateCreated": "2024-01-01T00:00:01.000+0000",
 "recordingJobsQuery": {
  "action": "EXPORT", "actionDate": "2024-01-01T00:00:00.123000Z", "integrationId": "` + integrationA + `", "includeScreenRecordings": false,
  "conversationQuery": {"interval": "2023-10-01T00:00:00/2023-10-02T00:00:00", "segmentFilters": [{"type": "and"}], "conversationFilters": [
   {"type": "or", "predicates": [{"dimension": "conversationId", "value": "` + conversationA + `"}, {"dimension": "divisionId", "value": "x"}],
    "clauses": [{"type": "or", "predicates": [{"type": "dimension", "dimension": "conversationId", "operator": "matches", "value": "` + conversationB + `"}]}]}]}},
 "totalConversations": 2, "totalRecordings": 5, "totalSkippedRecordings": 1, "totalFailedRecordings": 3, "totalProcessedRecordings": 4,
 "percentProgress": 50, "errorMessage": "no\nreason", "user": {"id": "client", "selfUri": "/x"}, "failedRecordings": "/y", "new": [1]
}`

func TestABulkJobAsItIsRead(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeBulkJob, http.StatusOK, bulkJobAnswer)
	got, err := newClient(t, cloud).BulkJob(t.Context(), jobA)
	if err != nil {
		t.Fatal(err)
	}
	query := bulkQuery(conversationA, conversationB)
	query.Screens = false
	want := genesys.BulkJob{
		ID: jobA, State: genesys.BulkReady, Created: time.Date(2024, 1, 1, 0, 0, 1, 0, time.UTC), UserID: "client", Action: "EXPORT", Query: query,
		Totals: genesys.BulkTotals{Conversations: 2, Recordings: 5, Skipped: 1, Failed: 3, Processed: 4, Percent: 50}, Error: "no reason",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestABulkJobWithAnotherQuery is read anyway: it may be somebody else's.
func TestABulkJobWithAnotherQuery(t *testing.T) {
	for name, query := range map[string]string{
		"none":      `null`,
		"a text":    `"x"`,
		"odd types": `{"action":7,"actionDate":1,"integrationId":[],"conversationQuery":{"interval":"always","conversationFilters":{}}}`,
		"aged":      `{"action":"DELETE","actionAge":5,"agedConversationInterval":"2010-01-01T00:00:00Z/2010-02-01T00:00:00Z"}`,
	} {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.answers(routeBulkJobs, http.StatusOK, `{"entities":[{"id":"`+jobA+`","state":"PROCESSING","recordingJobsQuery":`+query+`},`+bulkJobAnswer+`]}`)
			page, err := newClient(t, cloud).BulkJobs(t.Context(), genesys.BulkJobFilter{}, 0)
			if err != nil || len(page.Jobs) != 2 {
				t.Fatalf("%d jobs, %v", len(page.Jobs), err)
			}
			if got := page.Jobs[0].Query; len(got.Conversations) != 0 || !got.From.IsZero() || len(page.Jobs[1].Query.Conversations) != 2 {
				t.Errorf("read %+v", page.Jobs)
			}
		})
	}
}

// TestABulkJobWithoutIDOrState is not an answer.
func TestABulkJobWithoutIDOrState(t *testing.T) {
	for _, body := range []string{`{"id":"` + jobA + `"}`, `{"state":"PENDING"}`, `{"id":"../x","state":"PENDING"}`} {
		cloud := newCloud(t)
		cloud.answers(routeBulkSubmit, http.StatusAccepted, body)
		expectKind(t, verbs["SubmitBulkJob"].call(t.Context(), newClient(t, cloud)), genesys.KindMalformed)
	}
}

func TestHowBulkJobsAreListed(t *testing.T) {
	for want, filter := range map[string]genesys.BulkJobFilter{
		"includeTotal=true&pageNumber=1&pageSize=100&sortBy=dateCreated": {},
		"includeTotal=true&jobType=EXPORT&pageNumber=1&pageSize=100&showOnlyMyJobs=true&sortBy=dateCreated&state=READY": {
			State: genesys.BulkReady, Own: true,
		},
	} {
		cloud := newCloud(t)
		cloud.answers(routeBulkJobs, http.StatusOK, `{"entities":[]}`)
		if _, err := newClient(t, cloud).BulkJobs(t.Context(), filter, 0); err != nil {
			t.Fatal(err)
		}
		if got := cloud.got(routeBulkJobs)[0].query; got != want {
			t.Errorf("asked with %s, want %s", got, want)
		}
	}
}

func TestACancelledBulkJobThatIsGone(t *testing.T) {
	for body, want := range map[string]genesys.Kind{`{"code":"not.found"}`: "", `<html>`: genesys.KindMalformed} {
		cloud := newCloud(t)
		cloud.answers(routeBulkCancel, http.StatusNotFound, body)
		if err := verbs["CancelBulkJob"].call(t.Context(), newClient(t, cloud)); genesys.KindOf(err) != want {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}

func TestIntegrations(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeIntegrations, http.StatusOK, `{"entities":[
 {"id":"`+integrationA+`","name":"To\nS3","integrationType":{"id":"aws-s3-recording-bulk-actions-integration"},"intendedState":"ENABLED",
  "config":{"current":{"properties":{"a":[1]}}},"reportedState":{"code":"ERROR","effective":"Error","detail":{"message":"no access"},"lastUpdated":"x"}},
 {"id":"other","reportedState":null}],"pageNumber":1,"total":2}`)
	got, err := newClient(t, cloud).Integrations(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := genesys.IntegrationPage{Integrations: []genesys.Integration{
		{
			ID: integrationA, Name: "To S3", Type: "aws-s3-recording-bulk-actions-integration", Intended: "ENABLED",
			State: genesys.IntegrationFailed, Detail: "no access",
		},
		{ID: "other"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzReadBulkJobs: whatever a listing says, what is read of it is bounded.
func FuzzReadBulkJobs(f *testing.F) {
	f.Add(`{"entities":[` + bulkJobAnswer + `]}`)
	f.Add(`{"entities":[{"id":"a","state":"READY","recordingJobsQuery":{"conversationQuery":{"interval":"/"}}}],"total":1}`)
	f.Fuzz(func(t *testing.T, body string) {
		listing, err := readNumbered(strings.NewReader(body), readBulkJob)
		for _, j := range listing.entries {
			if j.ID == "" || j.State == "" || max(len(j.ID), len(j.State), len(j.UserID), len(j.Action), len(j.Query.IntegrationID)) > maxWord ||
				len(j.Error) > maxMessage || j.Query.From.IsZero() != j.Query.To.IsZero() {
				t.Errorf("error %v and a job %+v", err, j)
			}
		}
	})
}
