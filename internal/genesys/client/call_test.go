package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestEveryVerbCarriesTheToken(t *testing.T) {
	for name, v := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.answers(v.route, http.StatusOK, v.good)
			if err := v.call(t.Context(), newClient(t, cloud)); err != nil {
				t.Fatal(err)
			}
			got := cloud.got(v.route)
			if len(got) != 1 {
				t.Fatalf("%d requests, want one", len(got))
			}
			if auth := got[0].header.Get("Authorization"); auth != "Bearer token-1" {
				t.Errorf("authorization %q", auth)
			}
			if agent := got[0].header.Get("User-Agent"); agent != userAgent {
				t.Errorf("user agent %q", agent)
			}
		})
	}
}

func TestAnAnswerThatIsNoneIsMalformed(t *testing.T) {
	bodies := map[string]string{
		"empty":       "",
		"blank":       " \n",
		"null":        "null",
		"a number":    "1",
		"not JSON":    "<html>Sorry</html>",
		"cut":         `{"organization":{"id":"o"},"jobId":"` + jobA,
		"cut array":   `[{"id":"` + conversationA + `"}`,
		"two objects": `{"state":"QUEUED"}{"state":"QUEUED"}`,
	}
	for name, v := range verbsWithBody() {
		for bodyName, body := range bodies {
			t.Run(name+"/"+bodyName, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t)
				cloud.answers(v.route, http.StatusOK, body)
				got := expectKind(t, v.call(t.Context(), newClient(t, cloud)), genesys.KindMalformed)
				if got.Status != http.StatusOK || got.CorrelationID != correlation {
					t.Errorf("got %+v, want status and correlation id", got)
				}
			})
		}
	}
}

func TestAnAnswerCutShortIsMalformed(t *testing.T) {
	for name, v := range verbsWithBody() {
		for _, body := range []string{"", v.good[:len(v.good)/2], v.good} {
			t.Run(name+"/"+body, func(t *testing.T) {
				t.Parallel()
				cloud := newCloud(t)
				cloud.on(v.route, cutShort(body))
				expectKind(t, v.call(t.Context(), newClient(t, cloud)), genesys.KindMalformed)
			})
		}
	}
}

func TestAnAnswerOfTheOtherFormIsMalformed(t *testing.T) {
	for name, v := range verbsWithBody() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := "[]"
			if strings.HasPrefix(v.good, "[") {
				other = "{}"
			}
			cloud := newCloud(t)
			cloud.answers(v.route, http.StatusOK, other)
			expectKind(t, v.call(t.Context(), newClient(t, cloud)), genesys.KindMalformed)
		})
	}
}

func TestNobodyIsAskedTwice(t *testing.T) {
	for name, v := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.answers(v.route, http.StatusServiceUnavailable, `{"code":"service.unavailable"}`)
			expectKind(t, v.call(t.Context(), newClient(t, cloud)), genesys.KindTransient)
			if n := cloud.count(v.route); n != 1 {
				t.Errorf("%d requests, want one", n)
			}
		})
	}
}

func TestATokenThatIsNotAcceptedIsRenewedOnce(t *testing.T) {
	for name, v := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.on(v.route, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer token-2" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				_, _ = io.WriteString(w, v.good)
			})
			client := newClient(t, cloud)
			if err := v.call(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if n := cloud.count("POST /oauth/token"); n != 2 {
				t.Errorf("%d logins, want 2", n)
			}
		})
	}
}

func TestATokenThatIsNeverAcceptedIsAnError(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusUnauthorized, `{"code":"bad.credentials","message":"Invalid token-2."}`)
	_, err := newClient(t, cloud).WhoAmI(t.Context())
	got := expectKind(t, err, genesys.KindUnauthorized)
	want := &genesys.Error{
		Op: "read who we are", Kind: genesys.KindUnauthorized, Status: http.StatusUnauthorized,
		Code: "bad.credentials", Message: "Invalid [redacted].", CorrelationID: correlation,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := cloud.count(routeMe); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

func TestCancelledInFlight(t *testing.T) {
	for name, v := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			arrived := make(chan struct{})
			released := make(chan struct{})
			defer close(released)
			cloud.on(v.route, func(http.ResponseWriter, *http.Request) {
				close(arrived)
				<-released
			})
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error)
			client := newClient(t, cloud)
			go func() { failed <- v.call(ctx, client) }()
			receive(t, arrived)
			cancel()
			expectCancelled(t, receive(t, failed), context.Canceled)
		})
	}
}

func TestCancelledWhileTheBodyComes(t *testing.T) {
	for _, name := range []string{"WhoAmI", "SurveyPage", "RecordingMetadata"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := verbs[name]
			cloud := newCloud(t)
			arrived := make(chan struct{})
			released := make(chan struct{})
			defer close(released)
			cloud.on(v.route, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, v.good[:1])
				w.(http.Flusher).Flush()
				close(arrived)
				<-released
			})
			ctx, cancel := context.WithCancel(t.Context())
			failed := make(chan error)
			client := newClient(t, cloud)
			go func() { failed <- v.call(ctx, client) }()
			receive(t, arrived)
			cancel()
			expectCancelled(t, receive(t, failed), context.Canceled)
		})
	}
}

func TestCancelledWhileWaitingForTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, err := New(configFor("http://unused"))
		if err != nil {
			t.Fatal(err)
		}
		client.session.current = token{"token-1", time.Now().Add(time.Hour)}
		grant, err := client.budget.Wait(t.Context(), genesys.Share{})
		if err != nil {
			t.Fatal(err)
		}
		grant.Throttle(time.Hour)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err = client.WhoAmI(ctx)
		expectCancelled(t, err, context.DeadlineExceeded)
		if waited := time.Since(began); waited != 20*time.Second {
			t.Errorf("waited %v, want 20s", waited)
		}
	})
}

