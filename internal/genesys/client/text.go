package client

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gcexport/recording-export-operator/internal/redact"
)

const (
	// maxMessage bounds a text from outside, in bytes.
	maxMessage = 500
	// maxWord bounds an id, a code or a name from outside, in bytes.
	maxWord = 100
)

// query is the query of any URL: it may be a signature.
var query = regexp.MustCompile(`\?\S+`)

// clean makes a text from outside fit for an error: without queries of URLs and
// control characters, in one line, of at most limit bytes.
func clean(text string, limit int) string {
	if len(text) > 4*limit {
		text = text[:4*limit]
	}
	text = query.ReplaceAllString(text, "?"+redact.Mark)
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf) {
			return ' '
		}
		return r
	}, text)
	return cut(strings.Join(strings.Fields(text), " "), limit)
}

// cut shortens text to at most limit bytes, at the boundary of a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const ellipsis = "…"
	end := limit - len(ellipsis)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + ellipsis
}
