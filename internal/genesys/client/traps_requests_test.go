package client

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mypurecloud/platform-client-sdk-go/v133/platformclientv2"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestTrapPostsAreSentAgain(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeJobs, http.StatusInternalServerError, `{}`)
	sdk := bareSDK(cloud.URL)
	sdk.RetryConfiguration = &platformclientv2.RetryConfiguration{RetryMax: 2}
	_, _, err := platformclientv2.NewAnalyticsApiWithConfig(sdk).PostAnalyticsConversationsDetailsJobs(platformclientv2.Asyncconversationquery{})
	if n := cloud.count(routeJobs); n != 3 || err == nil {
		t.Errorf("the SDK: %d requests, want 3", n)
	}

	expectKind(t, verbs["StartSurvey"].call(t.Context(), newClient(t, cloud)), genesys.KindTransient)
	if n := cloud.count(routeJobs) - 3; n != 1 {
		t.Errorf("%d requests, want one", n)
	}
}

func TestTrapTimesOfAnotherZoneAreSentAsUTC(t *testing.T) {
	noon := time.Date(2023, 10, 1, 12, 0, 0, 0, time.FixedZone("MSK", 3*60*60))
	query := platformclientv2.Recordingjobsquery{ActionDate: &noon}
	if got := marshal(t, query); !strings.Contains(got, "2023-10-01T12:00:00.000000Z") {
		t.Errorf("the SDK: %s; want noon called UTC", got)
	}

	cloud := newCloud(t)
	cloud.answers(routeJobs, http.StatusAccepted, verbs["StartSurvey"].good)
	if _, err := newClient(t, cloud).StartSurvey(t.Context(), genesys.SurveyQuery{From: noon, To: noon.Add(time.Hour)}, time.Minute); err != nil {
		t.Fatal(err)
	}
	if body := cloud.got(routeJobs)[0].body; !strings.Contains(body, "2023-10-01T09:00:00.000Z/2023-10-01T10:00:00.000Z") {
		t.Errorf("sent %s", body)
	}
}

func TestTrapSetFieldDropsTheOtherFields(t *testing.T) {
	query := platformclientv2.Asyncconversationquery{Order: platformclientv2.String("asc")}
	query.SetField("OrderBy", platformclientv2.String("conversationStart"))
	if got := marshal(t, query); strings.Contains(got, "asc") {
		t.Errorf("the SDK: %s; want the order lost", got)
	}

	cloud := newCloud(t)
	cloud.answers(routeJobs, http.StatusAccepted, verbs["StartSurvey"].good)
	if err := verbs["StartSurvey"].call(t.Context(), newClient(t, cloud)); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"order":"asc"`, `"orderBy":"conversationStart"`, `"interval":"`} {
		if body := cloud.got(routeJobs)[0].body; !strings.Contains(body, field) {
			t.Errorf("sent %s without %s", body, field)
		}
	}
}

func TestTrapNoughtsAreSent(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routePage, http.StatusOK, verbs["SurveyPage"].good)
	_, _, err := platformclientv2.NewAnalyticsApiWithConfig(bareSDK(cloud.URL)).GetAnalyticsConversationsDetailsJobResults(jobA, "", 0)
	if query := cloud.got(routePage)[0].query; err != nil || query != "pageSize=0" {
		t.Errorf("the SDK: %q, %v", query, err)
	}

	if err := verbs["SurveyPage"].call(t.Context(), newClient(t, cloud)); err != nil {
		t.Fatal(err)
	}
	if query := cloud.got(routePage)[1].query; query != "pageSize=1000" {
		t.Errorf("asked with %q", query)
	}
}

func TestTrapDefaultHeadersOverrideTheToken(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
	sdk := bareSDK(cloud.URL)
	sdk.AddDefaultHeader("Authorization", "other")
	if _, _, err := platformclientv2.NewTokensApiWithConfig(sdk).GetTokensMe(true); err != nil {
		t.Fatal(err)
	}
	if got := cloud.got(routeMe)[0].header.Get("Authorization"); got != "other" {
		t.Errorf("the SDK: authorization %q", got)
	}

	if err := verbs["WhoAmI"].call(t.Context(), newClient(t, cloud)); err != nil {
		t.Fatal(err)
	}
	if got := cloud.got(routeMe)[1].header.Get("Authorization"); got != "Bearer token-1" {
		t.Errorf("authorization %q", got)
	}
}

