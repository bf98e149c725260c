package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func noEnvironment(string) string { return "" }

// output is a buffer that a running program writes and a test reads.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}

// running is a program that runs.
type running struct {
	url            string
	stdout, stderr *output
	stop           func() error
}

var addressLine = regexp.MustCompile(`simulator on (http://\S+)`)

// start runs the program on a free port until stop, which returns what run
// returned.
func start(t *testing.T, args ...string) running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := running{stdout: &output{}, stderr: &output{}}
	ended := make(chan error, 1)
	args = append([]string{"--listen", "127.0.0.1:0", "--conversations", "50", "--latency", "0"}, args...)
	go func() { ended <- run(ctx, program{args, noEnvironment, p.stdout, p.stderr}) }()
	p.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = p.stop() })
	eventually(t, func() bool { return strings.Contains(p.stdout.String(), "look behind") })
	p.url = addressLine.FindStringSubmatch(p.stdout.String())[1]
	return p
}

// eventually waits for what another goroutine is about to bring about.
func eventually(t *testing.T, happened func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-deadline:
			t.Fatal("it did not happen")
		case <-tick.C:
		}
	}
}

// send sends a request and returns status and body.
func send(t *testing.T, method, url, body string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

const (
	loginForm = "grant_type=client_credentials"
	// basic is the default client with the secret s.
	basic = "Basic NGYxYzdhNTItN2QwZS00YjY3LTliMGUtMmM1ZDFmMGE4ZTMxOnM="
)

func TestProgramServesUntilItIsStopped(t *testing.T) {
	p := start(t, "--client-secret", "s", "--held", "0.2", "--verbose")
	for _, want := range []string{"eu-west-1", simulator.DefaultClientID, "secret as given", "52 (2 started before)", "under legal hold", "Screen"} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("%q is not in\n%s", want, p.stdout)
		}
	}
	if status, body := send(t, "POST", p.url+"/oauth/token", loginForm, "Authorization", basic); status != 200 {
		t.Errorf("login answers %d %s", status, body)
	}
	if status, _ := send(t, "GET", p.url+"/media/c/r/0.wav?Signature=secret", ""); status != 403 {
		t.Errorf("a made-up address answers %d", status)
	}
	if err := p.stop(); err != nil {
		t.Errorf("run returned %v", err)
	}
	log := p.stderr.String()
	if !strings.Contains(log, "method=POST path=/oauth/token status=200") || !strings.Contains(log, "path=/media/c/r/0.wav status=403") {
		t.Errorf("the log is %s", log)
	}
	if strings.Contains(log, "Signature") {
		t.Errorf("a signature is in the log: %s", log)
	}
}

func TestProgramIsQuietUnlessVerbose(t *testing.T) {
	p := start(t)
	send(t, "GET", p.url+"/_simulator/health", "")
	if err := p.stop(); err != nil {
		t.Errorf("run returned %v", err)
	}
	if got := p.stderr.String(); got != "" {
		t.Errorf("the log is %s", got)
	}
}

// TestStopDoesNotWaitForSlowAnswers delays a request for an hour.
func TestStopDoesNotWaitForSlowAnswers(t *testing.T) {
	p := start(t, "--verbose")
	send(t, "POST", p.url+"/_simulator/faults", `{"route":"POST /oauth/token","delay":"1h"}`)
	refused := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/oauth/token", strings.NewReader(loginForm))
		if err == nil {
			var response *http.Response
			if response, err = http.DefaultTransport.RoundTrip(r); err == nil {
				response.Body.Close()
			}
		}
		refused <- err
	}()
	eventually(t, func() bool {
		_, body := send(t, "GET", p.url+"/_simulator/faults", "")
		return strings.Contains(body, `"fired":1`)
	})
	if err := p.stop(); err != nil {
		t.Errorf("run returned %v", err)
	}
	if err := <-refused; err == nil {
		t.Error("the request was answered")
	}
}

