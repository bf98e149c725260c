package client

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

const routeRetained = "GET /api/v2/recordings/retention/query"

const retainedBody = `{
 "entities": [
  {"conversationId": "` + conversationA + `", "recordingId": "` + recordingA + `", "archiveDate": "2024-01-01T00:00:00.000Z",
   "archiveMedium": "CLOUDARCHIVE", "deleteDate": "tomorrow", "creationTime": "2023-10-01T00:05:00.000+0000"},
  {"creationTime": "2023-10-01T03:06:00+03:00", "recordingId": "../../r", "conversationId": "c", "new": [{"entities": 1}]}
 ],
 "previousUri": "/api/v2/recordings/retention/query?cursor=this",
 "nextUri": "https://elsewhere.example/api/v2/recordings/retention/query?pageSize=1&cursor=next%3F%26%3D+page&retentionThresholdDays=7"
}`

func TestRetained(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeRetained, http.StatusOK, retainedBody)
	client := newClient(t, cloud)
	got, err := client.Retained(t.Context(), 1, "")
	if err != nil {
		t.Fatal(err)
	}
	at := func(minute int) time.Time { return time.Date(2023, 10, 1, 0, minute, 0, 0, time.UTC) }
	want := genesys.RetainedPage{
		Recordings: []genesys.Retained{
			{RecordingRef: genesys.RecordingRef{ConversationID: conversationA, RecordingID: recordingA}, Created: at(5)},
			{RecordingRef: genesys.RecordingRef{ConversationID: "c", RecordingID: "../../r"}, Created: at(6)},
		},
		Next: "next?&= page",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := client.Retained(t.Context(), 1, got.Next); err == nil {
		t.Error("a page that names itself as the next is taken")
	} else {
		expectKind(t, err, genesys.KindMalformed)
	}
	for i, want := range []string{"pageSize=500&retentionThresholdDays=1", "cursor=next%3F%26%3D+page&pageSize=500&retentionThresholdDays=1"} {
		if query := cloud.got(routeRetained)[i].query; query != want {
			t.Errorf("asked with %s, want %s", query, want)
		}
	}
}

func TestRetainedRefusesWhatIsNoNumberOfDays(t *testing.T) {
	_, err := newClient(t, newCloud(t)).Retained(t.Context(), 0, "")
	expectKind(t, err, genesys.KindInvalid)
}

func TestReadRetained(t *testing.T) {
	const good = `{"conversationId":"a","recordingId":"b","creationTime":"2023-10-01T00:00:00Z"}`
	tests := map[string]struct {
		body string
		n    int // recordings, -1 for an error
	}{
		"none":                     {`{"entities":[]}`, 0},
		"none on this page":        {`{"nextUri":"/x?cursor=y"}`, 0},
		"one, on the last page":    {`{"entities":[` + good + `],"nextUri":null}`, 1},
		"one, the end is empty":    {`{"entities":[` + good + `],"nextUri":""}`, 1},
		"nothing":                  {``, -1},
		"null":                     {`null`, -1},
		"an empty object":          {`{}`, -1},
		"only itself":              {`{"selfUri":"/x","nextUri":""}`, -1},
		"entities of null":         {`{"entities":null}`, -1},
		"an array":                 {`[` + good + `]`, -1},
		"a string for a recording": {`{"entities":["a"]}`, -1},
		"null for a recording":     {`{"entities":[null]}`, -1},
		"no conversation":          {`{"entities":[{"recordingId":"b","creationTime":"2023-10-01T00:00:00Z"}]}`, -1},
		"no recording":             {`{"entities":[{"conversationId":"a","creationTime":"2023-10-01T00:00:00Z"}]}`, -1},
		"no time":                  {`{"entities":[{"conversationId":"a","recordingId":"b"}]}`, -1},
		"a time that is none":      {`{"entities":[{"conversationId":"a","recordingId":"b","creationTime":"soon"}]}`, -1},
		"an id that is a number":   {`{"entities":[{"conversationId":7,"recordingId":"b","creationTime":"2023-10-01T00:00:00Z"}]}`, -1},
		"an address without":       {`{"entities":[` + good + `],"nextUri":"/x?pageSize=5"}`, -1},
		"an empty cursor":          {`{"entities":[` + good + `],"nextUri":"/x?cursor="}`, -1},
		"a cursor that is broken":  {`{"entities":[` + good + `],"nextUri":"/x?cursor=%zz"}`, -1},
		"an address that is none":  {`{"entities":[` + good + `],"nextUri":"http://[::1"}`, -1},
		"an address of a number":   {`{"entities":[` + good + `],"nextUri":7}`, -1},
		"cut short":                {`{"entities":[` + good + `,`, -1},
		"cut after the recordings": {`{"entities":[` + good + `]`, -1},
		"something after it":       {`{"entities":[]}{}`, -1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			page, err := readRetained(strings.NewReader(test.body))
			switch {
			case (err != nil) != (test.n < 0):
				t.Errorf("error %v, want one: %v", err, test.n < 0)
			case err == nil && len(page.Recordings) != test.n:
				t.Errorf("%d recordings, want %d", len(page.Recordings), test.n)
			}
		})
	}
}

