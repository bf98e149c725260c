package loop

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestTokensOfRequests: what is kept of a request is text that a status can contain,
// however long the annotation is and wherever it is cut.
func TestTokensOfRequests(t *testing.T) {
	tests := map[string]struct {
		value, last string
		isNew       bool
	}{
		"none":                          {"", "", false},
		"new":                           {"again", "", true},
		"another":                       {"again", "before", true},
		"the same":                      {"again", "again", false},
		"cut in the middle of a letter": {strings.Repeat("a", maxToken-1) + "ü", "", true},
		"cut, and the same":             {strings.Repeat("a", maxToken+7), strings.Repeat("a", maxToken), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			export := &v1alpha1.RecordingExport{}
			export.Annotations = map[string]string{v1alpha1.AnnotationRetry: test.value}
			token, isNew := Request(export, v1alpha1.AnnotationRetry, test.last)
			if isNew != test.isNew || len(token) > maxToken || !utf8.ValidString(token) {
				t.Errorf("token %q, new %t, want %t", token, isNew, test.isNew)
			}
			if _, again := Request(export, v1alpha1.AnnotationRetry, token); again {
				t.Error("once it is handled it is new again")
			}
		})
	}
}