// TestBulkJobsExportIntoTheDirectory needs no request after the last one: the
// program looks at its clock itself.
func TestBulkJobsExportIntoTheDirectory(t *testing.T) {
	dir := t.TempDir()
	p := start(t, "--export-dir", dir, "--client-secret", "s", "--quirk-held-screen-timeouts", "off", "--latency", "0.001")
	_, login := send(t, "POST", p.url+"/oauth/token", loginForm, "Authorization", basic)
	bearer := []string{"Authorization", "Bearer " + field(t, login, "access_token"), "Content-Type", "application/json"}
	_, data := send(t, "GET", p.url+"/_simulator/dataset", "")
	_, job := send(t, "POST", p.url+"/api/v2/recording/jobs", `{"action":"EXPORT","actionDate":"2023-10-02T00:00:00Z",
		"integrationId":"`+field(t, data, "s3Integration")+`",
		"conversationQuery":{"interval":"2023-10-01T00:00:00Z/2023-10-01T01:00:00Z"}}`, bearer...)
	path := p.url + "/api/v2/recording/jobs/" + field(t, job, "id")
	eventually(t, func() bool {
		status, _ := send(t, "PUT", path, `{"state":"PROCESSING"}`, bearer...)
		return status == 200
	})
	eventually(t, func() bool {
		found, err := filepath.Glob(filepath.Join(dir, simulator.DefaultOrganizationID, "year=2023", "month=*", "day=*", "hour=*", "conversation_id=*", "*"))
		return err == nil && len(found) > 0
	})
}

// field returns a field of a JSON object that contains text.
func field(t *testing.T, body, name string) string {
	t.Helper()
	match := regexp.MustCompile(`"` + name + `":"([^"]*)"`).FindStringSubmatch(body)
	if match == nil {
		t.Fatalf("no %s in %s", name, body)
	}
	return match[1]
}

func TestFlags(t *testing.T) {
	var stderr bytes.Buffer
	s, err := parse([]string{
		"--seed", "7", "--start", "2024-05-06", "--days", "3", "--conversations", "10", "--held", "0.5", "--screens", "0.25",
		"--requests-per-minute", "100", "--quirk-held-screen-timeouts", "off", "--open", "2", "--archived", "3", "--sensitive", "4",
		"--hostile-ids", "--orphans", "5", "--uploading", "6", "--upload-delay", "7s", "--page-limit", "8", "--url-ttl", "2m", "--token-ttl", "1h", "--settle-lag", "3m", "--recording-lag", "4m", "--region", "us-east-1",
		"--rate-per-client", "--client-id", "me", "--client-secret", "mine", "--export-dir", "/x", "--latency", "2",
	}, noEnvironment, &stderr)
	if err != nil {
		t.Fatal(err, stderr.String())
	}
	o, d := s.options, simulator.Defaults()
	if o.Seed != 7 || !o.Start.Equal(time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC)) || o.Days != 3 || o.Conversations != 10 ||
		o.HeldShare != 0.5 || o.ScreenShare != 0.25 || o.Region != "us-east-1" || o.ExportDir != "/x" {
		t.Errorf("data are %+v", o)
	}
	if o.Edges.Open != 2 || o.Edges.FileStates[simulator.Archived] != 3 || o.Edges.Sensitive != 4 || o.Edges.Orphans != 5 || !o.Edges.HostileIDs {
		t.Errorf("edges are %+v", o.Edges)
	}
	if o.RequestsPerMinute != 100 || o.RateScope != simulator.PerClient || o.HeldScreenTimeouts != simulator.QuirkOff ||
		o.ResultURLTTL != 2*time.Minute || o.TokenTTL != time.Hour || o.SettleLag != 3*time.Minute || o.RecordingLag != 4*time.Minute {
		t.Errorf("behaviour is %+v", o)
	}
	if o.Edges.FileStates[simulator.Uploading] != 6 || o.UploadDelay != 7*time.Second || o.Limits.AsyncPageSize != 8 || !o.Limits.RefuseLargePages {
		t.Errorf("uploads and limits are %+v", o)
	}
	if c := o.Clients[0]; c.ID != "me" || c.Secret != "mine" {
		t.Errorf("client is %+v", c)
	}
	if o.BatchDelay != 2*d.BatchDelay || o.Latency.HeldScreenMetadata != 2*d.Latency.HeldScreenMetadata {
		t.Errorf("batches take %v, metadata %v", o.BatchDelay, o.Latency.HeldScreenMetadata)
	}
}

