package testenv

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// WaitReasons returns the names of the constants of package v1alpha1 with which the package in a
// folder makes an outcome.Wait or a loop.Task. Tests are left out.
func WaitReasons(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			if reason := reasonOf(node); reason != "" {
				reasons[reason] = true
			}
			return true
		})
	}
	return reasons
}

// reasonOf returns the reason that an outcome.Wait or a loop.Task is made with.
func reasonOf(node ast.Node) string {
	switch n := node.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Wait" && len(n.Args) == 3 {
			return constantOf(n.Args[0])
		}
	case *ast.CompositeLit:
		if kind, ok := n.Type.(*ast.SelectorExpr); ok && kind.Sel.Name == "Task" {
			return reasonIn(n.Elts)
		}
	case *ast.AssignStmt:
		if field, ok := n.Lhs[0].(*ast.SelectorExpr); ok && field.Sel.Name == "Reason" {
			return constantOf(n.Rhs[0])
		}
	}
	return ""
}

// reasonIn returns the reason among the fields of a task.
func reasonIn(fields []ast.Expr) string {
	for _, field := range fields {
		if pair, ok := field.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Reason" {
				return constantOf(pair.Value)
			}
		}
	}
	return ""
}

// constantOf returns the name of a constant of package v1alpha1, empty if it is something else.
func constantOf(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if from, ok := s.X.(*ast.Ident); !ok || from.Name != "v1alpha1" {
		return ""
	}
	return s.Sel.Name
}
