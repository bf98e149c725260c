package genesys

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestErrorText(t *testing.T) {
	tests := map[string]struct {
		err  Error
		want string
	}{
		"an answer": {
			Error{Op: "read x", Status: 429, Code: "too.many", Message: "Wait", CorrelationID: "abc", RetryAfter: time.Second},
			"read x: HTTP 429: too.many: Wait (correlation id abc)",
		},
		"no answer": {
			Error{Op: "read x", Err: errors.New("connection refused")},
			"read x: connection refused",
		},
		"an answer that is none": {
			Error{Op: "read x", Status: 200, Err: errors.New("empty"), CorrelationID: "abc"},
			"read x: HTTP 200: empty (correlation id abc)",
		},
		"next to nothing": {Error{Op: "read x"}, "read x"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.err.Error(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestKindAndRetryAfterThroughWrapping(t *testing.T) {
	cause := errors.New("cause")
	err := fmt.Errorf("outer: %w", &Error{Op: "read x", Kind: KindThrottled, RetryAfter: time.Second, Err: cause})
	if KindOf(err) != KindThrottled || RetryAfterOf(err) != time.Second || !errors.Is(err, cause) {
		t.Errorf("got %s, %v", KindOf(err), RetryAfterOf(err))
	}
	if KindOf(cause) != "" || RetryAfterOf(cause) != 0 || KindOf(nil) != "" {
		t.Error("another error has a kind")
	}
}
