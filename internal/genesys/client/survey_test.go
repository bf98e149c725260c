package client

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestWhoAmI(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, `{"organization":{"id":"org","name":"Emea"},"OAuthClient":{"id":"x","name":"export"},"new":1}`)
	got, err := newClient(t, cloud).WhoAmI(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := genesys.Identity{OrganizationID: "org", OrganizationName: "Emea", ClientName: "export"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhoAmIWithoutOrganization(t *testing.T) {
	for _, body := range []string{`{}`, `{"organization":null}`, `{"organization":{"name":"Emea"}}`, `{"organization":{"id":5}}`} {
		cloud := newCloud(t)
		cloud.answers(routeMe, http.StatusOK, body)
		_, err := newClient(t, cloud).WhoAmI(t.Context())
		expectKind(t, err, genesys.KindMalformed)
	}
}

func TestDataAvailability(t *testing.T) {
	want := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]bool{
		`{"dataAvailabilityDate":"2026-01-02T03:04:05.000Z"}`:      true,
		`{"dataAvailabilityDate":"2026-01-02T03:04:05.000+0000"}`:  true,
		`{"dataAvailabilityDate":"2026-01-02T04:04:05.000+01:00"}`: true,
		`{"dataAvailabilityDate":"yesterday"}`:                     false,
		`{"dataAvailabilityDate":null}`:                            false,
		`{}`:                                                       false,
	}
	for body, good := range tests {
		cloud := newCloud(t)
		cloud.answers(routeAvailability, http.StatusOK, body)
		got, err := newClient(t, cloud).DataAvailability(t.Context())
		switch {
		case !good:
			expectKind(t, err, genesys.KindMalformed)
		case err != nil || !got.Equal(want):
			t.Errorf("%s: got %v, %v", body, got, err)
		}
	}
}

func TestStartSurvey(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeJobs, http.StatusAccepted, `{"jobId":"`+jobA+`"}`)
	zone := time.FixedZone("MSK", 3*60*60)
	from := time.Date(2023, 10, 1, 3, 0, 0, 0, zone)
	got, err := newClient(t, cloud).StartSurvey(t.Context(), genesys.SurveyQuery{From: from, To: from.Add(24 * time.Hour)}, time.Minute)
	if err != nil || got != jobA {
		t.Fatalf("got %q, %v", got, err)
	}
	want := `{"order":"asc","orderBy":"conversationStart","interval":"2023-10-01T00:00:00.000Z/2023-10-02T00:00:00.000Z"}`
	if body := cloud.got(routeJobs)[0].body; body != want {
		t.Errorf("sent %s, want %s", body, want)
	}
}

// TestStartSurveyOfAScope: every list is a filter of its own. What may change while a
// conversation lasts also matches those that have not ended.
func TestStartSurveyOfAScope(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeJobs, http.StatusAccepted, `{"jobId":"`+jobA+`"}`)
	from := time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)
	query := genesys.SurveyQuery{From: from, To: from.Add(time.Hour), Scope: genesys.Scope{
		Queues: []string{"q1", "q2"}, Users: []string{"u"}, Divisions: []string{"d"},
		Participants: []string{"+353155"}, Directions: []genesys.Direction{genesys.Outbound},
	}}
	if _, err := newClient(t, cloud).StartSurvey(t.Context(), query, time.Minute); err != nil {
		t.Fatal(err)
	}
	unfinished := func(end, predicates string) string {
		return `{"type":"or","clauses":[{"type":"or","predicates":[` + predicates + `]},{"type":"or","predicates":[{"dimension":"` + end + `","operator":"notExists"}]}]}`
	}
	want := `{"order":"asc","orderBy":"conversationStart","interval":"2023-10-01T00:00:00.000Z/2023-10-01T01:00:00.000Z",` +
		`"conversationFilters":[` + unfinished("conversationEnd", `{"dimension":"divisionId","value":"d"}`) +
		`,{"type":"or","predicates":[{"dimension":"originatingDirection","value":"outbound"}]}],` +
		`"segmentFilters":[` + unfinished("segmentEnd", `{"dimension":"queueId","value":"q1"},{"dimension":"queueId","value":"q2"}`) +
		`,` + unfinished("segmentEnd", `{"dimension":"userId","value":"u"}`) +
		`,` + unfinished("segmentEnd", `{"dimension":"ani","value":"+353155"},{"dimension":"ani","value":"tel:+353155"},{"dimension":"dnis","value":"+353155"},{"dimension":"dnis","value":"tel:+353155"}`) + `]}`
	if body := cloud.got(routeJobs)[0].body; body != want {
		t.Errorf("sent %s, want %s", body, want)
	}
}

