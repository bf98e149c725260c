package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// module is the path that imports of our own packages begin with.
const module = "github.com/gcexport/recording-export-operator/"

// size is the number of lines of a function or file.
type size struct {
	name  string
	lines int
}

// tree is what was measured.
type tree struct {
	functions, files []size
	exported         int
	// imports are the packages of ours that each package imports, by directory.
	imports map[string][]string
	// names are all declared names.
	names map[string]bool
}

// read measures the product's code below a directory.
func read(directory string) (tree, error) {
	code := tree{imports: map[string][]string{}, names: map[string]bool{}}
	for _, part := range []string{"api", "cmd", "controllers", "internal"} {
		err := fs.WalkDir(os.DirFS(directory), part, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && (entry.Name() == "testdata" || name == "internal/testenv"):
				return fs.SkipDir
			case entry.IsDir(), path.Ext(name) != ".go", strings.HasSuffix(name, "_test.go"):
				return nil
			}
			return code.add(directory, name)
		})
		if err != nil {
			return tree{}, err
		}
	}
	return code, nil
}

// add measures one file.
func (t *tree) add(directory, name string) error {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, filepath.Join(directory, filepath.FromSlash(name)), nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if ast.IsGenerated(file) {
		return nil
	}
	folder := path.Dir(name)
	t.files = append(t.files, size{name, files.File(file.Pos()).LineCount()})
	t.imports[folder] = append(t.imports[folder], ours(file)...)
	for _, declaration := range file.Decls {
		t.declare(declaration)
		if function, ok := declaration.(*ast.FuncDecl); ok && function.Body != nil {
			first, last := files.Position(function.Pos()).Line, files.Position(function.End()).Line
			t.functions = append(t.functions, size{name + " " + function.Name.Name, last - first + 1})
		}
	}
	return nil
}

// ours returns the directories of our own packages that a file imports.
func ours(file *ast.File) []string {
	var found []string
	for _, spec := range file.Imports {
		if imported, err := strconv.Unquote(spec.Path.Value); err == nil {
			if folder, isOurs := strings.CutPrefix(imported, module); isOurs {
				found = append(found, folder)
			}
		}
	}
	return found
}

// declare notes the names that a declaration declares: functions, methods, types, fields, constants, variables.
func (t *tree) declare(declaration ast.Decl) {
	note := func(names ...*ast.Ident) {
		for _, name := range names {
			t.names[name.Name] = true
			if name.IsExported() {
				t.exported++
			}
		}
	}
	if function, ok := declaration.(*ast.FuncDecl); ok {
		note(function.Name)
		return
	}
	ast.Inspect(declaration, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.TypeSpec:
			note(n.Name)
		case *ast.ValueSpec:
			note(n.Names...)
		case *ast.StructType:
			for _, field := range n.Fields.List {
				note(field.Names...)
			}
		case *ast.InterfaceType:
			for _, method := range n.Methods.List {
				note(method.Names...)
			}
		case *ast.FuncLit:
			return false
		}
		return true
	})
}

// longestChain returns packages each of which imports the next, as many as possible.
func (t *tree) longestChain() []string {
	known := map[string][]string{}
	var from func(string) []string
	from = func(folder string) []string {
		if chain, ok := known[folder]; ok {
			return chain
		}
		var longest []string
		for _, imported := range t.imports[folder] {
			if chain := from(imported); len(chain) > len(longest) {
				longest = chain
			}
		}
		known[folder] = append([]string{folder}, longest...)
		return known[folder]
	}
	var longest []string
	for _, folder := range t.folders() {
		if chain := from(folder); len(chain) > len(longest) {
			longest = chain
		}
	}
	return longest
}

// folders returns all packages in order.
func (t *tree) folders() []string {
	folders := make([]string, 0, len(t.imports))
	for folder := range t.imports {
		folders = append(folders, folder)
	}
	slices.Sort(folders)
	return folders
}

// importers returns the packages that import one whose path begins with prefix themselves.
func (t *tree) importers(prefix string) []string {
	return slices.DeleteFunc(t.folders(), func(folder string) bool {
		return !slices.ContainsFunc(t.imports[folder], func(imported string) bool { return strings.HasPrefix(imported, prefix) })
	})
}

// namesWith returns the declared names that contain a word, or its plural or third person, as a word of their own.
func (t *tree) namesWith(word string) []string {
	var found []string
	for name := range t.names {
		words := wordsOf(name)
		if slices.Contains(words, word) || slices.Contains(words, word+"s") {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// wordsOf returns the words of a name in lower case; those of "URLOf" are "url" and "of".
func wordsOf(name string) []string {
	var spaced strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		lowerBefore := i > 0 && !unicode.IsUpper(runes[i-1])
		lowerAfter := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (lowerBefore || lowerAfter) {
			spaced.WriteByte(' ')
		}
		spaced.WriteRune(unicode.ToLower(r))
	}
	return strings.FieldsFunc(spaced.String(), func(r rune) bool { return r == ' ' || r == '_' })
}
