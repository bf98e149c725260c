package rfc3161

import (
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/testenv/tsaserver"
)

func authority(t *testing.T, address string) Authority {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return Authority{parsed}
}

// TestTimestamp: openssl verifies what is stored of an authority's answer.
func TestTimestamp(t *testing.T) {
	server := tsaserver.Start(t)
	answer, err := authority(t, server.URL).Timestamp(t.Context(), []byte("a manifest"))
	if err != nil {
		t.Fatal(err)
	}
	stored := filepath.Join(t.TempDir(), "tsr")
	if err := os.WriteFile(stored, answer, 0o600); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]bool{"a manifest": true, "another": false} {
		about := filepath.Join(t.TempDir(), "manifest")
		if err := os.WriteFile(about, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		verify := exec.CommandContext(t.Context(), "openssl", "ts", "-verify", "-data", about, "-in", stored, "-CAfile", server.CA)
		if output, err := verify.CombinedOutput(); (err == nil) != want {
			t.Errorf("%s: %v: %s, want it verified: %v", content, err, output, want)
		}
	}
}

// TestTimestampsAtOnce: batches have their bags attested at the same time.
func TestTimestampsAtOnce(t *testing.T) {
	server := tsaserver.Start(t)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := authority(t, server.URL).Timestamp(t.Context(), []byte("a manifest")); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// TestAnswersThatAreNone: no such answer is taken for a time-stamp, and the error
// contains neither the answer nor a path that may be secret.
func TestAnswersThatAreNone(t *testing.T) {
	server := tsaserver.Start(t)
	other, err := authority(t, server.URL).Timestamp(t.Context(), []byte("other"))
	if err != nil {
		t.Fatal(err)
	}
	same, err := authority(t, server.URL).Timestamp(t.Context(), []byte("a manifest"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		status  int
		body    string
		refused bool
		says    string
	}{
		"about something else":            {http.StatusOK, string(other), true, "for another digest"},
		"to another question":             {http.StatusOK, string(same), true, "another request"},
		"none at all":                     {http.StatusOK, "", true, "not a valid time-stamp"},
		"a page":                          {http.StatusOK, "<html>s3cret", true, "not a valid time-stamp"},
		"refused":                         {http.StatusOK, "0\x03\x02\x01\x02", true, "not a valid time-stamp"},
		"cut short":                       {http.StatusOK, string(same[:len(same)/2]), true, "not a valid time-stamp"},
		"far too long":                    {http.StatusOK, strings.Repeat("x", longest+1), true, "too long"},
		"elsewhere":                       {http.StatusFound, "", true, "HTTP 302"},
		"not allowed":                     {http.StatusForbidden, "s3cret", true, "HTTP 403"},
		"slow down":                       {http.StatusTooManyRequests, "", false, "HTTP 429"},
		"broken":                          {http.StatusBadGateway, "s3cret", false, "HTTP 502"},
		"a signature that is not its own": {http.StatusOK, tampered(same), true, "not a valid time-stamp"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", server.URL)
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer fake.Close()
			_, err := authority(t, fake.URL+"/s3cret").Timestamp(t.Context(), []byte("a manifest"))
			var known *Error
			if !errors.As(err, &known) || known.Refused != tt.refused || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, want refused %v and %q", err, tt.refused, tt.says)
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%v tells too much", err)
			}
		})
	}
}

// tampered changes the last byte of an answer, which is one of its signature.
func tampered(answer []byte) string {
	other := []byte(string(answer))
	other[len(other)-1] ^= 1
	return string(other)
}

func TestAnAuthorityThatDoesNotAnswer(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	_, err := authority(t, gone.URL+"/s3cret").Timestamp(t.Context(), nil)
	var known *Error
	if !errors.As(err, &known) || known.Refused || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v, want no answer, and no address", err)
	}
}

// FuzzAnswer: no answer of an authority causes a panic, or is taken for a
// time-stamp of something else.
func FuzzAnswer(f *testing.F) {
	server := tsaserver.Start(f)
	parsed, err := url.Parse(server.URL)
	if err != nil {
		f.Fatal(err)
	}
	answer, err := Authority{parsed}.Timestamp(f.Context(), []byte("a manifest"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(answer)
	f.Add([]byte("0\x03\x02\x01\x02"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		if unfit(answer, []byte("another digest"), big.NewInt(1)) == "" {
			t.Errorf("%x fits", answer)
		}
	})
}