func TestThrottledStopsTheBudget(t *testing.T) {
	tests := map[string]struct {
		retryAfter string
		told       time.Duration
		stopped    time.Duration
	}{
		"below three minutes":                {"17", 17 * time.Second, 17 * time.Second},
		"above three minutes":                {"200", 200 * time.Second, 200 * time.Second},
		"not told: until the window is over": {"", 0, 41 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.on(routeMe, func(w http.ResponseWriter, _ *http.Request) {
				if tt.retryAfter != "" {
					w.Header().Set("Retry-After", tt.retryAfter)
				}
				w.Header().Set("inin-ratelimit-allowed", "300")
				w.Header().Set("inin-ratelimit-count", "300")
				w.Header().Set("inin-ratelimit-reset", "40")
				w.WriteHeader(http.StatusTooManyRequests)
			})
			client := newClient(t, cloud)
			_, err := client.WhoAmI(t.Context())
			if got := expectKind(t, err, genesys.KindThrottled); got.RetryAfter != tt.told {
				t.Errorf("retry after %v, want %v", got.RetryAfter, tt.told)
			}
			if n := cloud.count(routeMe); n != 1 {
				t.Errorf("%d requests, want one", n)
			}
			stats := client.budget.Stats()
			if stats.Throttled != 1 || stats.Allowed != 300 || stats.Remaining != 0 || stats.UnderWay != 0 {
				t.Errorf("got %+v", stats)
			}
			if left := time.Until(stats.StoppedUntil); left < tt.stopped-7*time.Second || left > tt.stopped {
				t.Errorf("stopped for %v, want %v", left, tt.stopped)
			}
		})
	}
}

func TestBadIDsNeverLeave(t *testing.T) {
	cloud := newCloud(t)
	client := newClient(t, cloud)
	for _, id := range []string{"", "../../users/me", conversationA + "/x", conversationA + "?x=1", "x\n"} {
		calls := map[string]func() error{
			"SurveyState": func() error { _, err := client.SurveyState(t.Context(), id); return err },
			"SurveyPage":  func() error { _, err := client.SurveyPage(t.Context(), id, "", false); return err },
			"EndSurvey":   func() error { return client.EndSurvey(t.Context(), id) },
			"Protected": func() error {
				_, err := client.Protected(t.Context(), []string{conversationA, id}, time.Minute)
				return err
			},
			"RecordingMetadata": func() error {
				_, err := client.RecordingMetadata(t.Context(), id, time.Minute)
				return err
			},
			"RequestBatch": func() error {
				_, err := client.RequestBatch(t.Context(), []genesys.RecordingRef{{ConversationID: conversationA, RecordingID: id}}, time.Minute)
				return err
			},
			"BatchStatus": func() error { _, err := client.BatchStatus(t.Context(), id); return err },
			"SubmitBulkJob": func() error {
				_, err := client.SubmitBulkJob(t.Context(), bulkQuery(conversationA, id), time.Minute)
				return err
			},
			"BulkJob":          func() error { _, err := client.BulkJob(t.Context(), id); return err },
			"ExecuteBulkJob":   func() error { _, err := client.ExecuteBulkJob(t.Context(), id); return err },
			"CancelBulkJob":    func() error { return client.CancelBulkJob(t.Context(), id) },
			"FailedRecordings": func() error { _, err := client.FailedRecordings(t.Context(), id, 0); return err },
		}
		for name, call := range calls {
			t.Run(name, func(t *testing.T) { expectKind(t, call(), genesys.KindInvalid) })
		}
	}
	if n := len(cloud.requests); n != 0 {
		t.Errorf("%d requests left", n)
	}
}

func TestANetworkErrorIsTransientAndWithoutTheURL(t *testing.T) {
	for name, v := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.on(v.route, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
			err := v.call(t.Context(), newClient(t, cloud))
			got := expectKind(t, err, genesys.KindTransient)
			if got.Status != 0 || strings.Contains(err.Error(), "/api/v2") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// stopped is the context of a process that was stopped until after the deadline, before its timer fires.
type stopped struct{ context.Context }

func (stopped) Deadline() (time.Time, bool) { return time.Now().Add(-time.Second), true }

// TestNothingIsSentAfterTheDeadline, also if the context does not know yet that it is over.
func TestNothingIsSentAfterTheDeadline(t *testing.T) {
	for name, v := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			cloud.answers(v.route, http.StatusOK, v.good)
			if err := v.call(stopped{t.Context()}, newClient(t, cloud)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if n := cloud.count(v.route); n > 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

// expectCancelled fails unless err says that the caller was cancelled, and why.
func expectCancelled(t *testing.T, err, why error) {
	t.Helper()
	expectKind(t, err, genesys.KindCancelled)
	if !errors.Is(err, why) {
		t.Errorf("got %v, want %v in its chain", err, why)
	}
}

// TestAs: requests for somebody else wait in their own turn, with the same
// token and the same budget.
func TestAs(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
	client := newClient(t, cloud)
	for _, lane := range []string{"Standard", "LegalHold"} {
		if _, err := client.As(genesys.Share{Lane: lane}).WhoAmI(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := cloud.count("POST /oauth/token"); n != 1 {
		t.Errorf("%d logins, want one for both", n)
	}
	if got := client.budget.Stats().Granted; got != 2 {
		t.Errorf("the budget granted %d requests, want both", got)
	}
}
