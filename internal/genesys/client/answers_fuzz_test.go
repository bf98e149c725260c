package client

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// FuzzAnswers has every decoder of a small answer read the same body: what comes
// out is usable, or a malformed answer.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{}`, `[]`, `null`, `{"state":"FULFILLED","jobId":"` + jobA + `","id":"` + jobA + `","dataAvailabilityDate":"2026-01-02T03:04:05.000Z"}`,
		`[{"id":"` + jobA + `","media":"audio","mediaSubtype":"Screen","fileState":"AVAILABLE","deleteDate":"2027-01-01T00:00:00.000Z","exportDate":7},{"id":"` + jobA + `"}]`,
		`{"expectedResultCount":2,"results":[{"conversationId":"a","recordingId":"b","resultUrl":"https://h/p?s=1","contentType":"audio/wav"},{"errorMsg":"no"}]}`,
		`{"access_token":"t0ken","expires_in":86400}`, `{"access_token":"t0ken","expires_in":"-1e999"}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := answer{status: http.StatusOK, header: http.Header{}, body: []byte(body)}
		readMetadata(t, got)
		readProtected(t, got)
		readBatch(t, got)
		readToken(t, got)
		var date instant
		if err := date.UnmarshalJSON(got.body); err == nil && date.Location() != time.UTC && !date.IsZero() {
			t.Errorf("a date in %v", date.Location())
		}
		if id, err := got.jobID("op", body); (err == nil) != genesys.ValidID(id) {
			t.Errorf("job %q, %v", id, err)
		}
	})
}

// malformedOnly fails for an error of another kind.
func malformedOnly(t *testing.T, err error) {
	if err != nil && genesys.KindOf(err) != genesys.KindMalformed {
		t.Errorf("%v is of kind %s", err, genesys.KindOf(err))
	}
}

func readMetadata(t *testing.T, got answer) {
	metadata, err := metadataOf("op", got)
	malformedOnly(t, err)
	for _, r := range metadata.Recordings {
		dates := r.Retention
		if r.ID == "" || max(len(r.MediaAsReceived), len(dates.ArchiveDate), len(dates.ArchiveMedium), len(dates.DeleteDate),
			len(dates.ExportDate), len(dates.ExportedDate)) > maxWord {
			t.Errorf("recording %+v", r)
		}
	}
}

func readProtected(t *testing.T, got answer) {
	asked := []string{jobA, strings.ToUpper(jobA)}
	protected, err := protectedOf("op", got, asked)
	malformedOnly(t, err)
	if len(protected) > 1 {
		t.Errorf("protected %v, asked about one", protected)
	}
}

func readBatch(t *testing.T, got answer) {
	var body batchBody
	err := got.object("op", &body)
	malformedOnly(t, err)
	if err != nil {
		return
	}
	for _, result := range body.status().Results {
		if result.URL.Empty() != (result.Error != "") && result.Error != "" {
			t.Errorf("result %+v is both an address and an error", result)
		}
		if result.URL.Empty() && result.Error == "" {
			t.Errorf("result %+v says nothing", result)
		}
	}
}

func readToken(t *testing.T, got answer) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	token, err := loginResult(got, nil, "s3cret", now)
	malformedOnly(t, err)
	if life := token.until.Sub(now); err == nil && (token.value == "" || life <= 0 || life > longestToken) {
		t.Errorf("a token that is used for %v", life)
	}
}

// FuzzRefusal: whatever a refused request is answered with, its error says neither
// a secret nor a control character, and waits for a bounded time.
func FuzzRefusal(f *testing.F) {
	const secret = "s3cret"
	f.Add(429, `{"message":"{a}","code":"x","contextId":"c","messageParams":{"a":"s3cret"}}`, "12", "")
	f.Add(401, `{"error":"invalid_client","description":"s3cret\u0000"}`, "Fri, 02 Jan 2026 00:00:00 GMT", "Thu, 01 Jan 2026 00:00:00 GMT")
	f.Add(503, `<html>`, "-99999999999999999999", "never")
	f.Fuzz(func(t *testing.T, status int, body, after, date string) {
		got := answer{status: status, header: http.Header{"Retry-After": {after}, "Date": {date}}, body: []byte(body)}
		for _, err := range []error{refusal("op", got, secret), loginRefusal(got, secret)} {
			var refused *genesys.Error
			if !errors.As(err, &refused) || refused.RetryAfter < 0 || refused.RetryAfter > maxRetryAfter || refused.Kind == "" {
				t.Errorf("error %#v", err)
			}
			if text := err.Error(); strings.Contains(text, secret) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Errorf("error says %q", text)
			}
		}
	})
}
