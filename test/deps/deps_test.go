// Package deps keeps apart what must not depend on each other, all the way down:
// the linter sees only what a package imports itself.
package deps

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	ours = "github.com/gcexport/recording-export-operator/"
	sdk  = "github.com/mypurecloud/"
)

func TestWhoMayDependOnWhom(t *testing.T) {
	tests := []struct {
		of string
		// not are beginnings of packages that must not be among the dependencies.
		not []string
		why string
	}{
		{"internal/slicing", []string{ours + "internal/genesys", ours + "api", "k8s.io/", "sigs.k8s.io/"}, "slicing is a pure function"},
		{"internal/plan", []string{ours + "api", ours + "internal/genesys", ours + "internal/archive", ours + "internal/artifacts", ours + "internal/evidence", "k8s.io/", "sigs.k8s.io/", sdk, "net/http"}, "a plan is decided by pure functions"},
		{"internal/bulk", []string{ours, "k8s.io/", "sigs.k8s.io/", sdk, "net/http"}, "bulk jobs are decided about by pure functions"},
		{"internal/evidence", []string{ours + "api", ours + "internal/archive", "k8s.io/", "sigs.k8s.io/", sdk}, "evidence is pure"},
		{"internal/once", []string{ours + "api", ours + "internal/", "k8s.io/", "sigs.k8s.io/", sdk}, "calls and records are somebody else's"},
		{"internal/signing", []string{ours + "api", ours + "internal/", "k8s.io/", "sigs.k8s.io/", "net/http"}, "what signs knows nothing of where keys and evidence are"},
		{"internal/report", []string{ours + "api", ours + "internal/archive", ours + "controllers", "k8s.io/", "sigs.k8s.io/", sdk}, "a report is made from an archive alone"},
		{"internal/genesys/simulator", []string{ours + "internal/slicing", ours + "internal/evidence", ours + "api", "k8s.io/", "sigs.k8s.io/", sdk}, "the simulator stands for somebody else's service"},
		{"internal/genesys/client", []string{ours + "api", ours + "controllers", "k8s.io/", "sigs.k8s.io/"}, "the client knows nothing of Kubernetes"},
		{"internal/genesys", []string{sdk, "net/http"}, "the words need no client"},
		{"internal/archive", []string{ours + "api", "k8s.io/", "sigs.k8s.io/", sdk}, "an archive knows nothing of Kubernetes"},
		{"api/v1alpha1", []string{ours + "internal", ours + "controllers", sdk, "sigs.k8s.io/controller-runtime"}, "others import the kinds"},
		{"internal/verify/...", []string{ours + "api", ours + "controllers", ours + "internal/archive", "k8s.io/", "sigs.k8s.io/", sdk, "net/http"}, "a verification reads a file system and nothing else"},
		{"cmd/kubectl-genesys_export", []string{ours + "api", ours + "controllers", ours + "internal/operator", "k8s.io/", "sigs.k8s.io/", sdk}, "whoever is given an archive has no cluster"},
		{"internal/outcome", []string{ours + "api", ours + "internal/", "k8s.io/", "sigs.k8s.io/", sdk}, "each package says itself what to do about its errors"},
		{"internal/transfer", []string{ours + "api", ours + "controllers", ours + "internal/artifacts", ours + "internal/evidence", "sigs.k8s.io/", sdk}, "what carries files and retries knows nothing of exports"},
		{"controllers/...", []string{sdk, ours + "internal/genesys/client", ours + "cmd"}, "controllers compile without the SDK"},
	}
	for _, tt := range tests {
		t.Run(tt.of, func(t *testing.T) {
			list := exec.CommandContext(t.Context(), "go", "list", "-deps", "./"+tt.of)
			list.Dir = "../.."
			output, err := list.Output()
			if err != nil {
				t.Fatal(err)
			}
			packages := strings.Fields(string(output))
			if len(packages) < 10 {
				t.Fatalf("only %d dependencies: the test shows nothing", len(packages))
			}
			for _, dependency := range packages {
				for _, not := range tt.not {
					if strings.HasPrefix(dependency, not) && !strings.HasPrefix(dependency, ours+tt.of) {
						t.Errorf("depends on %s, but %s", dependency, tt.why)
					}
				}
			}
		})
	}
}

