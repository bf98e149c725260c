package exportspec

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestScopeIsEvidence: another scope is another request, another spelling of the same scope is
// not, and an export without a scope has the spec that it had before there were scopes.
func TestScopeIsEvidence(t *testing.T) {
	evidenceOf := func(scope *v1alpha1.ConversationScope) string {
		spec := sample()
		spec.Scope = scope
		text, err := json.Marshal(EvidenceSpec(spec))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	base := func() *v1alpha1.ConversationScope {
		return &v1alpha1.ConversationScope{
			QueueIDs: []v1alpha1.GenesysID{"a", "B"}, Participants: []v1alpha1.Participant{"+353155512345", "sip:a@example.org"},
			Directions: []v1alpha1.Direction{v1alpha1.DirectionInbound},
		}
	}
	want := evidenceOf(base())
	for name, change := range map[string]func(*v1alpha1.ConversationScope){
		"order":      func(s *v1alpha1.ConversationScope) { s.QueueIDs[0], s.QueueIDs[1] = s.QueueIDs[1], s.QueueIDs[0] },
		"case":       func(s *v1alpha1.ConversationScope) { s.QueueIDs[0] = "A" },
		"number":     func(s *v1alpha1.ConversationScope) { s.Participants[0] = "tel:+353155512345" },
		"twice":      func(s *v1alpha1.ConversationScope) { s.QueueIDs = append(s.QueueIDs, "b") },
		"an address": func(s *v1alpha1.ConversationScope) { s.Participants[1] = "SIP:A@example.org" },
	} {
		scope := base()
		change(scope)
		if got := evidenceOf(scope); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name, change := range map[string]func(*v1alpha1.ConversationScope){
		"queues":       func(s *v1alpha1.ConversationScope) { s.QueueIDs = s.QueueIDs[:1] },
		"users":        func(s *v1alpha1.ConversationScope) { s.UserIDs = s.QueueIDs },
		"divisions":    func(s *v1alpha1.ConversationScope) { s.DivisionIDs = s.QueueIDs },
		"participants": func(s *v1alpha1.ConversationScope) { s.Participants[0] += "1" },
		"directions":   func(s *v1alpha1.ConversationScope) { s.Directions[0] = v1alpha1.DirectionOutbound },
	} {
		scope := base()
		change(scope)
		if evidenceOf(scope) == want {
			t.Errorf("another scope is the same evidence: %s", name)
		}
	}
	if strings.Contains(want, "353155") || strings.Contains(want, "example.org") {
		t.Errorf("the evidence names a participant: %s", want)
	}
	if none := evidenceOf(nil); strings.Contains(none, "scope\"") {
		t.Errorf("without a scope: %s", none)
	}
}
