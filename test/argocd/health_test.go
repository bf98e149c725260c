// Package argocd runs the health scripts that config/argocd ships against their
// own tests, as Argo CD does.
package argocd

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"sigs.k8s.io/yaml"
)

const customizations = "../../config/argocd/resource_customizations/recording.gcexport.dev"

// timeout is how long Argo CD lets a health script run.
const timeout = time.Second

// suite is Argo CD's health_test.yaml.
type suite struct {
	Tests []struct {
		HealthStatus health `json:"healthStatus"`
		InputPath    string `json:"inputPath"`
	} `json:"tests"`
}

type health struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func TestHealthScripts(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(customizations, "*"))
	if err != nil || len(folders) != 5 {
		t.Fatalf("folders %v, %v; want one for each kind", folders, err)
	}
	for _, folder := range folders {
		var tests suite
		readYAML(t, filepath.Join(folder, "health_test.yaml"), &tests)
		script, err := os.ReadFile(filepath.Join(folder, "health.lua"))
		if err != nil || len(tests.Tests) < 6 {
			t.Fatalf("%s: %d tests, %v", folder, len(tests.Tests), err)
		}
		for _, test := range tests.Tests {
			t.Run(filepath.Base(folder)+"/"+filepath.Base(test.InputPath), func(t *testing.T) {
				var object map[string]any
				readYAML(t, filepath.Join(folder, test.InputPath), &object)
				if got := run(t, string(script), object); got != test.HealthStatus {
					t.Errorf("health %+v, want %+v", got, test.HealthStatus)
				}
			})
		}
	}
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err == nil {
		err = yaml.UnmarshalStrict(content, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// run runs a health script with the libraries that Argo CD gives to scripts.
func run(t *testing.T, script string, object map[string]any) health {
	t.Helper()
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{lua.LoadLibName: lua.OpenPackage, lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		state.Push(state.NewFunction(open))
		state.Push(lua.LString(name))
		state.Call(1, 0)
	}
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	state.SetContext(ctx)
	state.SetGlobal("obj", toLua(t, state, object))
	if err := state.DoString(script); err != nil {
		t.Fatal(err)
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		t.Fatalf("the script returns %v", state.Get(-1))
	}
	return health{table.RawGetString("status").String(), table.RawGetString("message").String()}
}

// toLua turns what JSON can contain into what Lua can.
func toLua(t *testing.T, state *lua.LState, value any) lua.LValue {
	t.Helper()
	switch value := value.(type) {
	case nil:
		return lua.LNil
	case bool:
		return lua.LBool(value)
	case string:
		return lua.LString(value)
	case float64:
		return lua.LNumber(value)
	case json.Number:
		return lua.LString(value.String())
	case []any:
		table := state.NewTable()
		for _, element := range value {
			table.Append(toLua(t, state, element))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, element := range value {
			table.RawSetString(key, toLua(t, state, element))
		}
		return table
	default:
		t.Fatalf("cannot tell Lua of a %T", value)
		return nil
	}
}
