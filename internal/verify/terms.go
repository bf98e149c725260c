package verify

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// exportTerms are what export.json says was requested, as far as what became of something
// follows from it.
type exportTerms struct {
	media    []genesys.Medium
	scope    slicing.Scope
	restores bool
	// compares reports whether a second source was to be compared with.
	compares bool
	// endless tells that the window had no end when the archive was begun.
	endless bool
	// limited tells that the export has a scope.
	limited bool
	// named are the conversations that the scope names, in lower case; none if it names none.
	named []string
	// start and end are those of the window.
	start, end time.Time
	// settleAfter is how long after its end a part of the window was to be left alone,
	// openDeadline how long after its start a conversation was to be waited for.
	settleAfter, openDeadline time.Duration
	// told tells that they could be read: else nothing follows from them.
	told bool
}

// readTerms reads the terms of the record.
func (v *verifier) readTerms() {
	if len(v.record.Spec) == 0 {
		return // reported with the record
	}
	var spec struct {
		MediaTypes   []genesys.Medium `json:"mediaTypes"`
		HoldScope    slicing.Scope    `json:"holdScope"`
		End          time.Time        `json:"end"`
		SettleAfter  string           `json:"settleAfter"`
		OpenDeadline string           `json:"openDeadline"`
		Archived     string           `json:"archived"`
		SecondSource string           `json:"secondSource"`
		Start        time.Time        `json:"start"`

		Scope *evidence.ScopeTerms `json:"scope"`
	}
	if err := json.Unmarshal(v.record.Spec, &spec); err != nil {
		v.fault(Malformed, evidence.RecordPath, "does not contain a valid spec: %v", err)
		return
	}
	t := exportTerms{
		media: spec.MediaTypes, scope: spec.HoldScope, restores: spec.Archived == "Restore", compares: spec.SecondSource == "Retention",
		endless: spec.End.IsZero(), limited: spec.Scope != nil, told: true,
	}
	t.start, t.end = spec.Start, spec.End
	if spec.Scope != nil {
		t.named = spec.Scope.ConversationIDs
	}
	for _, medium := range t.media {
		if !slices.Contains(allMedia, medium) {
			v.fault(Malformed, evidence.RecordPath, "names an unknown medium: %q", cut(string(medium)))
		}
	}
	if len(t.media) == 0 {
		v.fault(Malformed, evidence.RecordPath, "does not state the requested media")
	}
	for _, word := range []struct {
		name, got string
		known     []string
	}{
		{"holdScope", string(spec.HoldScope), []string{"", string(slicing.Include), string(slicing.Exclude), string(slicing.Only)}},
		{"archived", spec.Archived, []string{"", "List", "Restore"}},
		{"secondSource", spec.SecondSource, []string{"", "None", "Retention"}},
	} {
		if !slices.Contains(word.known, word.got) {
			v.fault(Malformed, evidence.RecordPath, "states %s %q, which is not a known value", word.name, cut(word.got))
		}
	}
	t.settleAfter, t.openDeadline = v.span("settleAfter", spec.SettleAfter), v.span("openDeadline", spec.OpenDeadline)
	v.terms = t
}

// span reads how long something is to last by the terms, 0 if they do not say.
func (v *verifier) span(name, text string) time.Duration {
	d, err := time.ParseDuration(text)
	if text != "" && (err != nil || d < 0) {
		v.fault(Malformed, evidence.RecordPath, "states %s %q, which is not a duration", name, cut(text))
		return 0
	}
	return d
}

var allMedia = []genesys.Medium{genesys.Call, genesys.Screen, genesys.Chat, genesys.Email, genesys.Message}

// wants reports whether a medium was requested.
func (t exportTerms) wants(medium genesys.Medium) bool { return slices.Contains(t.media, medium) }

// lanes are the lanes, in order, that there are for conversations with an answer
// about their legal hold, beside that of what is isolated.
func (t exportTerms) lanes(held bool) []string {
	screen := t.wants(genesys.Screen)
	switch {
	case t.leavesOut(held):
		return nil
	case !held:
		return []string{string(slicing.Standard)}
	case !screen:
		return []string{string(slicing.LegalHold)}
	case len(t.media) == 1:
		return []string{string(slicing.LegalHoldScreen)}
	default:
		return []string{string(slicing.LegalHold), string(slicing.LegalHoldScreen)}
	}
}

// leavesOut reports whether the scope leaves conversations with an answer out.
func (t exportTerms) leavesOut(held bool) bool {
	return t.scope == slicing.Exclude && held || t.scope == slicing.Only && !held
}

// laneOf is the lane, beside that of what is isolated, whose business a recording is.
// Empty if there is none.
func (t exportTerms) laneOf(held bool, medium genesys.Medium) string {
	lanes := t.lanes(held)
	switch {
	case len(lanes) == 0:
		return ""
	case medium == genesys.Screen && t.wants(medium):
		return lanes[len(lanes)-1]
	default:
		return lanes[0]
	}
}
