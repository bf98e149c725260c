package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/intruder"
)

// asProgram is set where the test binary is to be the program itself.
const asProgram = "RUN_AS_STANDALONE"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// office is a place to run the program in: manifests, an organisation, folders.
type office struct {
	*testing.T
	sim *simulator.Simulator
	// endpoint is where the organisation is asked.
	endpoint, folder string
}

// Offices do not meet, so tests run side by side.
func newOffice(t *testing.T, change func(*simulator.Options)) *office {
	t.Helper()
	t.Parallel()
	options := simulator.Defaults()
	options.Conversations, options.RequestsPerMinute = 50, 10_000
	if change != nil {
		change(&options)
	}
	sim := simulator.New(options)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	o := &office{t, sim, server.URL, t.TempDir()}
	o.write("manifests/10-namespace.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: legal}}")
	o.write("manifests/secret.yml", fmt.Sprintf(
		"{apiVersion: v1, kind: Secret, metadata: {name: genesys-oauth, namespace: legal}, stringData: {clientId: %s, clientSecret: %s}}",
		simulator.DefaultClientID, simulator.DefaultClientSecret))
	// The export comes first, before what it refers to: order must not matter.
	o.write("manifests/00-all.yaml", `
apiVersion: recording.gcexport.dev/v1alpha1
kind: RecordingExport
metadata: {name: case-1, namespace: legal}
spec:
  organizationRef: {name: emea}
  destinationRef: {name: evidence}
  mediaTypes: [Call, Screen, Chat, Email, Message]
  window: {start: "2023-10-01T00:00:00Z", end: "2023-10-02T00:00:00Z"}
  slicing: {width: 6h}
---
apiVersion: recording.gcexport.dev/v1alpha1
kind: ExportDestination
metadata: {name: evidence, namespace: legal}
spec: {directory: {name: evidence}}
---
apiVersion: recording.gcexport.dev/v1alpha1
kind: GenesysOrganization
metadata: {name: emea, namespace: legal}
spec: {endpoint: "`+server.URL+`", requestsPerMinute: 10000, credentials: [{secretRef: {name: genesys-oauth}}]}
`)
	return o
}

func (o *office) write(name, content string) {
	o.Helper()
	path := filepath.Join(o.folder, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o750), os.WriteFile(path, []byte(content), 0o600)); err != nil {
		o.Fatal(err)
	}
}

func (o *office) read(name string) string {
	o.Helper()
	content, err := os.ReadFile(filepath.Join(o.folder, name))
	if err != nil {
		o.Fatal(err)
	}
	return string(content)
}

// program is a running program and what it has said.
type program struct {
	*exec.Cmd
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *program) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// start starts the program on the office's manifests.
func (o *office) start(flags ...string) *program {
	o.Helper()
	flags = append([]string{"-f", filepath.Join(o.folder, "manifests"), "--archive-root", filepath.Join(o.folder, "archive"), "--state-dir", filepath.Join(o.folder, "state")}, flags...)
	p := &program{Cmd: exec.CommandContext(o.Context(), os.Args[0], flags...)}
	p.Stdout, p.Stderr = p, p
	p.Env = append(os.Environ(), asProgram+"=1", controlplane.AssetsVariable+"="+testenv.Assets(o))
	if err := p.Start(); err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() {
		_ = p.Process.Kill()
		if o.Failed() {
			o.Logf("the program said:\n%s", p.said())
		}
	})
	return p
}

// ends waits for the program and checks its exit code and what it has said.
func (o *office) ends(p *program, code int, words ...string) {
	o.Helper()
	var exit *exec.ExitError
	if err := p.Wait(); err != nil && !errors.As(err, &exit) {
		o.Fatal(err)
	}
	if got := p.ProcessState.ExitCode(); got != code {
		o.Errorf("exit code %d, want %d", got, code)
	}
	for _, word := range words {
		if !strings.Contains(p.said(), word) {
			o.Errorf("it does not say %q", word)
		}
	}
}

