package client

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// The tests named TestTrap show what the bare SDK v133 does and what we do. A
// part that says "the SDK" and fails after an upgrade means that the SDK has
// fixed something, and that our remedy may go.

func TestTrapThrottlingIsLost(t *testing.T) {
	tests := map[string]struct {
		status     int
		retryAfter string
		lost       bool
		kind       genesys.Kind
		wait       time.Duration
	}{
		"429, 17 s":           {429, "17", true, genesys.KindThrottled, 17 * time.Second},
		"429, 180 s":          {429, "180", true, genesys.KindThrottled, 180 * time.Second},
		"429, 181 s":          {429, "181", false, genesys.KindThrottled, 181 * time.Second},
		"429 without a word":  {429, "", true, genesys.KindThrottled, 0},
		"503":                 {503, "5", true, genesys.KindTransient, 5 * time.Second},
		"500":                 {500, "", true, genesys.KindTransient, 0},
		"504":                 {504, "", true, genesys.KindTimeout, 0},
		"501 is passed on":    {501, "", false, genesys.KindInvalid, 0},
		"a 403 is passed on":  {403, "", false, genesys.KindForbidden, 0},
		"429 in another form": {429, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), true, genesys.KindThrottled, time.Hour},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on(routeMe, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", test.retryAfter)
				w.WriteHeader(test.status)
				fmt.Fprintf(w, `{"code":"the.code","message":"the message","status":%d}`, test.status)
			})
			_, response, err := platformclientv2.NewTokensApiWithConfig(bareSDK(cloud.URL)).GetTokensMe(true)
			if lost := response == nil; lost != test.lost || err == nil {
				t.Errorf("the SDK: response %v, error %v; want it lost: %v", response, err, test.lost)
			}

			_, err = newClient(t, cloud).WhoAmI(t.Context())
			got := expectKind(t, err, test.kind)
			if got.Status != test.status || got.Code != "the.code" || got.Message != "the message" || got.CorrelationID != correlation {
				t.Errorf("got %+v", got)
			}
			if off := got.RetryAfter - test.wait; off > 0 || off < -5*time.Second {
				t.Errorf("retry after %v, want %v", got.RetryAfter, test.wait)
			}
		})
	}
}

func TestTrapAnEmptyAnswerIsSuccess(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"no byte":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
		"cut after the head":  cutShort(""),
		"the header and null": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "null") },
	}
	for name, handler := range answers {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on(routeMetadata, handler)
			cloud.on(routeProtection, handler)
			recordings := platformclientv2.NewRecordingApiWithConfig(bareSDK(cloud.URL))
			metadata, _, err := recordings.GetConversationRecordingmetadata(conversationA)
			if len(metadata) != 0 || err != nil {
				t.Errorf("the SDK: %v, %v; want no recordings and no error", metadata, err)
			}
			held, _, err := recordings.PostRecordingsDeletionprotection(platformclientv2.Conversationdeletionprotectionquery{})
			if len(held) != 0 || err != nil {
				t.Errorf("the SDK: %v, %v; want nothing held and no error", held, err)
			}

			client := newClient(t, cloud)
			for _, name := range []string{"RecordingMetadata", "Protected"} {
				expectKind(t, verbs[name].call(t.Context(), client), genesys.KindMalformed)
			}
		})
	}
}

func TestTrapErrorsAreTextWithTheURL(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routePage, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	analytics := platformclientv2.NewAnalyticsApiWithConfig(bareSDK(cloud.URL))
	_, _, err := analytics.GetAnalyticsConversationsDetailsJobResults(jobA, "SIGNATURE", 1000)
	if err == nil || !strings.Contains(err.Error(), "SIGNATURE") {
		t.Errorf("the SDK: %v; want the query in it", err)
	}

	_, err = newClient(t, cloud).SurveyPage(t.Context(), jobA, "SIGNATURE", false)
	expectKind(t, err, genesys.KindTransient)
}

func TestTrapANonJSONErrorIsAJSONError(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusForbidden, `<html>Blocked by the gateway</html>`)
	_, response, err := platformclientv2.NewTokensApiWithConfig(bareSDK(cloud.URL)).GetTokensMe(true)
	if response == nil || response.Error != nil || err == nil || strings.Contains(err.Error(), "403") {
		t.Errorf("the SDK: %v, %v; want an error that does not tell the status", response, err)
	}

	_, err = newClient(t, cloud).WhoAmI(t.Context())
	if got := expectKind(t, err, genesys.KindMalformed); got.Status != http.StatusForbidden || got.CorrelationID != correlation {
		t.Errorf("got %+v", got)
	}
}

