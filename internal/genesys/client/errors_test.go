package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestKindOfStatus(t *testing.T) {
	tests := map[int]genesys.Kind{
		200: genesys.KindMalformed, // not an error status, but not the one that was due
		204: genesys.KindMalformed,
		302: genesys.KindMalformed,
		400: genesys.KindInvalid,
		401: genesys.KindUnauthorized,
		403: genesys.KindForbidden,
		404: genesys.KindNotFound,
		405: genesys.KindInvalid,
		408: genesys.KindTimeout,
		409: genesys.KindInvalid,
		413: genesys.KindInvalid,
		415: genesys.KindInvalid,
		429: genesys.KindThrottled,
		500: genesys.KindTransient,
		501: genesys.KindInvalid,
		502: genesys.KindTransient,
		503: genesys.KindTransient,
		504: genesys.KindTimeout,
		599: genesys.KindTransient,
		999: genesys.KindTransient,
	}
	for status, want := range tests {
		if got := kindOf(status); got != want {
			t.Errorf("%d: got %s, want %s", status, got, want)
		}
	}
}

func TestKindOfFailure(t *testing.T) {
	inURL := func(err error) error {
		return fmt.Errorf("GET https://h/p?x=SIGNATURE giving up after 1 attempt(s): %w",
			&url.Error{Op: "Get", URL: "https://h/p?x=SIGNATURE", Err: err})
	}
	tests := map[string]struct {
		err  error
		kind genesys.Kind
		text string
	}{
		"refused":      {inURL(&net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}), genesys.KindTransient, "dial tcp: connection refused"},
		"dial timeout": {inURL(&net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}), genesys.KindTimeout, "context deadline exceeded"},
		"no answer":    {inURL(context.DeadlineExceeded), genesys.KindTimeout, "context deadline exceeded"},
		"cut short":    {io.ErrUnexpectedEOF, genesys.KindMalformed, "unexpected EOF"},
		"malformed":    {malformed("no %s", "id"), genesys.KindMalformed, "malformed answer: no id"},
		"bad redirect": {inURL(errors.New(`failed to parse Location header "/x?sig=SIGNATURE%zz"`)), genesys.KindTransient, `failed to parse Location header "/x?[redacted]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := expectKind(t, failure("test", answer{}, test.err), test.kind)
			if got.Err.Error() != test.text {
				t.Errorf("got %q, want %q", got.Err, test.text)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Sun, 01 Oct 2023 12:00:00 GMT"
	tests := map[string]struct {
		value, date string
		want        time.Duration
	}{
		"absent":            {"", "", 0},
		"seconds":           {"17", "", 17 * time.Second},
		"above 180":         {"200", "", 200 * time.Second},
		"zero":              {"0", "", 0},
		"negative":          {"-5", "", 0},
		"absurd":            {"99999999999", "", time.Hour},
		"date":              {"Sun, 01 Oct 2023 12:00:30 GMT", date, 30 * time.Second},
		"date in the past":  {"Sun, 01 Oct 2023 11:00:00 GMT", date, 0},
		"date by our clock": {"Sun, 01 Oct 2023 12:00:30 GMT", "", 0},
		"absurd date":       {"Sun, 01 Oct 2099 12:00:30 GMT", date, time.Hour},
		"neither":           {"soon", date, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Retry-After": {test.value}, "Date": {test.date}}
			if got := retryAfter(header); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	tests := map[string]struct {
		status int
		header http.Header
		body   string
		want   genesys.Error
	}{
		"a permission is missing": {
			403, nil,
			`{"message":"Unable to perform the requested action.","code":"missing.any.permissions","status":403,
			"messageWithParams":"{permissions}","messageParams":{"permissions":"recording:recording:view"},"contextId":"ctx"}`,
			genesys.Error{
				Kind: genesys.KindForbidden, Code: "missing.any.permissions", CorrelationID: "ctx",
				Message: "Unable to perform the requested action. (permissions: recording:recording:view)",
			},
		},
		"the message names it already": {
			403, nil,
			`{"message":"You need [recording:recording:view]","code":"x","messageParams":{"permissions":"recording:recording:view"}}`,
			genesys.Error{Kind: genesys.KindForbidden, Code: "x", Message: "You need [recording:recording:view]"},
		},
		"throttled": {
			429, http.Header{"Retry-After": {"17"}, "Inin-Correlation-Id": {"head"}},
			`{"message":"Retry the request in [17] seconds","code":"too.many.requests.retry.after","contextId":"body"}`,
			genesys.Error{
				Kind: genesys.KindThrottled, Code: "too.many.requests.retry.after", RetryAfter: 17 * time.Second,
				Message: "Retry the request in [17] seconds", CorrelationID: "head",
			},
		},
		"unavailable for a while": {
			503, http.Header{"Retry-After": {"5"}}, ``,
			genesys.Error{Kind: genesys.KindTransient, RetryAfter: 5 * time.Second},
		},
		"a page of a proxy": {
			502, nil, `<html>Bad Gateway</html>`, genesys.Error{Kind: genesys.KindTransient},
		},
		"fields of wrong types": {
			400, nil, `{"message":"Bad","code":7,"status":"400","messageParams":{"n":3}}`,
			genesys.Error{Kind: genesys.KindMalformed, Message: "Bad", Err: errForeign},
		},
		"nothing certain": {
			404, nil, `{"message":"The requested resource was not found.","code":"not.found"}`,
			genesys.Error{
				Kind: genesys.KindMalformed, Code: "not.found", Message: "The requested resource was not found.", Err: errUncertain,
			},
		},
		"a page of a proxy with a status that would be final": {
			404, nil, `<html>Not Found</html>`, genesys.Error{Kind: genesys.KindMalformed, Err: errForeign},
		},
		"secrets and worse": {
			400, nil, `{"message":"Bad\nsecret the-secret-of-the-client\u0000 at https://h/p?sig=SIGNATURE","code":"c\tc"}`,
			genesys.Error{Kind: genesys.KindInvalid, Code: "c c", Message: "Bad secret [redacted] at https://h/p?[redacted]"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := answer{status: test.status, header: test.header, body: []byte(test.body)}
			test.want.Op, test.want.Status = "test", test.status
			refused := refusal("test", got, clientSecret, "")
			if !errors.Is(refused, test.want.Err) && test.want.Err != nil {
				t.Errorf("because of %v, want %v", refused.Err, test.want.Err)
			}
			refused.Err, test.want.Err = nil, nil
			if diff := cmp.Diff(&test.want, refused); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestRefusalIsBounded(t *testing.T) {
	long := strings.Repeat("é", 1<<16)
	body := marshal(t, map[string]string{"message": long, "code": long, "contextId": long})
	got := refusal("test", answer{status: 400, body: []byte(body)})
	if len(got.Message) > maxMessage || len(got.Code) > maxWord || len(got.CorrelationID) > maxWord {
		t.Errorf("message %d, code %d, correlation id %d bytes", len(got.Message), len(got.Code), len(got.CorrelationID))
	}
}
