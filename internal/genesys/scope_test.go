package genesys

import (
	"slices"
	"testing"
)

// TestJudge: any value of a list is enough, every list that is set must match.
func TestJudge(t *testing.T) {
	known := Facts{
		Queues: []string{"q1", "Q2"}, Users: []string{"u1"}, Divisions: []string{"d1"},
		Participants: []string{"tel:+353155501", "sip:A@example.org"}, Direction: Outbound,
	}
	tests := map[string]struct {
		scope Scope
		facts Facts
		unmet []string
	}{
		"no scope":              {Scope{}, Facts{}, nil},
		"a queue":               {Scope{Queues: []string{"x", "q2"}}, known, nil},
		"another queue":         {Scope{Queues: []string{"x"}}, known, []string{"queueIds"}},
		"no queue yet":          {Scope{Queues: []string{"q1"}}, Facts{}, []string{"queueIds"}},
		"an agent":              {Scope{Users: []string{"u1"}}, known, nil},
		"another agent":         {Scope{Users: []string{"q1"}}, known, []string{"userIds"}},
		"a division":            {Scope{Divisions: []string{"d1"}}, known, nil},
		"another division":      {Scope{Divisions: []string{"q1"}}, known, []string{"divisionIds"}},
		"a number":              {Scope{Participants: []string{"+353155501"}}, known, nil},
		"an address":            {Scope{Participants: []string{"SIP:a@example.org"}}, known, nil},
		"another number":        {Scope{Participants: []string{"353155501"}}, known, []string{"participants"}},
		"a direction":           {Scope{Directions: []Direction{Inbound, Outbound}}, known, nil},
		"another direction":     {Scope{Directions: []Direction{Inbound}}, known, []string{"directions"}},
		"every list":            {Scope{Queues: []string{"q1"}, Users: []string{"u1"}, Directions: []Direction{Outbound}}, known, nil},
		"all lists but one":     {Scope{Queues: []string{"q1"}, Users: []string{"u2"}, Directions: []Direction{Outbound}}, known, []string{"userIds"}},
		"none of several lists": {Scope{Queues: []string{"x"}, Divisions: []string{"x"}}, known, []string{"queueIds", "divisionIds"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.scope.Judge(tt.facts); !slices.Equal(got, tt.unmet) {
				t.Errorf("unmet %v, want %v", got, tt.unmet)
			}
			if tt.scope.IsZero() != (name == "no scope") {
				t.Error("IsZero is wrong")
			}
		})
	}
}

func TestSpellings(t *testing.T) {
	for participant, want := range map[string][]string{
		"+353155501":     {"+353155501", "tel:+353155501"},
		"tel:+353155501": {"+353155501", "tel:+353155501"},
		"sip:A@x":        {"sip:A@x", "sip:a@x"},
		"sip:a@x":        {"sip:a@x"},
	} {
		if got := SpellingsOf(participant); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", participant, got, want)
		}
	}
}
