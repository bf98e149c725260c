package operator

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing/rfc3161"
)

// TestAuthoritiesThatMayBeAsked: only those that the manager was started with.
func TestAuthoritiesThatMayBeAsked(t *testing.T) {
	list, err := egress.ParseList("timestamp=https://tsa.example:443,s3=https://other.example:443")
	if err != nil {
		t.Fatal(err)
	}
	o := &operator{Options: Options{Endpoints: list}}
	if a, err := o.authority(nil); a != nil || err != nil {
		t.Errorf("%v, %v, want none", a, err)
	}
	if a, err := o.authority(&v1alpha1.Timestamp{URL: "https://tsa.example/s3cret"}); a == nil || err != nil {
		t.Errorf("%v, %v, want one", a, err)
	}
	for _, address := range []string{"https://other.example/s3cret", "http://tsa.example/s3cret", "https://tsa.example:8443/s3cret", "http://tsa.example.evil/s3cret", "http://\x7f/s3cret"} {
		_, err := o.authority(&v1alpha1.Timestamp{URL: address})
		if got := outcome.Of(err, 0); got.State != outcome.Stalled || got.Reason != v1alpha1.ReasonEndpointNotAllowed || strings.Contains(got.Message, "s3cret") {
			t.Errorf("%q: %v", address, got)
		}
	}
}

// TestFailuresOfAnAuthority: one that does not answer is waited for, one that
// refuses needs a person.
func TestFailuresOfAnAuthority(t *testing.T) {
	for status, want := range map[int]string{
		http.StatusServiceUnavailable: v1alpha1.ReasonTimestampUnavailable, http.StatusForbidden: v1alpha1.ReasonTimestampRefused,
	} {
		fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		parsed, err := url.Parse(fake.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, err = authority{rfc3161.Authority{URL: parsed}}.Timestamp(t.Context(), nil)
		if got := outcome.Of(err, 0); got.Reason != want || (got.State == outcome.Stalled) != (status == http.StatusForbidden) {
			t.Errorf("%d: %v, want %s", status, got, want)
		}
		fake.Close()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (authority{rfc3161.Authority{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}}}).Timestamp(ended, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want %v", err, context.Canceled)
	}
}

func TestToolNamesItsExecutable(t *testing.T) {
	o := &operator{Options: Options{Image: "registry/image@sha256:aa"}}
	if got := o.tool(); got.Name != name || got.Version != Version || got.Image != o.Image || len(got.Executable) != 64 {
		t.Errorf("%+v", got)
	}
}
