package s3store

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// answering stands for a service that has one answer, in the form of S3's errors,
// in which it repeats all that it was sent.
func answering(t *testing.T, status int, code string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Amz-Request-Id", "REQUEST1")
		w.WriteHeader(status)
		sent := fmt.Sprint(r.URL, r.Header)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message><![CDATA[%s]]></Message><StringToSign><![CDATA[%s]]></StringToSign></Error>", code, sent, sent)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// secrets are what no error may contain.
var secrets = []string{"very-secret", "session-token", "Signature=", "X-Amz", "x-id=", "http://", "AWS4-HMAC"}

func leaky(url string) Config {
	c := config(url)
	c.Credentials, c.attempts = as("AKIDLEAKY", "very-secret"), 1
	return c
}

func TestErrorsSayTheCodeAndNothingElse(t *testing.T) {
	tests := []struct {
		status int
		code   string
		kind   archive.Kind
		says   string
	}{
		{http.StatusBadRequest, "ExpiredToken", archive.KindCredentials, "ExpiredToken, HTTP status 400 (request REQUEST1)"},
		{http.StatusForbidden, "InvalidAccessKeyId", archive.KindCredentials, "InvalidAccessKeyId"},
		{http.StatusForbidden, "SignatureDoesNotMatch", archive.KindCredentials, "SignatureDoesNotMatch"},
		{http.StatusBadRequest, "InvalidToken", archive.KindCredentials, "InvalidToken, HTTP status 400"},
		{http.StatusBadRequest, "TokenRefreshRequired", archive.KindCredentials, "TokenRefreshRequired"},
		{http.StatusForbidden, "RequestTimeTooSkewed", archive.KindRefused, "RequestTimeTooSkewed, HTTP status 403; set the clock"},
		{http.StatusForbidden, "AccessDenied", archive.KindDenied, "AccessDenied, HTTP status 403"},
		{http.StatusForbidden, "AllAccessDisabled", archive.KindDenied, "AllAccessDisabled"},
		{http.StatusUnauthorized, "Odd", archive.KindCredentials, "Odd"},
		{http.StatusNotFound, "NoSuchBucket", archive.KindNoBucket, "NoSuchBucket"},
		{http.StatusServiceUnavailable, "SlowDown", archive.KindUnavailable, "SlowDown"},
		{http.StatusInternalServerError, "InternalError", archive.KindUnavailable, "InternalError"},
		{http.StatusMovedPermanently, "PermanentRedirect", archive.KindRefused, "PermanentRedirect"},
		{http.StatusBadRequest, "InvalidRequest", archive.KindRefused, "InvalidRequest"},
		{http.StatusConflict, "ConditionalRequestConflict", archive.KindUnavailable, "ConditionalRequestConflict"},
		{http.StatusTeapot, "http://a b/?X-Amz-Signature=1", archive.KindRefused, "no reason given, HTTP status 418"},
	}
	for _, tt := range tests {
		t.Run(tt.code, func(t *testing.T) {
			store := openStore(t, leaky(answering(t, tt.status, tt.code)))
			err := store.Create(t.Context(), "export.json", text("x"))
			if archive.KindOf(err) != tt.kind || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Create: %v (%s), want %s: %s", err, archive.KindOf(err), tt.kind, tt.says)
			}
			_, read := fs.ReadFile(store.FS(t.Context()), "export.json")
			_, listed := fs.ReadDir(store.FS(t.Context()), "bags")
			_, looked := fs.Stat(store.FS(t.Context()), "bags")
			removed := store.Remove(t.Context(), ".work/x")
			for _, err := range []error{err, read, listed, looked, removed, Open(leaky(answering(t, tt.status, tt.code))).Check(t.Context())} {
				expectNoSecret(t, err)
			}
		})
	}
}

// expectNoSecret looks at an error however it is printed, and at all that it wraps.
func expectNoSecret(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("there is no error: the test shows nothing")
		return
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, printed := range []string{e.Error(), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
			for _, secret := range secrets {
				if strings.Contains(printed, secret) {
					t.Errorf("%q holds %q", printed, secret)
				}
			}
		}
	}
}

func TestWhatIsNoAnswerOfS3(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprint(w, "<html>", r.Header, r.URL)
	}))
	t.Cleanup(page.Close)
	cut := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(cut.Close)
	for name, url := range map[string]string{"a page": page.URL, "a connection that is cut": cut.URL, "nobody": "http://127.0.0.1:1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := openStore(t, leaky(url)).Create(t.Context(), "export.json", text("x"))
			if archive.KindOf(err) != archive.KindUnavailable {
				t.Errorf("Create: %v, want Unavailable", err)
			}
			expectNoSecret(t, err)
		})
	}
}

// TestAReadThatIsCutShortIsAnError, and never taken for the file's end.
func TestAReadThatIsCutShortIsAnError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
	}))
	t.Cleanup(server.Close)
	_, err := fs.ReadFile(openStore(t, leaky(server.URL)).FS(t.Context()), "bags/a")
	if archive.KindOf(err) != archive.KindUnavailable {
		t.Errorf("ReadFile: %v, want Unavailable", err)
	}
	expectNoSecret(t, err)
}

// TestAReadThatStandsStillIsAborted, and whoever reads requests the rest again.
func TestAReadThatStandsStillIsAborted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "half")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	c := leaky(server.URL)
	c.stallTimeout = 50 * time.Millisecond
	_, err := fs.ReadFile(openStore(t, c).FS(t.Context()), "bags/a")
	if archive.KindOf(err) != archive.KindUnavailable {
		t.Errorf("ReadFile: %v, want Unavailable", err)
	}
	expectNoSecret(t, err)
}

// TestRedirectsAreNotFollowed: a signed request goes to nobody else.
func TestRedirectsAreNotFollowed(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(server.Close)
	store := openStore(t, leaky(server.URL))
	_, read := fs.ReadFile(store.FS(t.Context()), "bags/a")
	for _, err := range []error{store.Create(t.Context(), "bags/a", text("x")), read} {
		expectNoSecret(t, err)
	}
	if asked {
		t.Error("a request was sent on")
	}
}

func TestCredentialsAreNotPrinted(t *testing.T) {
	c := Credentials{AccessKeyID: "AKID", SecretAccessKey: "very-secret", SessionToken: "session-token"}
	marshalled, _ := c.MarshalText()
	for _, printed := range []string{
		fmt.Sprint(c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", &c), fmt.Sprintf("%d", c), c.LogValue().String(), string(marshalled),
	} {
		for _, secret := range secrets {
			if strings.Contains(printed, secret) {
				t.Errorf("%q holds %q", printed, secret)
			}
		}
	}
}