// TestFacts: who took part, each once, from all sessions and segments; a page that was read
// without them has none.
func TestFacts(t *testing.T) {
	const body = `{"conversations":[{"conversationId":"a","conversationStart":"2023-10-01T00:00:00Z","divisionIds":["d1","d2"],"originatingDirection":"inbound",
	 "participants":[{"purpose":"customer","sessions":[{"ani":"tel:+1","dnis":"tel:+2","segments":[{"queueId":null}]}]},
	  {"userId":"u1","sessions":[{"ani":"tel:+1","segments":[{"queueId":"q1"},{"queueId":"q2"}]},{"segments":[{"queueId":"q1"}]}]}]}]}`
	cloud := newCloud(t)
	cloud.answers(routePage, http.StatusOK, body)
	got, err := newClient(t, cloud).SurveyPage(t.Context(), jobA, "", true)
	if err != nil {
		t.Fatal(err)
	}
	want := &genesys.Facts{
		Queues: []string{"q1", "q2"}, Users: []string{"u1"}, Divisions: []string{"d1", "d2"},
		Participants: []string{"tel:+1", "tel:+2"}, Direction: genesys.Inbound,
	}
	if diff := cmp.Diff(want, got.Conversations[0].Facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if got, err := newClient(t, cloud).SurveyPage(t.Context(), jobA, "", false); err != nil || got.Conversations[0].Facts != nil {
		t.Errorf("without facts: %+v, %v", got, err)
	}
}

func TestInterval(t *testing.T) {
	from := time.Date(2023, 10, 1, 0, 0, 0, 999_999, time.UTC)
	to := time.Date(2023, 10, 1, 0, 0, 1, 1, time.UTC)
	if got, want := interval(from, to), "2023-10-01T00:00:00.000Z/2023-10-01T00:00:01.001Z"; got != want {
		t.Errorf("got %s, want %s: no moment of the interval may get lost", got, want)
	}
}

func TestStartSurveyRefusesAnEmptyInterval(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	for _, to := range []time.Time{now, now.Add(-time.Second)} {
		_, err := newClient(t, newCloud(t)).StartSurvey(t.Context(), genesys.SurveyQuery{From: now, To: to}, time.Minute)
		expectKind(t, err, genesys.KindInvalid)
	}
}

func TestJobIDsAreCheckedOnArrival(t *testing.T) {
	for _, id := range []string{``, `../../etc`, `job`} {
		cloud := newCloud(t)
		cloud.answers(routeJobs, http.StatusAccepted, `{"jobId":"`+id+`"}`)
		cloud.answers(routeBatches, http.StatusOK, `{"id":"`+id+`"}`)
		for _, name := range []string{"StartSurvey", "RequestBatch"} {
			expectKind(t, verbs[name].call(t.Context(), newClient(t, cloud)), genesys.KindMalformed)
		}
	}
}

func TestSurveyState(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusAccepted} {
		cloud := newCloud(t)
		cloud.answers(routeJob, status, `{"state":"FULFILLED","errorMessage":null}`)
		got, err := newClient(t, cloud).SurveyState(t.Context(), jobA)
		if err != nil || got != genesys.JobFulfilled {
			t.Errorf("%d: got %q, %v", status, got, err)
		}
	}
}

func TestEndSurvey(t *testing.T) {
	tests := map[int]genesys.Kind{
		204: "", 200: "", 404: "", 403: genesys.KindForbidden, 500: genesys.KindTransient,
	}
	for status, want := range tests {
		cloud := newCloud(t)
		cloud.answers(routeDeleteJob, status, map[bool]string{true: `{"code":"not.found"}`}[status >= 400])
		if err := newClient(t, cloud).EndSurvey(t.Context(), jobA); genesys.KindOf(err) != want {
			t.Errorf("%d: got %v, want kind %q", status, err, want)
		}
	}
}

const pageBody = `{
 "dataAvailabilityDate": "2026-01-02T00:00:00.000Z",
 "conversations": [
  {"conversationId": "a", "conversationStart": "2023-10-01T00:00:00.000Z", "conversationEnd": "2023-10-01T00:05:00.000+0000",
   "participants": [{"sessions": [{"conversationId": "not this", "segments": [{"conversationEnd": 7}]}]}]},
  {"conversationStart": "2023-10-01T00:01:00.000+00:00", "conversationId": "../b"},
  {"conversationId": "c", "conversationStart": "2023-10-01T03:02:00+0300", "conversationEnd": null}
 ],
 "cursor": "next page?&=",
 "unknown": {"conversations": [{}]}
}`

