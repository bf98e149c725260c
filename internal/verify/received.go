package verify

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// received is what Genesys Cloud said of a recording: an element of the metadata of
// its conversation (RecordingMetadata in the Platform API). Words are kept as far as
// anything follows from them.
type received struct {
	ID string
	// medium is the one behind Genesys Cloud's words, empty if none is known.
	medium genesys.Medium
	state  genesys.FileState
	// left is how many recordings the organisation may still have restored, -1 if that is
	// not said.
	left int
}

// longestReceived bounds what is kept of a word of metadata, in bytes: no less than what
// tables show of one.
const longestReceived = 400

// readMetadata reads what Genesys Cloud said of the recordings of a conversation.
func (v *verifier) readMetadata(name string) ([]received, bool) {
	content, ok := v.read(name)
	if !ok {
		return nil, false
	}
	var recordings []received
	err := eachOf(content, func(one json.RawMessage) error {
		var said struct {
			ID           string `json:"id"`
			Media        string `json:"media"`
			MediaSubtype string `json:"mediaSubtype"`
			State        string `json:"fileState"`
			Left         *int   `json:"remainingRestorationsAllowedForOrg"`
		}
		if err := json.Unmarshal(one, &said); err != nil {
			return err
		}
		r := received{ID: truncate(said.ID), medium: genesys.MediumOf(said.Media, said.MediaSubtype), state: genesys.FileState(truncate(said.State)), left: -1}
		if said.Left != nil {
			r.left = max(*said.Left, 0)
		}
		recordings = append(recordings, r)
		return nil
	})
	if err != nil {
		v.fault(Malformed, name, "is not a list of recordings: %v", err)
		return nil, false
	}
	return recordings, true
}

// truncate is as much of a word as is kept.
func truncate(word string) string { return strings.Clone(word[:min(len(word), longestReceived)]) }

// shownID is the recording's id as a table shows it.
func (r received) shownID() string {
	if genesys.ValidID(r.ID) {
		return r.ID
	}
	return shown(evidence.Printable(r.ID, 80))
}

// shown is text as a table shows it, so that a spreadsheet does not run it.
func shown(text string) string {
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}

// overQuota reports whether the metadata of a conversation says that no more recordings
// can be restored.
func overQuota(recordings []received) bool {
	return slices.ContainsFunc(recordings, func(r received) bool { return r.left == 0 })
}