func TestBucketFlags(t *testing.T) {
	environment := map[string]string{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
	var stderr bytes.Buffer
	s, err := parse([]string{"--export-endpoint", "http://127.0.0.1:9000", "--export-bucket", "b"}, func(name string) string { return environment[name] }, &stderr)
	want := simulator.Bucket{Endpoint: "http://127.0.0.1:9000", Region: "us-east-1", Name: "b", AccessKeyID: "key", SecretAccessKey: "secret"}
	if err != nil || s.options.ExportBucket != want {
		t.Errorf("%+v, %v: %s", s.options.ExportBucket, err, stderr.String())
	}
	for _, args := range [][]string{
		{"--export-bucket", "b"}, {"--export-region", "r"}, {"--export-endpoint", "http://127.0.0.1:9000", "--export-bucket", "b", "--export-dir", "/x"},
	} {
		if _, err := parse(args, noEnvironment, &stderr); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestClientFromTheEnvironment(t *testing.T) {
	environment := map[string]string{"GENESYS_CLIENT_ID": "env-id", "GENESYS_CLIENT_SECRET": "env-secret"}
	getenv := func(name string) string { return environment[name] }
	s, err := parse(nil, getenv, io.Discard)
	if c := s.options.Clients[0]; err != nil || c.ID != "env-id" || c.Secret != "env-secret" {
		t.Errorf("client %+v, %v", c, err)
	}
	s, err = parse([]string{"--client-secret", "flag"}, getenv, io.Discard)
	if c := s.options.Clients[0]; err != nil || c.ID != "env-id" || c.Secret != "flag" {
		t.Errorf("client %+v, %v", c, err)
	}
}

func TestSecretOfTheEnvironmentIsNotInTheHelp(t *testing.T) {
	var stderr bytes.Buffer
	_, err := parse([]string{"-h"}, func(string) string { return "env-secret" }, &stderr)
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(stderr.String(), "Example:") || strings.Contains(stderr.String(), "env-secret") {
		t.Errorf("%v\n%s", err, stderr.String())
	}
}

func TestStartToday(t *testing.T) {
	s, err := parse([]string{"--start", "today"}, noEnvironment, io.Discard)
	if age := time.Since(s.options.Start); err != nil || age < 0 || age > 25*time.Hour {
		t.Errorf("start %v, %v", s.options.Start, err)
	}
}

func TestWrongCommandLines(t *testing.T) {
	for _, args := range [][]string{
		{"--no-such-flag"}, {"argument"}, {"--held", "2"}, {"--start", "soon"}, {"--latency", "-1"},
		{"--quirk-held-screen-timeouts", "maybe"}, {"--client-id", ""}, {"--archived", "-1"},
	} {
		var stderr bytes.Buffer
		err := run(t.Context(), program{args, noEnvironment, io.Discard, &stderr})
		if !errors.Is(err, errUsage) || stderr.Len() == 0 {
			t.Errorf("%v: %v, said %q", args, err, stderr.String())
		}
	}
}

func TestAddressInUse(t *testing.T) {
	p := start(t)
	address := strings.TrimPrefix(p.url, "http://")
	err := run(t.Context(), program{[]string{"--listen", address}, noEnvironment, os.Stdout, os.Stderr})
	if err == nil || errors.Is(err, errUsage) || !strings.Contains(err.Error(), "listen") {
		t.Errorf("run returned %v", err)
	}
}
