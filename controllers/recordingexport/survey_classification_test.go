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
	"github.com/gcexport/recording-export-operator/internal/plan"
)

func id(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// nobodyHeld answers that nothing is under legal hold.
type nobodyHeld struct {
	surveyor
	enumerator
	bulkJobEnder
	integrationLister
}

func (nobodyHeld) Protected(context.Context, []string, time.Duration) ([]string, error) {
	return nil, nil
}

func newSurvey(t *testing.T, now time.Time) *surveyWork {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "evidence")
	if err != nil {
		t.Fatal(err)
	}
	return &surveyWork{
		planner: planner{recorder: recorder{process{clocktesting.NewFakeClock(now), "m"}, store}, spec: window(0, 24*time.Hour)},
		cloud:   nobodyHeld{}, DueSurvey: plan.DueSurvey{Day: first, Purpose: plan.PurposeFirst},
		settleAfter: 48 * time.Hour, openDeadline: 240 * time.Hour, intervals: DefaultIntervals(),
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
	if s.Reopened != nil {
		out["reopened"] = s.Reopened
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
			survey, err := newSurvey(t, first.Add(tt.now)).classify(t.Context(), found)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lists(survey)); diff != "" {
				t.Errorf("lists (-want +got):\n%s", diff)
			}
		})
	}
}

// TestALaterSurvey leaves out what is settled, takes what is new, and drops
// nothing that was once listed. A retry also takes what has ended after all.
func TestALaterSurvey(t *testing.T) {
	w := newSurvey(t, first.Add(100*time.Hour))
	before := artifacts.Survey{
		Deferred: []genesys.Conversation{conversation(2, 0), conversation(3, 0)}, Refused: []string{`"../x"`},
		Open: []genesys.Conversation{conversation(5, 0)},
	}
	if err := w.classifyHolds(t.Context(), &before, []genesys.Conversation{conversation(1, time.Hour)}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := artifacts.Put(t.Context(), w.store, artifacts.SurveyKey(0, first), before); err != nil {
		t.Fatal(err)
	}
	w.Pass = 1
	found := []genesys.Conversation{
		conversation(1, time.Hour), conversation(2, 2*time.Hour), conversation(4, 3*time.Hour), {ID: "../x"}, conversation(5, time.Hour),
	}
	tests := map[plan.Purpose]map[string][]string{
		plan.PurposeDeferred: {"ended": {id(2), id(4)}, "deferred": {id(3)}},
		plan.PurposeRetry:    {"ended": {id(2), id(4), id(5)}, "deferred": {id(3)}, "reopened": {id(5)}},
	}
	for purpose, want := range tests {
		w.Purpose = purpose
		survey, err := w.classify(t.Context(), found)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, lists(survey)); diff != "" {
			t.Errorf("%s: lists (-want +got):\n%s", purpose, diff)
		}
	}
}

// allHeld answers that everything is under legal hold.
type allHeld struct {
	surveyor
	enumerator
	bulkJobEnder
	integrationLister
}

func (allHeld) Protected(_ context.Context, ids []string, _ time.Duration) ([]string, error) {
	return ids, nil
}

// TestAReviewAsksForAllHolds: of what was known before as well as of what is new.
func TestAReviewAsksForAllHolds(t *testing.T) {
	w := newSurvey(t, first.Add(100*time.Hour))
	before := artifacts.Survey{}
	if err := w.classifyHolds(t.Context(), &before, []genesys.Conversation{conversation(1, time.Hour)}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := artifacts.Put(t.Context(), w.store, artifacts.SurveyKey(0, first), before); err != nil {
		t.Fatal(err)
	}
	w.Pass, w.Purpose, w.cloud = 1, plan.PurposeReview, allHeld{}
	survey, err := w.classify(t.Context(), []genesys.Conversation{conversation(1, time.Hour), conversation(2, time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{id(1), id(2)}, survey.Held); diff != "" || len(survey.Conversations) != 1 || !survey.Conversations[0].Held {
		t.Errorf("held %v, conversations %+v", survey.Held, survey.Conversations)
	}
}

// TestWhatBeganBeforeTheWindow is not a part of the export, but is known.
func TestWhatBeganBeforeTheWindow(t *testing.T) {
	w := newSurvey(t, first.Add(100*time.Hour))
	early := conversation(1, time.Hour)
	early.Start = first.Add(-time.Minute)
	survey, err := w.classify(t.Context(), []genesys.Conversation{early, conversation(2, time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{id(1)}, survey.Before); diff != "" || len(survey.Conversations) != 1 || survey.Conversations[0].ID != id(2) {
		t.Errorf("before %v, conversations %+v", survey.Before, survey.Conversations)
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
		if got := newSurvey(t, now).nextQueryTime(survey); !got.Equal(tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// noAnswer never reports whether anything is under legal hold.
type noAnswer struct {
	surveyor
	enumerator
	bulkJobEnder
	integrationLister
}

func (noAnswer) Protected(context.Context, []string, time.Duration) ([]string, error) {
	return nil, &genesys.Error{Op: "read deletion protection", Kind: genesys.KindInvalid}
}

// TestHoldsThatNobodyAnswersAbout: a survey asks for a quarter of an hour from the first
// query that failed, however often something else failed before. Then what is unknown is
// planned.
func TestHoldsThatNobodyAnswersAbout(t *testing.T) {
	w := newSurvey(t, first.Add(100*time.Hour))
	clock := w.clock.(*clocktesting.FakeClock)
	w.cloud = noAnswer{}
	ask := func() (survey artifacts.Survey, err error) {
		err = w.classifyHolds(t.Context(), &survey, []genesys.Conversation{conversation(1, time.Hour)}, nil)
		return survey, err
	}
	for _, passed := range []time.Duration{0, holdDeadline - time.Second} {
		clock.Step(passed)
		if _, err := ask(); genesys.KindOf(err) != genesys.KindInvalid {
			t.Errorf("after %v: %v", passed, err)
		}
	}
	clock.Step(time.Second)
	if survey, err := ask(); err != nil || len(survey.HoldsUnknown) != 1 {
		t.Errorf("after %v: %+v, %v", holdDeadline, survey.HoldsUnknown, err)
	}
}
