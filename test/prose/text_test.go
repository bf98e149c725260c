package prose

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// root is the repository, seen from this package.
const root = "../.."

// name is a declared identifier, split into lower-case words: nextEntry is "next entry".
type name struct {
	words string
	line  int
}

// text is one file as a person reads it.
type text struct {
	path string
	// prose has the length and the lines of the file. Zeros stand for what is not a comment or a string.
	prose string
	names []name
}

// line returns the number of the line at an offset.
func (t text) line(offset int) int { return 1 + strings.Count(t.prose[:offset], "\n") }

// readFiles returns every file of the repository that people read, in the order of their paths.
// It omits test data, whose bytes are compared, and generated Go code.
func readFiles(t *testing.T) []text {
	t.Helper()
	var texts []text
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if path != root && strings.HasPrefix(base, ".") || slices.Contains([]string{"bin", "demo", "testdata"}, base) && !strings.Contains(path, "config/") && !strings.Contains(path, "hack/") {
				return filepath.SkipDir
			}
			return nil
		}
		isText := base == "Makefile" || base == "Dockerfile" || slices.Contains([]string{".md", ".yaml", ".sh"}, filepath.Ext(base))
		isGo := filepath.Ext(base) == ".go" && !strings.HasPrefix(base, "zz_generated")
		if !isText && !isGo {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		read := text{path: filepath.ToSlash(relative)}
		if isGo {
			read.prose = proseOfGo(content)
			read.names = namesOfGo(t, path, content)
		} else {
			// A sentence in a comment continues on the next line, behind its mark.
			read.prose = strings.ReplaceAll(string(content), "\n#", "\n ")
		}
		texts = append(texts, read)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// commentMarks are what a comment's lines begin with; they are blanked, so that a sentence
// reads on across lines.
var commentMarks = regexp.MustCompile(`(?m)^(\s*)//`)

// joints are where a string continues in the next one: "a " + "b".
var joints = regexp.MustCompile(`"\s*\+\s*"`)

// proseOfGo returns the comments and string literals of a file at their places. Zeros stand for
// code other than a plus, so that no sentence crosses it.
func proseOfGo(source []byte) string {
	prose := make([]byte, 0, len(source))
	for _, b := range source {
		if b != '+' && !unicode.IsSpace(rune(b)) {
			b = 0
		}
		prose = append(prose, b)
	}
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, scanner.ScanComments)
	for {
		pos, kind, literal := s.Scan()
		switch kind {
		case token.EOF:
			read := commentMarks.ReplaceAllString(string(prose), "$1  ")
			return joints.ReplaceAllStringFunc(read, func(joint string) string {
				return strings.Map(func(r rune) rune {
					if r == '\n' {
						return r
					}
					return ' '
				}, joint)
			})
		case token.COMMENT, token.STRING:
			copy(prose[file.Offset(pos):], literal)
		}
	}
}

// namesOfGo returns the identifiers that a file declares.
func namesOfGo(t *testing.T, path string, source []byte) []name {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var names []name
	add := func(identifiers ...*ast.Ident) {
		for _, i := range identifiers {
			if i != nil && i.Name != "_" {
				names = append(names, name{split(i.Name), files.Position(i.Pos()).Line})
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncDecl:
			add(n.Name)
		case *ast.TypeSpec:
			add(n.Name)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.Field:
			add(n.Names...)
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if i, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE {
					add(i)
				}
			}
		}
		return true
	})
	return names
}

// split separates the words of an identifier by spaces, in lower case; "URLOf" is "url of".
func split(identifier string) string {
	var words strings.Builder
	runes := []rune(identifier)
	for i, r := range runes {
		lowerBefore := i > 0 && !unicode.IsUpper(runes[i-1])
		lowerAfter := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (lowerBefore || lowerAfter) || r == '_' {
			words.WriteByte(' ')
		}
		if r != '_' {
			words.WriteRune(unicode.ToLower(r))
		}
	}
	return words.String()
}
