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

// TestMediaMayNotBeAtAnotherHost: a redirect leads to the same host or nowhere.
func TestMediaMayNotBeAtAnotherHost(t *testing.T) {
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(other.Close)
	for _, location := range []string{other.URL + "/?sig=SIGNATURE", "https://example.invalid/?sig=SIGNATURE", "//example.invalid/?sig=SIGNATURE"} {
		cloud := newCloud(t)
		cloud.on(routeMedia, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, location, http.StatusFound) })
		_, err := newClient(t, cloud).OpenMedia(t.Context(), signed(cloud))
		got := expectKind(t, err, genesys.KindMalformed)
		if want := "malformed answer: redirected to another host"; got.Err.Error() != want || strings.Contains(err.Error(), "SIGNATURE") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if asked {
		t.Error("the other host was asked")
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

// trickle gives a piece every so often, and none once ctx has ended.
type trickle struct {
	ctx         context.Context
	every       time.Duration
	left, piece int
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
	return min(r.piece, len(p)), nil
}

func (r *trickle) Close() error { return nil }

// trickling answers at once with so many pieces of so many bytes, one every so often.
func trickling(every time.Duration, pieces, size int) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		body := &trickle{ctx: r.Context(), every: every, left: pieces, piece: size}
		return &http.Response{StatusCode: http.StatusOK, Body: body, ContentLength: int64(pieces * size), Request: r}, nil
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
		media, err := openVia(t, trickling(DefaultStallTimeout+time.Second, 10, 1))
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
		// As slow as they may be, for more than two hours.
		const pieces = 130
		every := DefaultStallTimeout - time.Second
		media, err := openVia(t, trickling(every, pieces, leastRate*int(every/time.Second)))
		if err != nil {
			t.Fatal(err)
		}
		defer media.Body.Close()
		<-time.After(time.Hour) // the reader's own time does not count
		if n, err := io.CopyBuffer(onlyWriter{io.Discard}, media.Body, make([]byte, 1<<20)); err != nil || n != media.Length {
			t.Errorf("got %d bytes of %d, %v", n, media.Length, err)
		}
	})
}

// onlyWriter hides that a writer can read from others, with a buffer of its own.
type onlyWriter struct{ io.Writer }

// TestMediaThatComeAByteAtATime: they never pause for long, and would never end.
func TestMediaThatComeAByteAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		media, err := openVia(t, trickling(DefaultStallTimeout-time.Second, 1<<20, 1))
		if err != nil {
			t.Fatal(err)
		}
		defer media.Body.Close()
		began := time.Now()
		n, err := io.Copy(io.Discard, media.Body)
		got := expectKind(t, err, genesys.KindTimeout)
		if !strings.HasPrefix(got.Err.Error(), "the stream was slower than 16 KiB/s") || n > 20 {
			t.Errorf("%d bytes, %v", n, err)
		}
		if took := time.Since(began); took > slowStart+time.Second {
			t.Errorf("took %v, want %v", took, slowStart)
		}
	})
}

// TestMediaThatAreTooLong, by what they say and by what comes.
func TestMediaThatAreTooLong(t *testing.T) {
	const most = 1000
	for sent, good := range map[int]bool{most: true, most + 1: false} {
		for _, says := range []bool{true, false} {
			cloud := newCloud(t)
			cloud.on(routeMedia, func(w http.ResponseWriter, _ *http.Request) {
				if !says {
					w.(http.Flusher).Flush()
				}
				_, _ = w.Write(make([]byte, sent))
			})
			cfg := configFor(cloud.URL)
			cfg.MaxMedia = most
			client, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			media, err := client.OpenMedia(t.Context(), signed(cloud))
			if err == nil {
				_, err = io.ReadAll(media.Body)
				media.Body.Close()
			}
			if good && err != nil {
				t.Errorf("%d bytes, says so %v: %v", sent, says, err)
			}
			if !good {
				got := expectKind(t, err, genesys.KindMalformed)
				if want := "a file of more than 1000 bytes"; !strings.Contains(got.Err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
		}
	}
}

// TestMediaThatNeverEnd: chunks without end, of which the memory and the disk do
// not learn.
func TestMediaThatNeverEnd(t *testing.T) {
	cloud := newCloud(t)
	cloud.on(routeMedia, func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 1<<16); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	cfg := configFor(cloud.URL)
	cfg.MaxMedia = 10 << 20
	client, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	media, err := client.OpenMedia(t.Context(), signed(cloud))
	if err != nil {
		t.Fatal(err)
	}
	defer media.Body.Close()
	n, err := io.Copy(io.Discard, media.Body)
	expectKind(t, err, genesys.KindMalformed)
	if n > cfg.MaxMedia {
		t.Errorf("%d bytes were handed on", n)
	}
}

// TestMediaThatOnlyTheManagerReaches: an address of this machine, by number, by name
// and over IPv6, and http to anybody.
func TestMediaThatOnlyTheManagerReaches(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMedia, http.StatusOK, "content")
	secure := httptest.NewTLSServer(cloud)
	t.Cleanup(secure.Close)
	cfg := configFor(cloud.URL)
	for _, tt := range []struct{ allowed, address, says string }{
		{"", cloud.URL, "127.0.0.1 has the scheme http, not https"},
		{"genesys=" + cloud.URL + ",s3=" + cloud.URL, cloud.URL, "127.0.0.1 has the scheme http, not https"},
		{"", secure.URL, "127.0.0.1 is not at a public address (loopback)"},
		{"", strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), "localhost is not at a public address (loopback)"},
		{"", "https://[::1]:1", "::1 is not at a public address (loopback)"},
		{"", "https://169.254.169.254", "169.254.169.254 is not at a public address (link-local)"},
	} {
		cfg.Allowed = allowed(t, tt.allowed)
		client, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.OpenMedia(t.Context(), genesys.NewSignedURL(tt.address+"/media?sig=SIGNATURE"))
		got := expectKind(t, err, genesys.KindMalformed)
		if !strings.Contains(got.Err.Error(), tt.says) || strings.Contains(err.Error(), "SIGNATURE") {
			t.Errorf("%s: got %v, want %q", tt.address, err, tt.says)
		}
	}
	if n := cloud.count(routeMedia); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

func expectStalled(t *testing.T, err error) {
	t.Helper()
	if got := expectKind(t, err, genesys.KindTimeout); !strings.HasPrefix(got.Err.Error(), "no bytes arrived for too long") {
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
