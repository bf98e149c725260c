package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// signed is the address of the cloud's media.
func signed(c *cloud) genesys.SignedURL {
	return genesys.NewSignedURL(c.URL + "/media?X-Amz-Signature=SIGNATURE&b=%2F")
}

func TestOpenMedia(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routeMedia, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "audio/ogg; codecs=opus")
		w.Header().Set("Content-Length", "7")
		w.Header().Set("Content-Encoding", "gzip") // they are the bytes as stored
		_, _ = io.WriteString(w, "content")
	})
	client := newClient(t, cloud)
	media, err := client.OpenMedia(t.Context(), signed(cloud))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(media.Body)
	if err != nil || string(body) != "content" || media.Length != 7 || media.ContentType != "audio/ogg; codecs=opus" {
		t.Errorf("got %q, %d bytes of %q, %v", body, media.Length, media.ContentType, err)
	}
	if err := media.Body.Close(); err != nil {
		t.Error(err)
	}
	got := cloud.got(routeMedia)[0]
	if got.header.Get("Authorization") != "" || got.header.Get("Accept-Encoding") != "" {
		t.Errorf("sent the header %v", got.header)
	}
	if got.query != "X-Amz-Signature=SIGNATURE&b=%2F" {
		t.Errorf("asked with %s", got.query)
	}
	if n := cloud.count("POST /oauth/token"); n != 0 {
		t.Errorf("logged in %d times", n)
	}
	if granted := client.budget.Stats().Granted; granted != 0 {
		t.Errorf("counted %d in the budget", granted)
	}
}

func TestMediaOfUnknownLength(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routeMedia, func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush()
		_, _ = io.WriteString(w, "content")
	})
	media, err := newClient(t, cloud).OpenMedia(t.Context(), signed(cloud))
	if err != nil {
		t.Fatal(err)
	}
	defer media.Body.Close()
	if body, err := io.ReadAll(media.Body); err != nil || string(body) != "content" || media.Length != -1 {
		t.Errorf("got %q, length %d, %v", body, media.Length, err)
	}
}

// TestMediaThatEndWithTheConnection: an answer of which nobody can tell whether it
// was cut short is not taken.
func TestMediaThatEndWithTheConnection(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routeMedia, func(w http.ResponseWriter, _ *http.Request) {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nContent-Type: audio/wav\r\nConnection: close\r\n\r\ncont")
		_ = buffered.Flush()
	})
	_, err := newClient(t, cloud).OpenMedia(t.Context(), signed(cloud))
	expectKind(t, err, genesys.KindMalformed)
}

func TestRefusedMedia(t *testing.T) {
	tests := map[int]genesys.Kind{
		204: genesys.KindMalformed,
		206: genesys.KindMalformed,
		400: genesys.KindInvalid,
		401: genesys.KindForbidden, // it says nothing of the OAuth client
		403: genesys.KindForbidden,
		404: genesys.KindNotFound,
		429: genesys.KindThrottled,
		500: genesys.KindTransient,
		503: genesys.KindTransient,
	}
	for status, want := range tests {
		cloud := newCloud(t)
		cloud.on(routeMedia, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				_, _ = io.WriteString(w, "<StringToSign>SIGNATURE</StringToSign>")
			}
		})
		client := newClient(t, cloud)
		_, err := client.OpenMedia(t.Context(), signed(cloud))
		got := expectKind(t, err, want)
		if got.Status != status || got.RetryAfter != 3*time.Second {
			t.Errorf("%d: got %+v", status, got)
		}
		if client.budget.Stats().Throttled != 0 {
			t.Error("the media's store stopped the budget")
		}
	}
}

func TestAddressesThatMediaCannotBeAt(t *testing.T) {
	client := newClient(t, newCloud(t))
	for _, address := range []string{
		"", "media?sig=SIGNATURE", "ftp://h/p?sig=SIGNATURE", "file:///etc/passwd", "https://", "https:opaque?SIGNATURE",
		"https://user:SIGNATURE@h/p", "http://h/%zz?SIGNATURE", "http://h\n/SIGNATURE", "http://[::1/SIGNATURE",
	} {
		_, err := client.OpenMedia(t.Context(), genesys.NewSignedURL(address))
		expectKind(t, err, genesys.KindInvalid)
	}
}

func TestMediaOfAHostThatIsNotThere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := listener.Addr().String()
	listener.Close()
	_, err = newClient(t, newCloud(t)).OpenMedia(t.Context(), genesys.NewSignedURL("http://"+gone+"/a?sig=SIGNATURE"))
	expectKind(t, err, genesys.KindTransient)
}

func TestMediaMayBeElsewhere(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routeMedia, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere?sig=OTHER", http.StatusFound)
	})
	cloud.answers("GET /elsewhere", http.StatusOK, "content")
	media, err := newClient(t, cloud).OpenMedia(t.Context(), signed(cloud))
	if err != nil {
		t.Fatal(err)
	}
	defer media.Body.Close()
	got := cloud.got("GET /elsewhere")[0]
	if got.header.Get("Referer") != "" || got.header.Get("Authorization") != "" {
		t.Errorf("the first address went along: %v", got.header)
	}
}

