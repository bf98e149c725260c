package genesys

import (
	"slices"
	"strings"
	"unicode"
)

// finalResults are the codes by which Genesys Cloud says for certain that it will
// never have a recording. Each is documented for another route of the Platform
// API that asks about the same thing (package client names them); for a result of
// a batch request nothing but "an error message" is documented
// (BatchDownloadJobResult.errorMsg). docs/genesys-errors.md lists them for users.
var finalResults = []string{
	"conversation.not.found",
	"recording.conversation.not.found",
	"recording.recording.not.found",
}

// FinalResult reports whether the error of a single result of a batch request is
// final: whether its text is, or contains as a separate word, a code that says for
// certain that the recording does not exist. Everything else may pass: a sentence
// such as "temporary failure, try again", an unknown code, and a text that was
// cut in the middle of a word.
func FinalResult(text string) bool {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !inCode(r) }) {
		// A code may end a sentence.
		if slices.Contains(finalResults, strings.TrimSuffix(word, ".")) {
			return true
		}
	}
	return false
}

// inCode reports whether a character can be part of a code, or shows that a text
// was cut there.
func inCode(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-…", r)
}
