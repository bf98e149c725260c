package evidence

import (
	"encoding/json"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/words"
)

// ScopeTerms are what an export is limited to besides its window, its media and legal hold, as
// export.json has it.
type ScopeTerms struct {
	ConversationIDs []string `json:"conversationIds,omitempty"`

	QueueIDs    []string `json:"queueIds,omitempty"`
	UserIDs     []string `json:"userIds,omitempty"`
	DivisionIDs []string `json:"divisionIds,omitempty"`
	// Participants are the SHA-256 of numbers and addresses, in hexadecimal.
	Participants []string `json:"participants,omitempty"`
	// Directions are inbound and outbound.
	Directions []string `json:"directions,omitempty"`
}

// ReadScope reads the scope from the spec of an export's record, nil if the export is not
// limited.
func ReadScope(spec []byte) (*ScopeTerms, error) {
	var terms struct {
		Scope *ScopeTerms `json:"scope"`
	}
	err := json.Unmarshal(spec, &terms)
	return terms.Scope, err
}

// Limits says what the scope selects: "conversations in one of 2 queues, that began inbound", or
// "3 named conversations".
func (s ScopeTerms) Limits() string {
	var parts []string
	for _, list := range []struct {
		values         []string
		relation, name string
	}{
		{s.QueueIDs, "in", "queue"}, {s.UserIDs, "with", "user"}, {s.DivisionIDs, "of", "division"}, {s.Participants, "with", "participant"},
	} {
		switch n := len(list.values); n {
		case 0:
		case 1:
			parts = append(parts, list.relation+" 1 "+list.name)
		default:
			parts = append(parts, list.relation+" one of "+words.Count(n, list.name))
		}
	}
	if len(s.Directions) > 0 {
		parts = append(parts, "that began "+strings.Join(s.Directions, " or "))
	}
	what := "conversations"
	if n := len(s.ConversationIDs); n > 0 {
		what = words.Count(n, "named conversation")
	}
	return strings.TrimSuffix(what+" "+strings.Join(parts, ", "), " ")
}