// speakOfKinds are the packages of internal that may depend on the API types. All
// others work on values of their own, so that they can be tested and used without
// Kubernetes: what they need of an object, one of these hands to them.
var speakOfKinds = map[string]string{
	"conditions": "writes the conditions of the kinds",
	"connection": "logs in with the OAuth clients of a GenesysOrganization",
	"exportspec": "translates the spec of an export into values for pure packages",
	"loop":       "runs the steps of reconcilers and publishes status",
	"metrics":    "counts objects by their status",
	"operator":   "puts everything together",
	"watch":      "decides which objects a change of another one matters to",
}

// TestWhoMayKnowTheKinds: nothing in internal depends on the API types but speakOfKinds.
func TestWhoMayKnowTheKinds(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.ImportPath}} {{join .Deps \" \"}}", "./internal/...")
	list.Dir = "../.."
	output, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	pure, found := 0, map[string]bool{}
	for line := range strings.Lines(string(output)) {
		dependencies := strings.Fields(line)
		name := strings.TrimPrefix(dependencies[0], ours+"internal/")
		switch known := slices.Contains(dependencies, ours+"api/v1alpha1"); {
		case !known:
			pure++
		case speakOfKinds[name] == "":
			t.Errorf("internal/%s depends on api/v1alpha1: have its caller hand it values of its own, or plain strings for reasons", name)
		default:
			found[name] = true
		}
	}
	if pure < 20 || len(found) != len(speakOfKinds) {
		t.Errorf("%d packages do without the API types, of those that may use them %d do, want %d", pure, len(found), len(speakOfKinds))
	}
}

// TestArchitectureNamesWhatExists: every file, folder and function that
// docs/architecture.md sends a reader to is there.
func TestArchitectureNamesWhatExists(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:api|cmd|config|controllers|internal|test)(?:/[^` ]*)?)`(?: \\(((?:`\\w+`(?:, )?)+)\\))?").FindAllStringSubmatch(string(page), -1)
	if len(named) < 30 {
		t.Fatalf("the page names only %d places: the test shows nothing", len(named))
	}
	for _, place := range named {
		info, err := os.Stat("../../" + place[1])
		if err != nil {
			t.Errorf("the page names %s: %v", place[1], err)
			continue
		}
		if place[2] == "" || info.IsDir() {
			continue
		}
		code, err := os.ReadFile("../../" + place[1])
		if err != nil {
			t.Fatal(err)
		}
		for function := range strings.SplitSeq(strings.ReplaceAll(place[2], "`", ""), ", ") {
			if !regexp.MustCompile(`(?m)^func (\([^)]*\) )?` + function + `[\[(]`).Match(code) {
				t.Errorf("the page names %s in %s, where it is not", function, place[1])
			}
		}
	}
}

// TestDocumentsNameTestsThatExist: every test that README.md or a page of docs names is there.
func TestDocumentsNameTestsThatExist(t *testing.T) {
	defined := testsBelow(t, "../..")
	pages := []string{"../../README.md"}
	err := filepath.WalkDir("../../docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w+`).FindAllString(string(text), -1) {
			named++
			if !defined[test] {
				t.Errorf("%s names %s, which does not exist", page, test)
			}
		}
	}
	if named < 100 {
		t.Errorf("only %d tests are named: the test shows nothing", named)
	}
}

// testsBelow returns the names of the functions that the tests below a directory declare.
func testsBelow(t *testing.T, directory string) map[string]bool {
	t.Helper()
	defined := map[string]bool{}
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "bin" || entry.Name() == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		code, err := os.ReadFile(path)
		for _, function := range regexp.MustCompile(`(?m)^func (\w+)\(`).FindAllSubmatch(code, -1) {
			defined[string(function[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return defined
}