func TestSurveyPage(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routePage, http.StatusOK, pageBody)
	got, err := newClient(t, cloud).SurveyPage(t.Context(), jobA, "this page?&=", false)
	if err != nil {
		t.Fatal(err)
	}
	at := func(minute int) time.Time { return time.Date(2023, 10, 1, 0, minute, 0, 0, time.UTC) }
	want := genesys.SurveyPage{
		Conversations: []genesys.Conversation{
			{ID: "a", Start: at(0), End: at(5)},
			{ID: "../b", Start: at(1)},
			{ID: "c", Start: at(2)},
		},
		Next: "next page?&=",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if query := cloud.got(routePage)[0].query; query != "cursor=this+page%3F%26%3D&pageSize=1000" {
		t.Errorf("asked with %s", query)
	}
}

func TestReadPage(t *testing.T) {
	const good = `{"conversationId":"a","conversationStart":"2023-10-01T00:00:00Z"}`
	tests := map[string]struct {
		body string
		n    int // conversations, -1 for an error
	}{
		"none":                       {`{"conversations":[]}`, 0},
		"none, left out":             {`{"dataAvailabilityDate":"2026-01-02T00:00:00.000Z"}`, 0},
		"none on this page":          {`{"cursor":"next"}`, 0},
		"one":                        {`{"conversations":[` + good + `]}`, 1},
		"no start":                   {`{"conversations":[{"conversationId":"a"}]}`, -1},
		"start null":                 {`{"conversations":[{"conversationId":"a","conversationStart":null}]}`, -1},
		"start unreadable":           {`{"conversations":[{"conversationId":"a","conversationStart":"2023-10-01"}]}`, -1},
		"start in year 1":            {`{"conversations":[{"conversationId":"a","conversationStart":"0001-01-01T00:00:00Z"}]}`, -1},
		"end unreadable":             {`{"conversations":[{"conversationId":"a","conversationStart":"2023-10-01T00:00:00Z","conversationEnd":""}]}`, -1},
		"no id":                      {`{"conversations":[{"conversationStart":"2023-10-01T00:00:00Z"}]}`, -1},
		"an id of a wrong type":      {`{"conversations":[{"conversationId":5,"conversationStart":"2023-10-01T00:00:00Z"}]}`, -1},
		"null among them":            {`{"conversations":[` + good + `,null]}`, -1},
		"null for the conversations": {`{"conversations":null}`, -1},
		"an object for them":         {`{"conversations":{}}`, -1},
		"a cursor of a wrong type":   {`{"conversations":[],"cursor":5}`, -1},
		"nothing said":               {`{}`, -1},
		"nothing known":              {`{"totalHits":0}`, -1},
		"null":                       {`null`, -1},
		"an array":                   {`[]`, -1},
		"cut in a conversation":      {`{"conversations":[{"conversationId":"a"`, -1},
		"cut between two":            {`{"conversations":[` + good, -1},
		"cut after them":             {`{"conversations":[` + good + `]`, -1},
		"more after the end":         {`{"conversations":[]} {}`, -1},
		"blanks after the end":       {"{\"conversations\":[]}\n ", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			page, err := readPage(strings.NewReader(test.body), readConversation)
			switch {
			case (err != nil) != (test.n < 0):
				t.Errorf("error %v, want one: %v", err, test.n < 0)
			case err == nil && len(page.Conversations) != test.n:
				t.Errorf("%d conversations, want %d", len(page.Conversations), test.n)
			}
		})
	}
}

func FuzzReadPage(f *testing.F) {
	f.Add(pageBody)
	f.Add(`{"conversations":[{"conversationId":"a","conversationStart":"2023-10-01T00:00:00Z"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		page, err := readPage(strings.NewReader(body), readConversation)
		for _, c := range page.Conversations {
			if c.ID == "" || c.Start.IsZero() {
				t.Errorf("error %v and a conversation %+v", err, c)
			}
		}
	})
}

func TestAPageLongerThanTheBoundIsMalformed(t *testing.T) {
	r := route{path: "/page", timeout: waitLimit, limit: 20}
	cloud := newCloud(t)
	cloud.answers("GET /page", http.StatusOK, `"more than twenty bytes"`)
	_, err := newClient(t, cloud).fetch(t.Context(), "test", r)
	expectKind(t, err, genesys.KindMalformed)
}