func TestACompleteExport(t *testing.T) {
	o := newOffice(t, nil)
	wanted := len(o.sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Recordings())
	p := o.start()
	o.ends(p, exitComplete, fmt.Sprintf("legal/case-1: %d of %d recordings exported", wanted, wanted), "LegalHoldScreen", "Seal: seals/1", "Applied 5 objects, including 1 export\n")

	// Again: nothing is left to do, and nothing is done.
	media := o.sim.Journal().Count(simulator.RouteDownload, 0)
	o.ends(o.start(), exitComplete, fmt.Sprintf("legal/case-1: %d of %d recordings exported", wanted, wanted))
	if now := o.sim.Journal().Count(simulator.RouteDownload, 0); now != media {
		t.Errorf("%d recordings were fetched again", now-media)
	}
}

var day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

func TestAnExportWithGaps(t *testing.T) {
	o := newOffice(t, func(s *simulator.Options) {
		s.Edges.Open = 1
		s.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 2}
	})
	o.ends(o.start(), exitGaps, "3 gaps", "Unavailable:", "Archived\n", "ConversationOpen")
}

// TestKilledAndStartedAgain kills the program without warning, while it works.
// Its control plane ends with it, and another run resumes where it stopped.
func TestKilledAndStartedAgain(t *testing.T) {
	o := newOffice(t, func(s *simulator.Options) { s.BatchDelay = 3 * time.Second })
	p := o.start()
	testenv.Eventually(t, "recordings have been requested", func() bool { return o.sim.Journal().Count(simulator.RouteBatchSubmit, 0) > 3 })
	if err := p.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	testenv.Eventually(t, "the control plane has ended", func() bool { return !mentions(t, filepath.Join(o.folder, "state")) })
	o.ends(o.start(), exitComplete, "0 gaps")
	asked := map[string]int{}
	for _, e := range o.sim.Journal().Entries() {
		if e.Route == simulator.RouteMetadata && e.Status == http.StatusOK {
			asked[e.ConversationID]++
		}
	}
	again := 0
	for _, n := range asked {
		again += n - 1
	}
	// Seven calls are in flight at most. Of what was answered, some may not have been stored
	// yet, more on a slow disk.
	if again > 3*7 {
		t.Errorf("the metadata of %d conversations was asked for again, more than were in flight or not stored yet", again)
	}
}

// mentions reports whether any process has a text in its command line.
func mentions(t *testing.T, text string) bool {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		if bytes.Contains(line, []byte(text)) {
			return true
		}
	}
	return false
}

func TestInterrupted(t *testing.T) {
	o := newOffice(t, func(s *simulator.Options) { s.AnalyticsDelay = time.Hour })
	p := o.start()
	testenv.Eventually(t, "it is running", func() bool { return o.sim.Journal().Count(simulator.RouteDetailsJob, 0) > 0 })
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	o.ends(p, exitInterrupted, "run it again with the same --state-dir to resume")
	if mentions(t, filepath.Join(o.folder, "state")) {
		t.Error("its control plane is still there")
	}
}

