package main

import (
	"bytes"
	"crypto/tls"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// asProgram is set where the test binary is to be the program itself.
const asProgram = "RUN_AS_MANAGER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// TestManagerRuns: it becomes ready, shows its metrics to nobody without a
// token, receives events, and ends when told to.
func TestManagerRuns(t *testing.T) {
	probes, metrics, events := freeAddress(t), freeAddress(t), freeAddress(t)
	manager := exec.CommandContext(t.Context(), os.Args[0], "--archive-root", t.TempDir(), "--namespaces", "default", "--artifact-key-namespace", "default",
		"--health-probe-bind-address", probes, "--metrics-bind-address", metrics, "--events-bind-address", events)
	var log bytes.Buffer
	manager.Stdout, manager.Stderr = &log, &log
	manager.Env = append(os.Environ(), asProgram+"=1", "KUBECONFIG="+testenv.Kubeconfig(t, testenv.Start(t)))
	if err := manager.Start(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	status := func(url string) int {
		response, err := client.Get(url)
		if err != nil {
			return 0
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	testenv.Eventually(t, "the manager is ready", func() bool { return status("http://"+probes+"/readyz") == http.StatusOK })
	for path, checks := range map[string][]string{"readyz": {"caches", "api-server", "archive-root"}, "healthz": {"controllers"}} {
		for _, check := range checks {
			if got := status("http://" + probes + "/" + path + "/" + check); got != http.StatusOK {
				t.Errorf("/%s/%s answers %d", path, check, got)
			}
		}
	}
	testenv.Eventually(t, "metrics are for those who may read them", func() bool {
		return status("https://"+metrics+"/metrics") == http.StatusUnauthorized
	})
	testenv.Eventually(t, "events are received", func() bool { return status("https://"+events+"/events/legal/held") == http.StatusMethodNotAllowed })
	if err := manager.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := manager.Wait(); err != nil {
		t.Errorf("the manager ended with %v:\n%s", err, &log)
	}
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "256Mi": 256 << 20, "1k": 1000, "-1": -1, "much": -1, "": -1} {
		var q quantity
		if err := q.Set(text); (err != nil) != (want < 0) || err == nil && q.Value() != want {
			t.Errorf("%q: %d, %v; want %d", text, q.Value(), err, want)
		}
	}
}

func TestSplit(t *testing.T) {
	for list, want := range map[string][]string{"": nil, "a": {"a"}, "a,b:80, c ": {"a", "b:80", "c"}, ",": nil} {
		if got := split(list); !slices.Equal(got, want) {
			t.Errorf("split(%q) = %q, want %q", list, strings.Join(got, "|"), want)
		}
	}
}
