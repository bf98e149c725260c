package prose

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
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
	prose    string
	segments []segment
	names    []name
}

// line returns the number of the line at an offset.
func (t text) line(offset int) int { return 1 + strings.Count(t.prose[:offset], "\n") }

// readFiles returns every file of the repository that people read, in the order of their paths.
// It omits test data, whose bytes are compared, and generated Go code.
func readFiles(t *testing.T) []text {
	t.Helper()
	texts, err := readOnce()
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// readOnce reads the files for all tests.
var readOnce = sync.OnceValues(func() ([]text, error) {
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	output, err := list.Output()
	if err != nil {
		return nil, err
	}
	paths := strings.Split(strings.TrimSuffix(string(output), "\x00"), "\x00")
	slices.Sort(paths)
	var texts []text
	for _, file := range slices.Compact(paths) {
		if !isRead(file) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was removed since the last commit
		}
		if err != nil {
			return nil, err
		}
		read, err := readText(file, content)
		if err != nil {
			return nil, err
		}
		texts = append(texts, read)
	}
	return texts, nil
})

// readText reads the content of a file as a person does.
func readText(file string, content []byte) (read text, err error) {
	read.path = file
	if path.Ext(file) == ".go" {
		read.prose = proseOfGo(content)
		read.names, err = namesOfGo(file, content)
	} else {
		// A sentence in a comment continues on the next line, behind its mark.
		read.prose = scriptMarks.ReplaceAllString(string(content), "$1 ")
	}
	read.segments = segments(read.prose)
	return read, err
}

// isRead reports whether people read a file of the repository.
func isRead(file string) bool {
	if slices.Contains(strings.Split(file, "/"), "testdata") && !strings.HasPrefix(file, "config/") && !strings.HasPrefix(file, "hack/") {
		return false
	}
	base := path.Base(file)
	isText := base == "Makefile" || base == "Dockerfile" || slices.Contains([]string{".md", ".yaml", ".sh", ".txt", ".tmpl"}, path.Ext(base))
	return isText || path.Ext(base) == ".go" && !strings.HasPrefix(base, "zz_generated")
}

// scriptMarks are what comments of scripts and manifests begin with; they are blanked, too.
var scriptMarks = regexp.MustCompile(`(?m)^([ \t]*)#`)

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
func namesOfGo(at string, source []byte) ([]name, error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, at, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
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
		case *ast.RangeStmt:
			for _, declared := range []ast.Expr{n.Key, n.Value} {
				if i, ok := declared.(*ast.Ident); ok && n.Tok == token.DEFINE {
					add(i)
				}
			}
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if i, ok := left.(*ast.Ident); ok && n.Tok == token.DEFINE {
					add(i)
				}
			}
		}
		return true
	})
	return names, nil
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
