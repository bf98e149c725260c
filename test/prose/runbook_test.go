package prose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// eventReasons are reasons of events that package v1alpha1 does not define.
var eventReasons = []string{"ArchiveTakenOver", "ArtifactKeyReplaced"}

// TestTheRunbookKnowsEveryReason compares the reasons of package v1alpha1 with the first column
// of the table in docs/runbook.md, in both directions.
func TestTheRunbookKnowsEveryReason(t *testing.T) {
	t.Parallel()
	defined, texts := reasons(t), readFiles(t)
	for _, event := range eventReasons {
		inCode := func(read text) bool {
			return strings.HasSuffix(read.path, ".go") && !strings.HasSuffix(read.path, "_test.go") && strings.Contains(read.prose, strconv.Quote(event))
		}
		if !slices.ContainsFunc(texts, inCode) {
			t.Errorf("no code sends the event %s", event)
		}
		defined[event] = true
	}
	if len(defined) < 50 {
		t.Fatalf("only %d reasons: the test shows nothing", len(defined))
	}
	page, err := os.ReadFile(root + "/docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(string(page), -1) {
		for _, reason := range regexp.MustCompile("`([A-Z][A-Za-z]+)`").FindAllStringSubmatch(row[1], -1) {
			documented[reason[1]] = true
			if !defined[reason[1]] {
				t.Errorf("docs/runbook.md has a row for %s, which is not a reason", reason[1])
			}
		}
	}
	for reason := range defined {
		if !documented[reason] {
			t.Errorf("docs/runbook.md has no row for the reason %s", reason)
		}
	}
}

// reasons returns the values of all constants of package v1alpha1 that are named Reason….
func reasons(t *testing.T) map[string]bool {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), root+"/api/v1alpha1/conditions.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Reason") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		values[value] = true
		return true
	})
	return values
}