func TestTrapAFileInHomeNamesAnotherHost(t *testing.T) {
	thief := newCloud(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.MkdirAll(filepath.Join(home, ".genesyscloudgo"), 0o700); err != nil {
		t.Fatal(err)
	}
	// Without live_reload_config the SDK would leave goroutines behind.
	config := "[general]\nhost = " + thief.URL + "\nlive_reload_config = false\n"
	if err := os.WriteFile(filepath.Join(home, ".genesyscloudgo", "config"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := platformclientv2.NewConfiguration().BasePath; got != thief.URL {
		t.Errorf("the SDK: %q, want the host of the file", got)
	}

	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
	if err := verbs["WhoAmI"].call(t.Context(), newClient(t, cloud)); err != nil {
		t.Fatal(err)
	}
	if n := len(thief.requests); n != 0 {
		t.Errorf("%d requests went to the host of the file", n)
	}
}

func TestTrapTheConfigurationShowsTheToken(t *testing.T) {
	sdk := bareSDK("http://h")
	sdk.AccessToken = "SIGNATURE"
	if got := fmt.Sprintf("%+v", sdk); !strings.Contains(got, "SIGNATURE") {
		t.Errorf("the SDK: %s", got)
	}
	// Ours: TestNothingPrintsSecrets.
}

func TestTrapSixteenSeconds(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
	sdk := bareSDK(cloud.URL)
	began := time.Now()
	var deadline time.Time
	sdk.RetryConfiguration.ResponseLogHook = func(res *http.Response) {
		// net/http puts the SDK's time-out into the context of the request.
		deadline, _ = res.Request.Context().Deadline()
	}
	if _, _, err := platformclientv2.NewTokensApiWithConfig(sdk).GetTokensMe(true); err != nil {
		t.Fatal(err)
	}
	if took := deadline.Sub(began).Round(time.Second); took != 16*time.Second {
		t.Errorf("the SDK: a time-out of %v, want 16s", took)
	}
	// Ours: TestAnAnswerMayTakeTwoMinutes.
}

func TestTrapNoContext(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMe, http.StatusOK, verbs["WhoAmI"].good)
	sdk := bareSDK(cloud.URL)
	sdk.RetryConfiguration.RequestLogHook = func(r *http.Request, _ int) {
		if r.Context().Done() != nil {
			t.Errorf("the SDK: %v, want a context that cannot end", r.Context())
		}
	}
	if _, _, err := platformclientv2.NewTokensApiWithConfig(sdk).GetTokensMe(true); err != nil {
		t.Fatal(err)
	}
	// Ours: TestCancelledInFlight.
}

func TestTrapAutomaticRefreshEndsTheProcess(t *testing.T) {
	if os.Getenv("REFRESH_UNTIL_PANIC") != "" {
		refreshUntilPanic()
	}
	self := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	self.Env = append(os.Environ(), "REFRESH_UNTIL_PANIC=1")
	out, err := self.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "panic: Auth Error: 400") {
		t.Errorf("the SDK: %v, want a panic:\n%s", err, out)
	}
	// Ours: TestALoginLastsAsLongAsItSays, TestRefusedLogin.
}

// refreshUntilPanic logs in with AutomaticTokenRefresh at a server that takes
// the credentials once only, and waits for what follows.
func refreshUntilPanic() {
	logins := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		logins++
		if logins > 1 {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, `{"access_token":"token","expires_in":60,"error":"invalid_client"}`)
	}))
	sdk := bareSDK(server.URL)
	sdk.AutomaticTokenRefresh = true
	_ = sdk.AuthorizeClientCredentials("client", clientSecret)
	<-time.After(waitLimit)
}