// TestTrapTheCursorIsInAnAddress: the SDK hands the address on, which may be
// anywhere; we ask nobody but the endpoint, and no error contains it.
func TestTrapTheCursorIsInAnAddress(t *testing.T) {
	cloud := newCloud(t)
	elsewhere := newCloud(t)
	cloud.answers(routeRetained, http.StatusOK, fmt.Sprintf(`{"entities":[],"nextUri":"%s/api/v2/recordings/retention/query?cursor=next"}`, elsewhere.URL))
	payload, _, err := platformclientv2.NewRecordingApiWithConfig(bareSDK(cloud.URL)).GetRecordingsRetentionQuery(1, "", 500)
	if err != nil || payload.NextUri == nil || !strings.HasPrefix(*payload.NextUri, elsewhere.URL) {
		t.Errorf("the SDK: %v, %v; want the address of the next page", payload, err)
	}

	client := newClient(t, cloud)
	page, err := client.Retained(t.Context(), 1, "")
	if err != nil || page.Next != "next" {
		t.Fatalf("got %+v, %v", page, err)
	}
	if _, err := client.Retained(t.Context(), 1, "another"); err != nil {
		t.Error(err)
	}
	if n := elsewhere.count(routeRetained); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
	cloud.answers(routeRetained, http.StatusOK, `{"entities":[],"nextUri":"/x?signature=SIGNATURE"}`)
	_, err = client.Retained(t.Context(), 1, "")
	expectKind(t, err, genesys.KindMalformed)
}

func FuzzReadRetained(f *testing.F) {
	f.Add(retainedBody)
	f.Add(`{"entities":[],"nextUri":"?cursor=%20"}`)
	f.Fuzz(func(t *testing.T, body string) {
		page, err := readRetained(strings.NewReader(body))
		for _, r := range page.Recordings {
			if r.ConversationID == "" || r.RecordingID == "" || r.Created.IsZero() {
				t.Errorf("error %v and a recording %+v", err, r)
			}
		}
	})
}

func TestSimulatedRetention(t *testing.T) {
	sim, client := simulated(t)
	got := map[genesys.RecordingRef]time.Time{}
	for cursor, more := "", true; more; more = cursor != "" {
		page, err := client.Retained(t.Context(), 1, cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Recordings {
			got[r.RecordingRef] = r.Created
		}
		cursor = page.Next
	}
	want := map[genesys.RecordingRef]time.Time{}
	for _, c := range sim.Dataset().Conversations {
		for _, r := range c.Recordings {
			if !c.End.IsZero() {
				want[genesys.RecordingRef{ConversationID: r.ConversationID, RecordingID: r.ID}] = r.End.Truncate(time.Millisecond)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("of %d recordings, -want +got:\n%s", len(want), diff)
	}
}
