package prose

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"testing"
)

// segment is a part of a text without code. No match of a rule crosses its ends.
type segment struct {
	// offset is where the segment begins in the prose.
	offset int
	prose  string
	// folded is the prose in lower case.
	folded string
}

// segments splits prose at the zeros that stand for code.
func segments(prose string) []segment {
	var found []segment
	for at := 0; at < len(prose); {
		length := strings.IndexByte(prose[at:], 0)
		if length < 0 {
			length = len(prose) - at
		}
		if part := prose[at : at+length]; strings.TrimSpace(part) != "" {
			found = append(found, segment{at, part, strings.ToLower(part)})
		}
		at += length + 1
	}
	return found
}

// matcher finds a regular expression. Regular expressions are slow, under the race detector
// above all, so it tries its own only where the literals of a match occur.
type matcher struct {
	expression *regexp.Regexp
	// required are groups of literals in lower case. A match contains at least one of each group.
	required [][]string
}

// newMatcher compiles an expression. The matcher of an empty one finds nothing.
func newMatcher(expression string) matcher {
	if expression == "" {
		return matcher{}
	}
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		panic(err)
	}
	return matcher{regexp.MustCompile(expression), literals(parsed)}
}

// mayMatch reports whether a text in lower case has the literals of a match.
func (m matcher) mayMatch(folded string) bool {
	if m.expression == nil {
		return false
	}
	for _, group := range m.required {
		if !slices.ContainsFunc(group, func(literal string) bool { return strings.Contains(folded, literal) }) {
			return false
		}
	}
	return true
}

// find returns the bounds of all matches in a text.
func (m matcher) find(read text) (found [][2]int) {
	for _, s := range read.segments {
		if !m.mayMatch(s.folded) {
			continue
		}
		for _, at := range m.expression.FindAllStringIndex(s.prose, -1) {
			found = append(found, [2]int{s.offset + at[0], s.offset + at[1]})
		}
	}
	return found
}

// literals returns the groups of literals of an expression.
func literals(parsed *syntax.Regexp) (groups [][]string) {
	switch {
	case parsed.Op == syntax.OpLiteral:
		return [][]string{{strings.ToLower(string(parsed.Rune))}}
	case parsed.Op == syntax.OpAlternate:
		var all []string
		for _, alternative := range parsed.Sub {
			of := literals(alternative)
			if len(of) == 0 {
				return nil
			}
			all = append(all, slices.MaxFunc(of, func(a, b []string) int { return shortest(a) - shortest(b) })...)
		}
		return [][]string{all}
	case parsed.Op == syntax.OpConcat, parsed.Op == syntax.OpCapture, parsed.Op == syntax.OpPlus, parsed.Op == syntax.OpRepeat && parsed.Min > 0:
		for _, part := range parsed.Sub {
			groups = append(groups, literals(part)...)
		}
	}
	return groups
}

// shortest returns the length of the shortest literal of a group.
func shortest(group []string) int {
	return len(slices.MinFunc(group, func(a, b string) int { return len(a) - len(b) }))
}

// TestMatchersFindAll compares what matchers find with what their expressions find alone.
func TestMatchersFindAll(t *testing.T) {
	t.Parallel()
	prose := "Goes on,\nand GOES  on.\x00\x00it is no gap \x00 there is\x00no gap; mended and Mends\x00as 5m, as 2024-01-01"
	read := text{prose: prose, segments: segments(prose)}
	for _, words := range []string{"(go|goes|went) on", "(is|are) no [a-z-]+", "mend(s|ed|ing)?", "as [0-9]+(s|m)|, as 20[0-9]{2}-", "x*", "(mended|x)? and"} {
		m := newMatcher(inText(words))
		var want [][2]int
		for _, at := range m.expression.FindAllStringIndex(prose, -1) {
			if at[0] < at[1] {
				want = append(want, [2]int{at[0], at[1]})
			}
		}
		got := slices.DeleteFunc(m.find(read), func(at [2]int) bool { return at[0] == at[1] })
		if !slices.Equal(got, want) {
			t.Errorf("%s: found %v, want %v", words, got, want)
		}
	}
}
