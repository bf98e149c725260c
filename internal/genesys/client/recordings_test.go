package client

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestProtected(t *testing.T) {
	upperB := strings.ToUpper(conversationB)
	tests := map[string]struct {
		asked []string
		body  string
		want  []string
		kind  genesys.Kind
	}{
		"none of them":           {[]string{conversationA}, `[]`, nil, ""},
		"one of two":             {[]string{conversationA, conversationB}, ids(conversationB), []string{conversationB}, ""},
		"both, in our order":     {[]string{conversationA, conversationB}, ids(conversationB, conversationA), []string{conversationA, conversationB}, ""},
		"in our spelling":        {[]string{upperB}, ids(conversationB), []string{upperB}, ""},
		"asked about twice":      {[]string{conversationA, conversationA}, ids(conversationA), []string{conversationA}, ""},
		"named twice":            {[]string{conversationA}, ids(conversationA, conversationA), []string{conversationA}, ""},
		"one not asked about":    {[]string{conversationA}, ids(conversationA, conversationB), nil, genesys.KindMalformed},
		"an id that is none":     {[]string{conversationA}, `[{"id":"../x"}]`, nil, genesys.KindMalformed},
		"an id of a wrong type":  {[]string{conversationA}, `[{"id":5}]`, nil, genesys.KindMalformed},
		"no id":                  {[]string{conversationA}, `[{"selfUri":"/"}]`, nil, genesys.KindMalformed},
		"null among them":        {[]string{conversationA}, `[null]`, nil, genesys.KindMalformed},
		"nothing is asked about": {nil, `[]`, nil, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.answers(routeProtection, http.StatusOK, test.body)
			got, err := newClient(t, cloud).Protected(t.Context(), test.asked, time.Minute)
			if test.kind != "" {
				expectKind(t, err, test.kind)
			} else if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestProtectedRequest(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeProtection, http.StatusOK, `[]`)
	client := newClient(t, cloud)
	if _, err := client.Protected(t.Context(), []string{conversationA, conversationB}, time.Minute); err != nil {
		t.Fatal(err)
	}
	want := `{"conversationIds":["` + conversationA + `","` + conversationB + `"]}`
	if got := cloud.got(routeProtection)[0].body; got != want {
		t.Errorf("sent %s, want %s", got, want)
	}
	_, err := client.Protected(t.Context(), manyIDs(101), time.Minute)
	expectKind(t, err, genesys.KindInvalid)
	if _, err := client.Protected(t.Context(), manyIDs(100), time.Minute); err != nil {
		t.Error(err)
	}
}

func TestAcceptedIsNoAnswerWhereNoneIsAnAnswer(t *testing.T) {
	for _, name := range []string{"Protected", "RecordingMetadata"} {
		cloud := newCloud(t)
		cloud.answers(verbs[name].route, http.StatusAccepted, `[]`)
		expectKind(t, verbs[name].call(t.Context(), newClient(t, cloud)), genesys.KindMalformed)
	}
}

func TestRecordingMetadata(t *testing.T) {
	body := ` [{"id":"r1","media":"audio","mediaSubtype":"Trunk","fileState":"AVAILABLE","deleteDate":"2027-01-01T00:00:00.000+0000"},
 {"id":"../r2","media":"video","mediaSubtype":"Screen","fileState":"NEWSTATE","startTime":null},
 {"id":"r3","media":"holograph\u0000"}]` + "\n"
	cloud := newCloud(t)
	cloud.answers(routeMetadata, http.StatusOK, body)
	got, err := newClient(t, cloud).RecordingMetadata(t.Context(), conversationA, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := genesys.Metadata{
		Recordings: []genesys.Recording{
			{ID: "r1", Medium: genesys.Call, FileState: genesys.FileAvailable, MediaAsReceived: "audio",
				Retention: genesys.Retention{DeleteDate: "2027-01-01T00:00:00.000+0000"}},
			{ID: "../r2", Medium: genesys.Screen, FileState: "NEWSTATE", MediaAsReceived: "video"},
			{ID: "r3", MediaAsReceived: "holograph"},
		},
		Body:          []byte(body),
		CorrelationID: correlation,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNoRecordingsIsAnAnswer(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMetadata, http.StatusOK, `[]`)
	got, err := newClient(t, cloud).RecordingMetadata(t.Context(), conversationA, time.Minute)
	if err != nil || len(got.Recordings) != 0 || string(got.Body) != "[]" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestMetadataWithoutARecordingsIDIsMalformed(t *testing.T) {
	for _, body := range []string{`[{}]`, `[null]`, `[{"id":null}]`, `[{"id":5}]`, `[[]]`, `[{"id":"a"},7]`} {
		cloud := newCloud(t)
		cloud.answers(routeMetadata, http.StatusOK, body)
		_, err := newClient(t, cloud).RecordingMetadata(t.Context(), conversationA, time.Minute)
		expectKind(t, err, genesys.KindMalformed)
	}
}

// TestRestorationsLeft is the least of what is said, and unknown if nothing is.
func TestRestorationsLeft(t *testing.T) {
	for body, want := range map[string]int{
		`[{"id":"a"}]`: -1,
		`[]`:           -1,
		`[{"id":"a","remainingRestorationsAllowedForOrg":3},{"id":"b","remainingRestorationsAllowedForOrg":0},{"id":"c"}]`: 0,
	} {
		cloud := newCloud(t)
		cloud.answers(routeMetadata, http.StatusOK, body)
		got, err := newClient(t, cloud).RecordingMetadata(t.Context(), conversationA, time.Minute)
		if err != nil || (got.RestorationsLeft == nil) != (want < 0) || want >= 0 && *got.RestorationsLeft != want {
			t.Errorf("%s: %v left, %v", body, got.RestorationsLeft, err)
		}
	}
}

func TestRequestBatch(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeBatches, http.StatusOK, `{"id":"`+jobA+`","selfUri":"/x"}`)
	refs := []genesys.RecordingRef{{ConversationID: conversationA, RecordingID: recordingA}, {ConversationID: conversationB, RecordingID: recordingA}}
	got, err := newClient(t, cloud).RequestBatch(t.Context(), refs, time.Minute)
	if err != nil || got != jobA {
		t.Fatalf("got %q, %v", got, err)
	}
	want := fmt.Sprintf(`{"batchDownloadRequestList":[{"conversationId":%q,"recordingId":%q},{"conversationId":%q,"recordingId":%q}]}`,
		conversationA, recordingA, conversationB, recordingA)
	if body := cloud.got(routeBatches)[0].body; body != want {
		t.Errorf("sent %s, want %s", body, want)
	}
}

func TestRequestBatchIsBounded(t *testing.T) {
	client := newClient(t, newCloud(t))
	for _, n := range []int{0, 101} {
		var refs []genesys.RecordingRef
		for _, id := range manyIDs(n) {
			refs = append(refs, genesys.RecordingRef{ConversationID: id, RecordingID: id})
		}
		_, err := client.RequestBatch(t.Context(), refs, time.Minute)
		expectKind(t, err, genesys.KindInvalid)
	}
}

func TestBatchStatus(t *testing.T) {
	refA := genesys.RecordingRef{ConversationID: conversationA, RecordingID: recordingA}
	const refJSON = `"conversationId":"` + conversationA + `","recordingId":"` + recordingA + `"`
	url := genesys.NewSignedURL("https://media/a?sig=SIGNATURE")
	tests := map[string]struct {
		body string
		want genesys.BatchStatus
	}{
		"nothing yet":  {`{}`, genesys.BatchStatus{}},
		"nulls":        {`{"expectedResultCount":null,"resultCount":null,"results":null}`, genesys.BatchStatus{}},
		"growing":      {`{"expectedResultCount":3,"results":[]}`, genesys.BatchStatus{Expected: 3}},
		"not ready":    {`{"expectedResultCount":1,"results":[{` + refJSON + `}]}`, genesys.BatchStatus{Expected: 1}},
		"empty fields": {`{"results":[{` + refJSON + `,"resultUrl":"","errorMsg":null}]}`, genesys.BatchStatus{}},
		"ready": {
			`{"expectedResultCount":1,"results":[{` + refJSON + `,"resultUrl":"https://media/a?sig=SIGNATURE","contentType":"audio/ogg; codecs=opus"}]}`,
			genesys.BatchStatus{Expected: 1, Results: []genesys.BatchResult{
				{RecordingRef: refA, URL: url, ContentType: "audio/ogg; codecs=opus"},
			}},
		},
		"failed, but with an address": {
			`{"results":[{` + refJSON + `,"resultUrl":"https://media/a","errorMsg":"archived:\n see https://h/p?sig=SIGNATURE"}]}`,
			genesys.BatchStatus{Results: []genesys.BatchResult{
				{RecordingRef: refA, Error: "archived: see https://h/p?[redacted]"},
			}},
		},
		"ids as received": {
			`{"results":[{"conversationId":"../c","errorMsg":"no"}]}`,
			genesys.BatchStatus{Results: []genesys.BatchResult{
				{RecordingRef: genesys.RecordingRef{ConversationID: "../c"}, Error: "no"},
			}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.answers(routeBatch, http.StatusOK, test.body)
			got, err := newClient(t, cloud).BatchStatus(t.Context(), jobA)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(genesys.SignedURL{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestBatchStatusOfWrongTypesIsMalformed(t *testing.T) {
	for _, body := range []string{
		`{"expectedResultCount":"3"}`, `{"expectedResultCount":1.5}`, `{"results":{}}`, `{"results":[5]}`,
		`{"results":[{"resultUrl":7}]}`,
	} {
		cloud := newCloud(t)
		cloud.answers(routeBatch, http.StatusOK, body)
		_, err := newClient(t, cloud).BatchStatus(t.Context(), jobA)
		expectKind(t, err, genesys.KindMalformed)
	}
}

// ids is an answer that names these conversations.
func ids(all ...string) string {
	return `[{"id":"` + strings.Join(all, `","selfUri":"/x"},{"id":"`) + `"}]`
}

func manyIDs(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("c0000000-0000-4000-8000-%012d", i)
	}
	return all
}
