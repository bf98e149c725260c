package client

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

func TestBelieved(t *testing.T) {
	const page, own = "", "the.code"
	tests := []struct {
		op     string
		status int
		code   string
		want   genesys.Kind
	}{
		{"op", 400, own, genesys.KindInvalid},
		{"op", 400, page, genesys.KindMalformed},
		{"op", 401, page, genesys.KindUnauthorized},
		{"op", 403, own, genesys.KindForbidden},
		{"op", 403, page, genesys.KindMalformed},
		{"op", 404, page, genesys.KindMalformed},
		{"op", 404, own, genesys.KindMalformed},
		{"op", 404, "not.found", genesys.KindMalformed},
		{"op", 404, "Conversation.Not.Found", genesys.KindMalformed},
		{"op", 404, "conversation.not.found", genesys.KindNotFound},
		{"op", 404, "recording.not.archivable", genesys.KindNotFound},
		{opSurveyState, 404, "not.found", genesys.KindNotFound},
		{opLookUp, 404, "not.found", genesys.KindNotFound},
		{opSurveyPage, 404, "not.found", genesys.KindNotFound},
		{opEndSurvey, 404, "not.found", genesys.KindNotFound},
		{opSurveyState, 404, page, genesys.KindMalformed},
		{opBulkJob, 404, "not.found", genesys.KindNotFound},
		{opExecuteBulkJob, 404, "not.found", genesys.KindNotFound},
		{opCancelBulkJob, 404, "not.found", genesys.KindNotFound},
		{opFailedRecordings, 404, "not.found", genesys.KindNotFound},
		{opBulkJobs, 404, "not.found", genesys.KindMalformed},
		{opBulkJob, 404, page, genesys.KindMalformed},
		{"op", 408, page, genesys.KindTimeout},
		{"op", 409, own, genesys.KindInvalid},
		{"op", 413, page, genesys.KindMalformed},
		{"op", 429, page, genesys.KindThrottled},
		{"op", 500, page, genesys.KindTransient},
		{"op", 501, own, genesys.KindInvalid},
		{"op", 501, page, genesys.KindMalformed},
		{"op", 502, page, genesys.KindTransient},
		{"op", 504, page, genesys.KindTimeout},
	}
	for _, tt := range tests {
		got, why := believed(tt.op, tt.status, tt.code)
		if got != tt.want {
			t.Errorf("%s, %d, %q: got %s, want %s", tt.op, tt.status, tt.code, got, tt.want)
		}
		if (why != nil) != (got == genesys.KindMalformed) {
			t.Errorf("%s, %d, %q: because of %v", tt.op, tt.status, tt.code, why)
		}
	}
}

// TestARefusalThatIsNotGenesysClouds is what a proxy would say: it is retried,
// whatever its status, and the verb's own 404 is not taken for an answer.
func TestARefusalThatIsNotGenesysClouds(t *testing.T) {
	bodies := []string{``, `<html>Not Found</html>`, `{"message":"no Route matched with those values"}`, `{"code":404}`, `{"code":""}`,
		`[{"code":"conversation.not.found"}]`, `"conversation.not.found"`, `{"code":"conversation.not.found"`}
	for name, v := range verbs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{400, 403, 404, 405, 413, 501} {
				for _, body := range bodies {
					cloud := newCloud(t)
					cloud.answers(v.route, status, body)
					got := expectKind(t, v.call(t.Context(), newClient(t, cloud)), genesys.KindMalformed)
					if got.Status != status || !strings.Contains(got.Error(), "may come from a proxy") {
						t.Errorf("%d %q: got %v", status, body, got)
					}
				}
			}
		})
	}
}

// TestSimulatedProxy: a proxy's page hides an answer for a moment, not forever.
func TestSimulatedProxy(t *testing.T) {
	sim, client := simulated(t)
	known := sim.Dataset().Conversations[10].ID
	for _, status := range []int{404, 403, 400} {
		sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, Status: status, Body: simulator.HTML, Count: 1})
		_, err := client.RecordingMetadata(t.Context(), known, time.Minute)
		expectKind(t, err, genesys.KindMalformed)
		if _, err := client.RecordingMetadata(t.Context(), known, time.Minute); err != nil {
			t.Error(err)
		}
	}
	const unknown = "00000000-0000-4000-8000-000000000000"
	_, err := client.RecordingMetadata(t.Context(), unknown, time.Minute)
	expectKind(t, err, genesys.KindNotFound)
	_, err = client.BatchStatus(t.Context(), unknown)
	expectKind(t, err, genesys.KindNotFound)
	_, err = client.SurveyState(t.Context(), unknown)
	expectKind(t, err, genesys.KindNotFound)
	sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, Status: 404, Code: "not.found", Count: 1})
	_, err = client.RecordingMetadata(t.Context(), known, time.Minute)
	expectKind(t, err, genesys.KindMalformed)
}

// TestAbsencesAreDocumented compares the codes with the Platform API's own
// description, and with what we tell users.
func TestAbsencesAreDocumented(t *testing.T) {
	documented := documentedAbsences(t)
	for code, routes := range absences {
		for _, route := range routes {
			if !slices.Contains(documented[route], code) {
				t.Errorf("%s documents %v, not %s", route, documented[route], code)
			}
		}
	}
	for _, route := range genericRoutes {
		if got := documented[route]; !slices.Equal(got, []string{genericAbsence}) {
			t.Errorf("%s documents %v: the generic code is not the only one", route, got)
		}
	}
	want := maps.Clone(absences)
	want[genericAbsence] = slices.Collect(maps.Values(genericRoutes))
	told := toldUsers(t)
	for _, routes := range []map[string][]string{want, told} {
		for code := range routes {
			routes[code] = slices.Sorted(slices.Values(routes[code]))
		}
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("docs/genesys-errors.md, -code +docs:\n%s", diff)
	}
}

// documentedAbsences are the codes of each route's 404.
func documentedAbsences(t *testing.T) map[string][]string {
	t.Helper()
	const module = "github.com/mypurecloud/platform-client-sdk-go/v133"
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "swagger.json"))
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct {
				Codes map[string]string `json:"x-inin-error-codes"`
			}
		}
	}
	if err := json.Unmarshal(text, &api); err != nil {
		t.Fatal(err)
	}
	codes := map[string][]string{}
	for path, methods := range api.Paths {
		for method, operation := range methods {
			codes[strings.ToUpper(method)+" "+path] = slices.Sorted(maps.Keys(operation.Responses["404"].Codes))
		}
	}
	return codes
}

// toldUsers are the codes and routes of the table in the documentation.
func toldUsers(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../../docs/genesys-errors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## 404")
	section, _, _ = strings.Cut(section, "\n## ")
	quoted := regexp.MustCompile("`([^`]+)`")
	told := map[string][]string{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		words := quoted.FindAllStringSubmatch(line, -1)
		for _, route := range words[1:] {
			told[words[0][1]] = append(told[words[0][1]], route[1])
		}
	}
	return told
}
