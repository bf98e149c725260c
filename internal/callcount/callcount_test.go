package callcount

import (
	"fmt"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/slicing"
)

var day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

func conversations(n int, held bool, screens, others int) []Conversation {
	out := make([]Conversation, n)
	for i := range out {
		id := fmt.Sprintf("%v-%d", held, i)
		out[i] = Conversation{slicing.Conversation{ID: id, Start: day.Add(time.Hour), Held: held}, screens, others}
	}
	return out
}

func TestMinimum(t *testing.T) {
	spec := slicing.Spec{
		Start: day, End: day.AddDate(0, 0, 1), Width: 24 * time.Hour, MaxConversations: 1000,
		Scope: slicing.Include, Screen: true, Other: true,
	}
	exclude := spec
	exclude.Scope = slicing.Exclude
	twoDays := spec
	twoDays.End = day.AddDate(0, 0, 2)
	all := append(conversations(120, false, 0, 1), conversations(30, true, 1, 1)...)
	tests := []struct {
		name string
		spec slicing.Spec
		in   []Conversation
		want Counts
	}{
		{"an empty day", spec, nil, Counts{Identity: 1, Survey: 6}},
		{"two empty days", twoDays, nil, Counts{Identity: 1, Survey: 12}},
		{"some under hold", spec, all, Counts{Identity: 1, Survey: 6, Holds: 2 + 2 + 1, Metadata: 150, Requests: 2 + 1 + 3, Polls: 12}},
		{"without those under hold", exclude, all, Counts{Identity: 1, Survey: 6, Holds: 2 + 2, Metadata: 120, Requests: 2, Polls: 4}},
		{"nothing recorded", spec, conversations(10, false, 0, 0), Counts{Identity: 1, Survey: 6, Holds: 1, Metadata: 10}},
	}
	for _, tt := range tests {
		got, err := Minimum(tt.spec, tt.in)
		if err != nil || got != tt.want {
			t.Errorf("%s: %+v, %v; want %+v", tt.name, got, err, tt.want)
		}
	}
}
