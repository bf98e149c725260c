package recordingexport

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// nobodyHeld answers that nothing is under legal hold.
type nobodyHeld struct{ surveyor }

func (nobodyHeld) Protected(context.Context, []string) ([]string, error) { return nil, nil }

func newSurvey(t *testing.T, now time.Time) *surveyWork {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "evidence")
	if err != nil {
		t.Fatal(err)
	}
	return &surveyWork{
		store: store, cloud: nobodyHeld{}, clock: clocktesting.NewFakeClock(now), spec: window(0, 24*time.Hour),
		day: first, days: []time.Time{first}, settleAfter: 48 * time.Hour, openDeadline: 240 * time.Hour, pace: DefaultPace(),
	}
}

func conversation(n int, end time.Duration) genesys.Conversation {
	c := genesys.Conversation{ID: id(n), Start: first.Add(time.Duration(n) * time.Minute)}
	if end > 0 {
		c.End = first.Add(end)
	}
	return c
}

// lists reduces a survey to its lists of ids.
func lists(s artifacts.Survey) map[string][]string {
	out := map[string][]string{}
	for _, c := range s.Conversations {
		out["ended"] = append(out["ended"], c.ID)
	}
	for _, c := range s.Deferred {
		out["deferred"] = append(out["deferred"], c.ID)
	}
	for _, c := range s.Open {
		out["open"] = append(out["open"], c.ID)
	}
	if s.Refused != nil {
		out["refused"] = s.Refused
	}
	return out
}

func TestSortPutsEachConversationIntoOneList(t *testing.T) {
	found := []genesys.Conversation{
		conversation(1, time.Hour), conversation(2, 71*time.Hour), conversation(3, 0), {ID: "../x", Start: first, End: first.Add(1)},
	}
	tests := map[string]struct {
		now  time.Duration
		want map[string][]string
	}{
		"soon":     {72 * time.Hour, map[string][]string{"ended": {id(1)}, "deferred": {id(2), id(3)}, "refused": {`"../x"`}}},
		"later":    {120 * time.Hour, map[string][]string{"ended": {id(1), id(2)}, "deferred": {id(3)}, "refused": {`"../x"`}}},
		"too late": {241 * time.Hour, map[string][]string{"ended": {id(1), id(2)}, "open": {id(3)}, "refused": {`"../x"`}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			survey, err := newSurvey(t, first.Add(tt.now)).sort(t.Context(), found)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lists(survey)); diff != "" {
				t.Errorf("lists (-want +got):\n%s", diff)
			}
		})
	}
}

// TestALaterRound leaves out what is settled, takes what is new, and drops
// nothing that was once listed.
func TestALaterRound(t *testing.T) {
	w := newSurvey(t, first.Add(100*time.Hour))
	before := artifacts.Survey{
		Deferred: []genesys.Conversation{conversation(2, 0), conversation(3, 0)}, Refused: []string{`"../x"`},
		Open: []genesys.Conversation{conversation(5, 0)},
	}
	before.Conversations, _ = w.askHolds(t.Context(), []genesys.Conversation{conversation(1, time.Hour)})
	if _, err := artifacts.Put(t.Context(), w.store, artifacts.SurveyKey(0, first), before); err != nil {
		t.Fatal(err)
	}
	w.round = 1
	survey, err := w.sort(t.Context(), []genesys.Conversation{
		conversation(1, time.Hour), conversation(2, 2*time.Hour), conversation(4, 3*time.Hour), {ID: "../x"}, conversation(5, time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"ended": {id(2), id(4)}, "deferred": {id(3)}}
	if diff := cmp.Diff(want, lists(survey)); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
}

func TestAskAgain(t *testing.T) {
	now := first.Add(100 * time.Hour)
	tests := map[string]struct {
		deferred []genesys.Conversation
		want     time.Time
	}{
		"nothing deferred":               {nil, time.Time{}},
		"one that has ended":             {[]genesys.Conversation{conversation(1, 90*time.Hour)}, first.Add(138 * time.Hour)},
		"one that has not":               {[]genesys.Conversation{conversation(1, 0)}, now.Add(24 * time.Hour)},
		"the earlier of two":             {[]genesys.Conversation{conversation(1, 90*time.Hour), conversation(2, 0)}, now.Add(24 * time.Hour)},
		"one whose time will soon be up": {[]genesys.Conversation{{ID: id(1), Start: now.Add(-239 * time.Hour)}}, now.Add(time.Hour)},
	}
	for name, tt := range tests {
		survey := artifacts.Survey{Stamp: artifacts.Stamp{At: now}, Deferred: tt.deferred}
		if got := newSurvey(t, now).askAgain(survey); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