func TestTrapDatesBecomeYearOne(t *testing.T) {
	for _, zone := range []string{"+0000", "+00:00"} {
		cloud := newCloud(t)
		cloud.answers(routeAvailability, http.StatusOK, `{"dataAvailabilityDate":"2026-01-02T00:00:00.000`+zone+`"}`)
		analytics := platformclientv2.NewAnalyticsApiWithConfig(bareSDK(cloud.URL))
		payload, _, err := analytics.GetAnalyticsConversationsDetailsJobsAvailability()
		if err != nil || payload.DataAvailabilityDate == nil || payload.DataAvailabilityDate.Year() != 1 {
			t.Errorf("the SDK: %v, %v; want the year 1", payload, err)
		}

		got, err := newClient(t, cloud).DataAvailability(t.Context())
		if err != nil || !got.Equal(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("got %v, %v", got, err)
		}
	}
}

func TestTrapADeleteDateInYearOneReadsAsDeleted(t *testing.T) {
	body := `[{"id":"` + recordingA + `","media":"audio","fileState":"AVAILABLE","deleteDate":"2099-01-01T00:00:00.000+0000"}]`
	cloud := newCloud(t)
	cloud.answers(routeMetadata, http.StatusOK, body)
	payload, _, err := platformclientv2.NewRecordingApiWithConfig(bareSDK(cloud.URL)).GetConversationRecordingmetadata(conversationA)
	if err != nil || !payload[0].DeleteDate.Before(time.Now()) {
		t.Errorf("the SDK: %v, %v; want a delete date that has passed", payload, err)
	}

	got, err := newClient(t, cloud).RecordingMetadata(t.Context(), conversationA, time.Minute)
	if err != nil || got.Recordings[0].FileState != genesys.FileAvailable || string(got.Body) != body {
		t.Errorf("got %+v, %v; want it available, and its dates as received", got, err)
	}
}

func TestTrapWrongTypesAreLeftOut(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, `{"organization":{"id":5,"name":"Emea"}}`)
	cloud.answers(routeBatch, http.StatusOK, `{"expectedResultCount":"3","results":[{"conversationId":7}]}`)
	sdk := bareSDK(cloud.URL)
	me, _, err := platformclientv2.NewTokensApiWithConfig(sdk).GetTokensMe(true)
	if err != nil || me.Organization.Id != nil {
		t.Errorf("the SDK: %v, %v; want no id and no error", me, err)
	}
	batch, _, err := platformclientv2.NewRecordingApiWithConfig(sdk).GetRecordingBatchrequest(jobA)
	if err != nil || batch.ExpectedResultCount != nil || (*batch.Results)[0].ConversationId != nil {
		t.Errorf("the SDK: %v, %v; want neither count nor id, and no error", batch, err)
	}

	client := newClient(t, cloud)
	for _, name := range []string{"WhoAmI", "BatchStatus"} {
		expectKind(t, verbs[name].call(t.Context(), client), genesys.KindMalformed)
	}
}

func TestTrapAListWithSomethingElseInItIsShortened(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeBatch, http.StatusOK, `{"expectedResultCount":2,"results":["no object",{"recordingId":"r"}]}`)
	batch, _, err := platformclientv2.NewRecordingApiWithConfig(bareSDK(cloud.URL)).GetRecordingBatchrequest(jobA)
	if err != nil || batch.Results == nil || len(*batch.Results) == 2 {
		t.Errorf("the SDK: %v, %v; want less than two results and no error", batch, err)
	}

	_, err = newClient(t, cloud).BatchStatus(t.Context(), jobA)
	expectKind(t, err, genesys.KindMalformed)
}

func TestTrapAcceptedWithoutBodyIsNil(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeJob, http.StatusAccepted, "")
	payload, _, err := platformclientv2.NewAnalyticsApiWithConfig(bareSDK(cloud.URL)).GetAnalyticsConversationsDetailsJob(jobA)
	if payload != nil || err != nil {
		t.Errorf("the SDK: %v, %v; want nothing, twice", payload, err)
	}

	_, err = newClient(t, cloud).SurveyState(t.Context(), jobA)
	expectKind(t, err, genesys.KindMalformed)
}

func TestTrapALoginOfNullPanics(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers("POST /oauth/token", http.StatusOK, "null")
	err := func() (err error) {
		defer func() {
			if recover() != nil {
				err = errors.New("panicked")
			}
		}()
		return bareSDK(cloud.URL).AuthorizeClientCredentials("client", clientSecret)
	}()
	if err == nil || err.Error() != "panicked" {
		t.Errorf("the SDK: %v, want a panic", err)
	}

	_, err = newClient(t, cloud).WhoAmI(t.Context())
	expectKind(t, err, genesys.KindMalformed)
}
