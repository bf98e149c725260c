package genesys

import (
	"strings"
	"testing"
)

func TestFinalResult(t *testing.T) {
	tests := map[string]bool{
		"recording.recording.not.found":                          true,
		"conversation.not.found":                                 true,
		"recording.conversation.not.found":                       true,
		" conversation.not.found\n":                              true,
		"404: recording.recording.not.found (Recording with id)": true,
		"failed: conversation.not.found.":                        true,
		`{"code":"conversation.not.found"}`:                      true,
		"code=conversation.not.found;":                           true,
		"":                                                       false,
		"temporary failure, try again":                           false,
		"Recording not found":                                    false,
		"conversation not found":                                 false,
		"not.found":                                              false,
		"recording.not.found":                                    false,
		"Recording.Recording.Not.Found":                          false,
		"conversation.error.conversation.not.found":              false,
		"my.conversation.not.found":                              false,
		"conversation.not.found.yet":                             false,
		"conversation.not.found-in-cache":                        false,
		"conversation.not.found_":                                false,
		"éconversation.not.found":                                false,
		"conversation.not.found2":                                false,
		"conversation.not.found…":                                false,
		"…conversation.not.found":                                false,
		"conversation.not.found..":                               false,
		"Recording is in state ARCHIVED":                         false,
		"batch.download.job.not.found":                           false,
		"recording.not.archivable":                               false,
	}
	for text, want := range tests {
		if got := FinalResult(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

// FuzzFinalResult: nothing is final that does not contain one of the codes, and a
// code stays final among other words.
func FuzzFinalResult(f *testing.F) {
	f.Add("conversation.not.found")
	f.Add("temporary failure")
	f.Add("…recording.recording.not.found.")
	f.Fuzz(func(t *testing.T, text string) {
		holds := false
		for _, code := range finalResults {
			holds = holds || strings.Contains(text, code)
			if !FinalResult(text + " " + code + " " + text) {
				t.Errorf("%s is not final among %q", code, text)
			}
		}
		if FinalResult(text) && !holds {
			t.Errorf("%q is final", text)
		}
	})
}
