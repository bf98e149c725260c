// Package prose checks the words that people read: comments, strings and names in Go code,
// markdown, manifests, scripts. rules_test.go has the list of words and what to say instead.
package prose

import (
	"path"
	"strings"
	"testing"
)

// TestPlainWords finds every word of the list, says where it is and what to say instead.
func TestPlainWords(t *testing.T) {
	t.Parallel()
	texts := readFiles(t)
	if len(texts) < 500 {
		t.Fatalf("only %d files: the test shows nothing", len(texts))
	}
	for _, r := range rules {
		found := r.compile()
		for _, read := range texts {
			if r.allows(read.path) || strings.HasPrefix(read.path, "test/prose/") {
				continue
			}
			for _, f := range found(read) {
				t.Errorf("%s:%d: %q: say: %s", read.path, f.line, f.words, r.say)
			}
		}
	}
}

// finding is a word of the list in a file.
type finding struct {
	line  int
	words string
}

// allows reports whether the rule does not apply to a file.
func (r rule) allows(file string) bool {
	for _, pattern := range r.not {
		if matched, err := path.Match(pattern, file); err != nil || matched || strings.HasSuffix(pattern, "/") && strings.HasPrefix(file, pattern) {
			return true
		}
	}
	return false
}

// compile returns a function that finds the words of a rule in a file.
func (r rule) compile() func(text) []finding {
	inProse, inNames, inCode, unless := newMatcher(inText(r.words)), newMatcher(inText(r.names)), newMatcher(r.code), newMatcher(inText(r.unless))
	isRight := func(words string) bool { return unless.expression != nil && unless.expression.MatchString(words) }
	return func(read text) []finding {
		var found []finding
		for _, at := range inCode.find(read) {
			found = append(found, finding{read.line(at[0]), read.prose[at[0]:at[1]]})
		}
		for _, at := range inProse.find(read) {
			if around := read.prose[max(0, at[0]-40):min(len(read.prose), at[1]+40)]; !isRight(around) {
				found = append(found, finding{read.line(at[0]), strings.Join(strings.Fields(read.prose[at[0]:at[1]]), " ")})
			}
		}
		for _, n := range read.names {
			if inNames.mayMatch(n.words) && inNames.expression.MatchString(n.words) && !isRight(n.words) {
				found = append(found, finding{n.line, n.words})
			}
		}
		return found
	}
}

// inText makes an expression of words: case does not matter, and a space stands for any white space.
func inText(words string) string {
	if words == "" {
		return ""
	}
	return `(?i)\b(?:` + strings.ReplaceAll(words, " ", `\s+`) + `)\b`
}

// TestTheRulesFind shows that each rule finds its own example and lets the better wording pass.
func TestTheRulesFind(t *testing.T) {
	t.Parallel()
	for example, want := range map[string]int{
		"package p\n\n// run goes\n// on.\nfunc run() {}":                          1,
		"package p\n\n// run continues.\nfunc run() {}":                            0,
		"package p\n\nvar nextLedger = `a\nthe cause must be mended\n`":            2,
		"package p\n\n// There is no answer.\n// It is no longer here.\nvar x int": 0,
		"package p\n\n// 429 is no failure.\nvar x int":                            1,
		"package p\n\nfunc f() { ripe := 1; _ = ripe }":                            1,
		"package p\n\nfunc f() { for ripe := range 2 { _ = ripe } }":               1,
	} {
		read, err := readText("p.go", []byte(example))
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, r := range rules {
			got += len(r.compile()(read))
		}
		if got != want {
			t.Errorf("%d words found, want %d, in\n%s", got, want, example)
		}
	}
}

// TestEveryRuleFindsItsExample shows that each rule finds something, and each of its alternatives too.
func TestEveryRuleFindsItsExample(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		read := text{path: "example", prose: r.example, segments: segments(r.example)}
		for identifier := range strings.SplitSeq(r.example, ", ") {
			read.names = append(read.names, name{identifier, 1})
		}
		for _, alternative := range r.alternatives() {
			if len(alternative.compile()(read)) == 0 {
				t.Errorf("%+v finds nothing in %q", alternative, r.example)
			}
		}
	}
}

// alternatives returns a rule for each alternative of its expressions.
func (r rule) alternatives() []rule {
	var found []rule
	for _, words := range splitAlternatives(r.words) {
		found = append(found, rule{words: words, unless: r.unless})
	}
	for _, names := range splitAlternatives(r.names) {
		found = append(found, rule{names: names, unless: r.unless})
	}
	for _, code := range splitAlternatives(r.code) {
		found = append(found, rule{code: code})
	}
	if len(found) == 0 {
		return []rule{r} // it finds nothing
	}
	return found
}

// splitAlternatives splits an expression at each | that is not in parentheses.
func splitAlternatives(words string) []string {
	depth := 0
	return strings.FieldsFunc(words, func(c rune) bool {
		switch c {
		case '(':
			depth++
		case ')':
			depth--
		}
		return c == '|' && depth == 0
	})
}
