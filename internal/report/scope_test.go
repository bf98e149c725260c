package report

import (
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// TestALimitedRequest is told apart from one for everything, and one that matches nothing
// from one that was carried out.
func TestALimitedRequest(t *testing.T) {
	t.Parallel()
	limited := readTerms([]byte(`{"holdScope": "Include", "scope": {"queueIds": ["a", "b"], "directions": ["inbound"]}}`))
	some := evidence.Account{Conversations: evidence.ConversationAccount{Surveyed: 3, Batched: 2, Excluded: 1}}
	v := limited.addLimits(judge(some, some.Until), some)
	if len(v.Then) == 0 || !strings.Contains(string(v.Then[0]), "conversations in one of 2 queues, that began inbound.") || v.Says != judge(some, some.Until).Says {
		t.Errorf("verdict %+v", v)
	}
	none := evidence.Account{Conversations: evidence.ConversationAccount{Surveyed: 1, Excluded: 1}}
	if v := limited.addLimits(judge(none, none.Until), none); !strings.Contains(string(v.Says), "Nothing was exported") {
		t.Errorf("verdict %+v", v)
	}
	if facts := limited.facts(); facts[0].Name != "Limited to" {
		t.Errorf("the first fact is %+v", facts[0])
	}
	whole := readTerms([]byte(`{"holdScope": "Include"}`))
	if v := whole.addLimits(judge(none, none.Until), none); len(v.Then) != len(judge(none, none.Until).Then) || whole.facts()[0].Name == "Limited to" {
		t.Errorf("a request without a limit has one: %+v", v)
	}
}
