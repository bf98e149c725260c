package simulator_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// sdkModule is where Genesys Cloud publishes its Platform API's description.
const sdkModule = "github.com/mypurecloud/platform-client-sdk-go/v133"

// platformAPI is the description of the routes of the simulator, and of no
// others: converting all of it would take most of a minute.
type platformAPI struct{ *openapi3.T }

// loadPlatformAPI reads the description from the SDK's module, of which nothing
// is compiled.
func loadPlatformAPI(t *testing.T, routes []string) platformAPI {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", sdkModule).Output()
	dir := strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		t.Fatalf("find the SDK's module (go mod download %s): %v", sdkModule, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "swagger.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v2 openapi2.T
	if err := json.Unmarshal(pruned(t, text, routes), &v2); err != nil {
		t.Fatal(err)
	}
	v3, err := openapi2conv.ToV3(&v2)
	if err != nil {
		t.Fatal(err)
	}
	return platformAPI{v3}
}

var definitionRef = regexp.MustCompile(`"\$ref":\s*"#/definitions/([^"]+)"`)

// pruned keeps the responses of the routes and what they refer to.
func pruned(t *testing.T, text []byte, routes []string) []byte {
	t.Helper()
	var whole struct {
		Paths       map[string]map[string]map[string]any
		Definitions map[string]json.RawMessage
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatal(err)
	}
	paths := map[string]map[string]any{}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		operation := whole.Paths[path][strings.ToLower(method)]
		if operation == nil {
			t.Fatalf("the Platform API has no route %s", route)
		}
		if paths[path] == nil {
			paths[path] = map[string]any{}
		}
		paths[path][strings.ToLower(method)] = object{"responses": operation["responses"]}
	}
	definitions := map[string]any{}
	collect(t, whole.Definitions, mustMarshal(t, paths), definitions)
	return mustMarshal(t, object{"swagger": "2.0", "info": object{"title": "pruned", "version": "1"},
		"paths": paths, "definitions": definitions})
}

// collect adds the definitions that a text refers to, and those that they refer
// to, each closed against fields that it does not name.
func collect(t *testing.T, from map[string]json.RawMessage, text []byte, into map[string]any) {
	t.Helper()
	for _, match := range definitionRef.FindAllSubmatch(text, -1) {
		name := string(match[1])
		if into[name] != nil {
			continue
		}
		var definition map[string]any
		if err := json.Unmarshal(from[name], &definition); err != nil {
			t.Fatalf("definition %s: %v", name, err)
		}
		if definition["properties"] != nil && definition["additionalProperties"] == nil {
			definition["additionalProperties"] = false
		}
		into[name] = definition
		collect(t, from, from[name], into)
	}
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// check returns what is wrong with an answer by the description: a status that
// is not documented, or a body that does not fit.
func (p platformAPI) check(t *testing.T, route string, status int, body []byte) error {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	response := p.Paths.Find(path).GetOperation(method).Responses.Value(strconv.Itoa(status))
	if response == nil {
		return undocumented(status)
	}
	media := response.Value.Content.Get("application/json")
	if media == nil {
		if len(body) > 0 {
			return bodyUnwanted(body)
		}
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	return media.Schema.Value.VisitJSON(value, openapi3.MultiErrors())
}

type undocumented int

func (u undocumented) Error() string { return "status " + strconv.Itoa(int(u)) + " is not documented" }

type bodyUnwanted []byte

func (b bodyUnwanted) Error() string { return "no body is documented, there is " + string(b) }