// TestUntilCaughtUp: an export without an end ends the program once it has caught
// up, if it is told so, and otherwise never.
func TestUntilCaughtUp(t *testing.T) {
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -3)
	o := newOffice(t, func(s *simulator.Options) { s.Start, s.Days, s.SettleLag = start, 2, 0 })
	manifests, err := os.ReadFile(filepath.Join(o.folder, "manifests", "00-all.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	window := `{start: "2023-10-01T00:00:00Z", end: "2023-10-02T00:00:00Z"}`
	endless := fmt.Sprintf("{start: %q}\n  settleAfter: 0s", start.Format(time.RFC3339))
	o.write("manifests/00-all.yaml", strings.Replace(string(manifests), window, endless, 1))
	wanted := len(o.sim.Dataset().Started(start, start.AddDate(0, 0, 2)).Recordings())
	o.ends(o.start("--until-caught-up"), exitComplete, fmt.Sprintf("legal/case-1: %d of %d recordings exported", wanted, wanted))
	o.ends(o.start("--timeout", "8s"), exitFailed, "CaughtUp", "not finished after 8s (--timeout)")
}

func TestOutOfTime(t *testing.T) {
	o := newOffice(t, func(s *simulator.Options) { s.AnalyticsDelay = time.Hour })
	o.ends(o.start("--timeout", "3s"), exitFailed, "not finished after 3s (--timeout)")
}

func TestStalled(t *testing.T) {
	o := newOffice(t, nil)
	if err := o.sim.SetSecret(simulator.DefaultClientID, "another"); err != nil {
		t.Fatal(err)
	}
	o.ends(o.start(), exitFailed, "legal/case-1 is stalled (OrganizationNotReady)", "correct the client id and secret in the organisation's Secret")
}

func TestWhatCannotBeApplied(t *testing.T) {
	tests := map[string]struct{ file, content, says string }{
		"not YAML":         {"manifests/x.yaml", "a: [", "x.yaml: "},
		"no kind":          {"manifests/x.yaml", "a: b", "x.yaml: an object lacks apiVersion, kind or metadata.name"},
		"refused":          {"manifests/00-all.yaml", "{apiVersion: recording.gcexport.dev/v1alpha1, kind: ExportDestination, metadata: {name: x, namespace: legal}, spec: {directory: {name: ../x}}}", "spec.directory.name"},
		"a typing mistake": {"manifests/00-all.yaml", "{apiVersion: recording.gcexport.dev/v1alpha1, kind: ExportDestination, metadata: {name: x, namespace: legal}, spec: {directory: {name: x}, directry: {}}}", ".spec.directry"},
		"unknown kind":     {"manifests/x.yaml", "{apiVersion: example.com/v1, kind: Fax, metadata: {name: x}}", "unknown kind Fax"},
		"no namespace":     {"manifests/10-namespace.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: other}}", "is its Namespace among the manifests?"},
		"no export":        {"manifests/00-all.yaml", "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}", "the manifests contain no RecordingExport"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, nil)
			o.write(tt.file, tt.content)
			o.ends(o.start(), exitFailed, "Error: ", tt.says)
		})
	}
}

// TestKeep: with --keep the program stays up, whatever the exports came to, kubectl
// reaches its control plane, and the operator keeps working.
func TestKeep(t *testing.T) {
	o := newOffice(t, func(s *simulator.Options) { s.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 1} })
	p := o.start("--keep")
	testenv.Eventually(t, "it stays up", func() bool { return strings.Contains(p.said(), "Still running. Press Ctrl-C to stop.") })
	if ports := intruder.Ports(t, p.Process.Pid); len(ports) > 0 {
		t.Errorf("the program itself listens: %+v", ports)
	}
	if output := o.kubectl("get", "rex", "case-1"); !strings.Contains(output, "CompleteWithGaps") {
		t.Errorf("kubectl shows no export that has ended:\n%s", output)
	}
	if output := o.kubectl("get", "rex,rexb", "-o", "custom-columns=GAPS:.status.gaps,BYTES:.status.bytes"); strings.Contains(output, "<none>") {
		t.Errorf("columns are blank:\n%s", output)
	}
	o.kubectl("annotate", "rex", "case-1", v1alpha1.AnnotationRetry+"="+time.Now().UTC().Format(time.RFC3339))
	testenv.Eventually(t, "the retry is sealed", func() bool {
		return o.kubectl("get", "rex", "case-1", "-o", "jsonpath={.status.seal.number}") == "2"
	})
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	o.ends(p, exitGaps)
}

// kubectl runs kubectl in the export's namespace.
func (o *office) kubectl(arguments ...string) string {
	o.Helper()
	arguments = append([]string{"--kubeconfig", filepath.Join(o.folder, "state", "kubeconfig"), "-n", "legal"}, arguments...)
	output, err := exec.CommandContext(o.Context(), filepath.Join(testenv.Assets(o), "kubectl"), arguments...).CombinedOutput()
	if err != nil {
		o.Fatalf("kubectl %q: %v: %s", arguments, err, output)
	}
	return string(output)
}