func TestMediaMayNotBeJustAnywhere(t *testing.T) {
	tests := map[string]string{
		"a file":       "file:///etc/passwd?SIGNATURE",
		"another kind": "ftp://h/p?SIGNATURE",
		"with a user":  "http://user:SIGNATURE@h/p",
		"in a circle":  "/media?X-Amz-Signature=SIGNATURE",
		"no URL":       "http://h/%zz?SIGNATURE",
		"nowhere":      "",
	}
	for name, location := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.on(routeMedia, func(w http.ResponseWriter, _ *http.Request) {
				if location != "" {
					w.Header().Set("Location", location)
				}
				w.WriteHeader(http.StatusFound)
			})
			_, err := newClient(t, cloud).OpenMedia(t.Context(), signed(cloud))
			if got := asError(t, err); got.Kind != genesys.KindTransient && got.Kind != genesys.KindMalformed {
				t.Errorf("got kind %s", got.Kind)
			}
			if strings.Contains(err.Error(), "SIGNATURE") {
				t.Errorf("the error holds the address: %v", err)
			}
			if n := cloud.count(routeMedia); n > maxRedirects+1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestMediaMayNotBeWhereEverybodyReadsAlong(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://example.invalid/?sig=SIGNATURE", http.StatusFound)
	}))
	defer secure.Close()
	client := newClient(t, newCloud(t))
	client.media.Transport = secure.Client().Transport
	_, err := client.OpenMedia(t.Context(), genesys.NewSignedURL(secure.URL+"/?sig=SIGNATURE"))
	got := expectKind(t, err, genesys.KindTransient)
	if want := "redirected from https to http"; got.Err.Error() != want {
		t.Errorf("got %q, want %q", got.Err, want)
	}
}

func TestMediaCutShort(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routeMedia, cutShort("half"))
	media, err := newClient(t, cloud).OpenMedia(t.Context(), signed(cloud))
	if err != nil {
		t.Fatal(err)
	}
	defer media.Body.Close()
	body, err := io.ReadAll(media.Body)
	expectKind(t, err, genesys.KindMalformed)
	if string(body) != "half" {
		t.Errorf("got %q", body)
	}
}

// hanging answers with a header and the first bytes, and then says nothing
// until the test is over.
func hanging(t *testing.T, c *cloud, first string) {
	released := make(chan struct{})
	t.Cleanup(func() { close(released) })
	c.on(routeMedia, func(w http.ResponseWriter, _ *http.Request) {
		if first != "" {
			_, _ = io.WriteString(w, first)
			w.(http.Flusher).Flush()
		}
		<-released
	})
}

// trickle gives one byte every so often, and none once ctx has ended.
type trickle struct {
	ctx   context.Context
	every time.Duration
	left  int
}

func (r *trickle) Read(p []byte) (int, error) {
	select {
	case <-time.After(r.every):
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
	if r.left == 0 {
		return 0, io.EOF
	}
	r.left--
	p[0] = 'x'
	return 1, nil
}

func (r *trickle) Close() error { return nil }

// trickling answers at once with so many bytes, one every so often.
func trickling(every time.Duration, n int) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		body := &trickle{ctx: r.Context(), every: every, left: n}
		return &http.Response{StatusCode: http.StatusOK, Body: body, ContentLength: int64(n), Request: r}, nil
	}
}

// openVia opens media that a transport brings.
func openVia(t *testing.T, transport http.RoundTripper) (*genesys.Media, error) {
	t.Helper()
	client := loggedIn(t, nil)
	client.media.Transport = transport
	return client.OpenMedia(t.Context(), genesys.NewSignedURL("https://h/p?sig=SIGNATURE"))
}

func TestMediaThatStandStillBeforeTheHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := openVia(t, after(time.Hour, ""))
		expectStalled(t, err)
		if took := time.Since(began); took != DefaultStallTimeout {
			t.Errorf("took %v, want %v", took, DefaultStallTimeout)
		}
	})
}

func TestMediaThatStandStillInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		media, err := openVia(t, trickling(DefaultStallTimeout+time.Second, 10))
		if err != nil {
			t.Fatal(err)
		}
		defer media.Body.Close()
		_, err = io.ReadAll(media.Body)
		expectStalled(t, err)
	})
}

func TestMediaMayTakeAsLongAsTheyNeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		media, err := openVia(t, trickling(DefaultStallTimeout-time.Second, 100))
		if err != nil {
			t.Fatal(err)
		}
		defer media.Body.Close()
		<-time.After(time.Hour) // the reader's own time does not count
		if body, err := io.ReadAll(media.Body); err != nil || len(body) != 100 {
			t.Errorf("got %d bytes, %v", len(body), err)
		}
	})
}

func expectStalled(t *testing.T, err error) {
	t.Helper()
	if got := expectKind(t, err, genesys.KindTimeout); !strings.HasPrefix(got.Err.Error(), "the stream stood still") {
		t.Errorf("got %v", err)
	}
}

func TestCancelledWhileMediaCome(t *testing.T) {
	cloud := newCloud(t)
	hanging(t, cloud, "half")
	ctx, cancel := context.WithCancel(t.Context())
	media, err := newClient(t, cloud).OpenMedia(ctx, signed(cloud))
	if err != nil {
		t.Fatal(err)
	}
	defer media.Body.Close()
	half := make([]byte, 4)
	if _, err := io.ReadFull(media.Body, half); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error)
	go func() {
		_, err := media.Body.Read(half)
		failed <- err
	}()
	cancel()
	expectCancelled(t, receive(t, failed), context.Canceled)
}

func TestCancelledBeforeMediaCome(t *testing.T) {
	cloud := newCloud(t)
	hanging(t, cloud, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newClient(t, cloud).OpenMedia(ctx, signed(cloud))
	expectCancelled(t, err, context.Canceled)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
