package recordingexport

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// newNamedSurvey surveys a window of two days for an export that names conversations.
func newNamedSurvey(t *testing.T, cloud *fakeCloud, now time.Duration, ids ...int) *surveyWork {
	t.Helper()
	w := newSurvey(t, first.Add(now))
	w.spec = window(0, 48*time.Hour)
	w.cloud = cloud
	w.deadline = func() time.Duration { return time.Minute }
	for _, n := range ids {
		w.scope.Conversations = append(w.scope.Conversations, id(n))
	}
	return w
}

// survey makes a survey of a day.
func (w *surveyWork) survey(t *testing.T, purpose plan.Purpose, of time.Time, pass int) artifacts.Survey {
	t.Helper()
	w.Purpose, w.Day, w.Pass = purpose, of, pass
	if err := w.queryConversations(t.Context()); err != nil {
		t.Fatal(err)
	}
	survey, err := artifacts.Get[artifacts.Survey](t.Context(), w.store, artifacts.SurveyKey(pass, of))
	if err != nil {
		t.Fatal(err)
	}
	return survey
}

// known is a conversation that can be looked up.
func known(n int, start, end time.Duration) genesys.Conversation {
	c := genesys.Conversation{ID: id(n), Start: first.Add(start), Facts: &genesys.Facts{}}
	if end > 0 {
		c.End = first.Add(end)
	}
	return c
}

// TestNamedConversationsAreLookedUpOnce for all days. Before sealing only those are that nobody
// knew, with a search of the window; those that are in no day are accounted for there, once.
func TestNamedConversationsAreLookedUpOnce(t *testing.T) {
	cloud := &fakeCloud{known: []genesys.Conversation{known(1, time.Hour, 2*time.Hour), known(2, 30*time.Hour, 31*time.Hour), known(4, 70*time.Hour, 71*time.Hour)}}
	w := newNamedSurvey(t, cloud, 200*time.Hour, 1, 2, 3, 4, 5)
	second := first.Add(day)
	for _, tt := range []struct {
		at   time.Time
		want []string
	}{{first, []string{id(1)}}, {second, []string{id(2)}}} {
		survey := w.survey(t, plan.PurposeFirst, tt.at, 0)
		if got := lists(survey)["ended"]; !slices.Equal(got, tt.want) || survey.NotFound != nil || survey.Outside != nil {
			t.Errorf("the survey of %s found %+v, want %v", tt.at.Format(time.DateOnly), survey, tt.want)
		}
	}
	if len(cloud.lookUps) != 1 || cloud.started != 0 {
		t.Fatalf("%d lookups and %d analytics jobs, want one lookup", len(cloud.lookUps), cloud.started)
	}
	cloud.page = func(string) genesys.SurveyPage { // 5 is too old for a lookup
		return genesys.SurveyPage{Conversations: []genesys.Conversation{known(5, 40*time.Hour, 41*time.Hour), known(6, time.Hour, 2*time.Hour)}}
	}
	review := w.survey(t, plan.PurposeReview, first, 1)
	if want := []string{id(3)}; !slices.Equal(review.NotFound, want) || len(review.Outside) != 1 || review.Outside[0].ID != id(4) || len(review.Conversations) > 0 {
		t.Errorf("the review of the first day accounts for %+v", review)
	}
	if diff := cmp.Diff([][]string{{id(1), id(2), id(3), id(4), id(5)}, {id(3), id(5)}}, cloud.lookUps); diff != "" {
		t.Errorf("lookups (-want +got):\n%s", diff)
	}
	want := []genesys.SurveyQuery{{From: first, To: first.Add(2 * day), Scope: genesys.Scope{Conversations: []string{id(3), id(5)}}}}
	if diff := cmp.Diff(want, cloud.searched); diff != "" || len(cloud.ended) != 1 {
		t.Errorf("searched (-want +got), %d jobs ended:\n%s", len(cloud.ended), diff)
	}
	if got := lists(w.survey(t, plan.PurposeReview, second, 1))["ended"]; !slices.Equal(got, []string{id(5)}) {
		t.Errorf("the review of the second day found %v, want the conversation that the search found", got)
	}
	if w.survey(t, plan.PurposeRetry, first, 2); len(cloud.lookUps) != 2 || cloud.started != 1 {
		t.Errorf("%d lookups and %d analytics jobs: what was accounted for is looked up again", len(cloud.lookUps), cloud.started)
	}
}

// TestANamedConversationThatHasNotEnded is looked up again by itself.
func TestANamedConversationThatHasNotEnded(t *testing.T) {
	cloud := &fakeCloud{known: []genesys.Conversation{known(1, time.Hour, 0), known(2, time.Hour, 2*time.Hour)}}
	w := newNamedSurvey(t, cloud, 100*time.Hour, 1, 2)
	if got := lists(w.survey(t, plan.PurposeFirst, first, 0)); !slices.Equal(got["deferred"], []string{id(1)}) {
		t.Errorf("lists %v", got)
	}
	cloud.known[0] = known(1, time.Hour, 3*time.Hour)
	if got := lists(w.survey(t, plan.PurposeDeferred, first, 1)); !slices.Equal(got["ended"], []string{id(1)}) || got["deferred"] != nil {
		t.Errorf("lists %v", got)
	}
	if diff := cmp.Diff([][]string{{id(1), id(2)}, {id(1)}}, cloud.lookUps); diff != "" {
		t.Errorf("lookups (-want +got):\n%s", diff)
	}
}

// TestADayThatWasNotOverAtTheLookup has another one.
func TestADayThatWasNotOverAtTheLookup(t *testing.T) {
	cloud := &fakeCloud{}
	w := newNamedSurvey(t, cloud, 72*time.Hour, 1)
	w.survey(t, plan.PurposeFirst, first, 0)
	cloud.known = []genesys.Conversation{known(1, 30*time.Hour, 31*time.Hour)}
	now := newSurvey(t, first.Add(96*time.Hour))
	w.clock = now.clock
	if got := lists(w.survey(t, plan.PurposeFirst, first.Add(day), 0))["ended"]; !slices.Equal(got, []string{id(1)}) {
		t.Errorf("found %v", got)
	}
}

// TestManyNamedConversations are looked up in groups.
func TestManyNamedConversations(t *testing.T) {
	cloud := &fakeCloud{}
	ids := make([]int, 2*genesys.MaxLookUp+1)
	for i := range ids {
		ids[i] = i
	}
	newNamedSurvey(t, cloud, 200*time.Hour, ids...).survey(t, plan.PurposeFirst, first, 0)
	if len(cloud.lookUps) != 3 || len(cloud.lookUps[2]) != 1 {
		t.Errorf("%d lookups, want 3", len(cloud.lookUps))
	}
}
