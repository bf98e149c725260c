package v1alpha1_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// scopedYAML is an export of every field of a scope.
var scopedYAML = exportYAML + `
  scope:
    queueIds: [5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857, 5D1C9A0E-3B7F-4C57-8D0E-0C1B2A394858]
    userIds: [5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857]
    divisionIds: [5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857]
    participants: ["+353155512345", "0155512345", "tel:+353155512345", "sip:agent@example.org"]
    directions: [Inbound, Outbound]
`

// TestScopesThatAreRefused: each with a message that says what to write instead.
func TestScopesThatAreRefused(t *testing.T) {
	many := strings.Repeat("x,", 101)
	for n := range 101 {
		many = strings.Replace(many, "x", "5d1c9a0e-3b7f-4c57-8d0e-"+strings.Repeat("0", 9)+string(rune('0'+n/100))+string(rune('0'+n/10%10))+string(rune('0'+n%10)), 1)
	}
	for name, tt := range map[string]struct {
		edit edit
		says string
	}{
		"as it is":           {edit{"spec.suspend", "false"}, ""},
		"nothing":            {edit{"spec.scope", "{}"}, "scope must set at least one of its fields; to export all conversations of the window, leave out scope"},
		"an empty list":      {edit{"spec.scope", "{queueIds: []}"}, "spec.scope.queueIds"},
		"a name":             {edit{"spec.scope.queueIds", "[Complaints]"}, "an id of Genesys Cloud is a UUID, such as 5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857, not a name"},
		"an id twice":        {edit{"spec.scope.userIds", "[5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857, 5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857]"}, "Duplicate value"},
		"too many":           {edit{"spec.scope.divisionIds", "[" + strings.TrimSuffix(many, ",") + "]"}, "must have at most 100 items"},
		"a number, spaced":   {edit{"spec.scope.participants", `["+353 1 5551 2345"]`}, "a participant is a phone number without blanks, such as +353155512345, or an address that begins with tel: or sip:"},
		"a person":           {edit{"spec.scope.participants", `["Jane Doe"]`}, "a participant is a phone number"},
		"another direction":  {edit{"spec.scope.directions", "[Sideways]"}, `Unsupported value: "Sideways"`},
		"a second source":    {edit{"spec.secondSource", "Retention"}, "spec.secondSource: Invalid value: secondSource Retention lists all recordings of the organisation"},
		"an unknown field":   {edit{"spec.scope.skills", "[a]"}, `unknown field "spec.scope.skills"`},
		"one field is fine":  {edit{"spec.scope", "{directions: [Inbound]}"}, ""},
		"no scope is fine":   {edit{"spec.scope", ""}, ""},
		"no end of a window": {edit{"spec.window.end", ""}, ""},
		"conversations":      {edit{"spec.scope.conversationIds", "[5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857]"}, ""},
		"no conversations":   {edit{"spec.scope.conversationIds", "[]"}, "spec.scope.conversationIds"},
		"a case number":      {edit{"spec.scope.conversationIds", "[case-4711]"}, "an id of Genesys Cloud is a UUID"},
	} {
		t.Run(name, func(t *testing.T) {
			got := refusal(t.Context(), parse(t, scopedYAML, tt.edit))
			if tt.says == "" && got != "" || !strings.Contains(got, tt.says) {
				t.Errorf("refusal %q does not say %q", got, tt.says)
			}
		})
	}
}

// TestNamedConversationsNeedAnEnd of the window: nobody could tell which of them do not exist.
func TestNamedConversationsNeedAnEnd(t *testing.T) {
	got := refusal(t.Context(), parse(t, endlessYAML, edit{"spec.scope", "{conversationIds: [5d1c9a0e-3b7f-4c57-8d0e-0c1b2a394857]}"}))
	if !strings.Contains(got, "an export of scope.conversationIds ends with its window: set window.end") {
		t.Errorf("refusal %q", got)
	}
}

// TestAScopeCannotChange, be added or be removed.
func TestAScopeCannotChange(t *testing.T) {
	const says = "scope cannot be changed: create another RecordingExport"
	for name, tt := range map[string]struct {
		yaml string
		edit edit
		says string
	}{
		"changed":   {scopedYAML, edit{"spec.scope.directions", "[Inbound]"}, says},
		"shortened": {scopedYAML, edit{"spec.scope.userIds", ""}, says},
		"removed":   {scopedYAML, edit{"spec.scope", ""}, says},
		"added":     {exportYAML, edit{"spec.scope", "{directions: [Inbound]}"}, says},
		"reordered": {scopedYAML, edit{"spec.scope.directions", "[Outbound, Inbound]"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			existing := create(t, tt.yaml)
			changed := parse(t, tt.yaml, tt.edit)
			changed.SetResourceVersion(existing.GetResourceVersion())
			if got := updateRefusal(t, changed); tt.says == "" && got != "" || !strings.Contains(got, tt.says) {
				t.Errorf("refusal %q does not say %q", got, tt.says)
			}
		})
	}
}

// updateRefusal is why an update is refused, empty if it is not.
func updateRefusal(t *testing.T, obj *unstructured.Unstructured) string {
	t.Helper()
	if err := api.Update(t.Context(), obj); err != nil {
		return err.Error()
	}
	return ""
}
