package verify

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// writers are the packages that write events into custody logs.
var writers = []string{"../evidence", "../artifacts", "../../controllers/recordingexport", "../../controllers/recordingexportbatch"}

// TestEveryTypeOfEventIsKnown reads from the operator's source which types of events it
// writes: each must be one that a verification judges, and no other may be.
func TestEveryTypeOfEventIsKnown(t *testing.T) {
	t.Parallel()
	known := slices.Sorted(slices.Values(slices.Concat(sealEvents, slices.Collect(maps.Keys(bagEvents)))))
	known = slices.Compact(known) // HoldChanged is in both
	found := eventReader{types: map[string]bool{}, constants: map[string]string{}}
	for _, folder := range writers {
		found.read(t, folder)
	}
	if written := slices.Sorted(maps.Keys(found.types)); !slices.Equal(written, known) {
		t.Errorf("the operator writes %q, known are %q", written, known)
	}
}

// eventReader collects the types of events in Go source.
type eventReader struct {
	types     map[string]bool
	constants map[string]string
}

func (r eventReader) read(t *testing.T, folder string) {
	t.Helper()
	names, err := filepath.Glob(folder + "/*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %d files, %v", folder, len(names), err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	for _, visit := range []func(ast.Node) bool{r.constant, r.event} {
		for _, file := range files {
			ast.Inspect(file, visit)
		}
	}
}

// constant adds the constants that a type may be.
func (r eventReader) constant(n ast.Node) bool {
	if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
		for i, name := range spec.Names {
			if text, ok := literal(spec.Values[i]); ok {
				r.constants[name.Name] = text
			}
		}
	}
	return true
}

// event adds the type of an event: in a composite literal of an Event, in an
// assignment to its field or to a variable kind, and in a call of a function add or addEvent.
func (r eventReader) event(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CompositeLit:
		r.composite(n)
	case *ast.AssignStmt:
		for i, to := range n.Lhs {
			if name := lastName(to); (name == "Type" && isEvent(to) || name == "kind") && len(n.Rhs) == len(n.Lhs) {
				r.take(n.Rhs[i])
			}
		}
	case *ast.CallExpr:
		if name := lastName(n.Fun); (name == "add" || name == "addEvent") && len(n.Args) > 2 {
			r.take(n.Args[1])
		}
	}
	return true
}

func (r eventReader) composite(n *ast.CompositeLit) {
	if lastName(n.Type) != "Event" && n.Type != nil {
		return
	}
	for _, element := range n.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok && lastName(pair.Key) == "Type" {
			r.take(pair.Value)
		}
	}
}

// take adds what an expression says: a word or a constant. A variable was assigned
// somewhere.
func (r eventReader) take(value ast.Expr) {
	if text, ok := literal(value); ok {
		r.types[text] = true
	} else if text, ok := r.constants[lastName(value)]; ok {
		r.types[text] = true
	}
}

func literal(value ast.Expr) (string, bool) {
	basic, ok := value.(*ast.BasicLit)
	if !ok || basic.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(basic.Value)
	return text, err == nil
}

// lastName is the name of a variable, a field or a function, without what it is of.
func lastName(of ast.Expr) string {
	switch of := of.(type) {
	case *ast.Ident:
		return of.Name
	case *ast.SelectorExpr:
		return of.Sel.Name
	default:
		return ""
	}
}

// isEvent reports whether a field is of a variable event.
func isEvent(field ast.Expr) bool {
	of, ok := field.(*ast.SelectorExpr)
	return ok && lastName(of.X) == "event"
}
