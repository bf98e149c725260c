package recordingexport

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// inQueue is a conversation that was in a queue.
func inQueue(n int, end time.Duration, queue string) genesys.Conversation {
	c := conversation(n, end)
	c.Facts = &genesys.Facts{Queues: []string{queue}}
	return c
}

// scopeLists are the lists of a survey that a scope decides about.
func scopeLists(s artifacts.Survey) map[string][]string {
	out := lists(s)
	for _, c := range s.OutOfScope {
		out["out"] = append(out["out"], c.ID)
	}
	if s.Undecided != nil {
		out["undecided"] = s.Undecided
	}
	return out
}

// TestTheAnswerIsJudged: whatever Genesys Cloud lists, only what is in scope is exported.
// What has not ended is waited for, as it may come into scope, but not after the deadline.
func TestTheAnswerIsJudged(t *testing.T) {
	found := []genesys.Conversation{
		inQueue(1, time.Hour, "ours"), inQueue(2, time.Hour, "other"), inQueue(3, 0, "ours"), inQueue(4, 0, "other"),
	}
	for name, tt := range map[string]struct {
		now  time.Duration
		want map[string][]string
	}{
		"soon":     {100 * time.Hour, map[string][]string{"ended": {id(1)}, "out": {id(2)}, "deferred": {id(3), id(4)}, "undecided": {id(4)}}},
		"too late": {300 * time.Hour, map[string][]string{"ended": {id(1)}, "out": {id(2), id(4)}, "open": {id(3)}}},
	} {
		w := newSurvey(t, first.Add(tt.now))
		w.scope = genesys.Scope{Queues: []string{"ours"}}
		survey, err := w.classify(t.Context(), found)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, scopeLists(survey)); diff != "" {
			t.Errorf("%s: lists (-want +got):\n%s", name, diff)
		}
		if entry := w.surveyedEntry(survey); entry.Conversations+entry.Deferred != int64(len(found)) {
			t.Errorf("%s: %+v does not count %d conversations", name, entry, len(found))
		}
	}
}

// TestALaterSurveyOfAScope: what is no longer listed has ended out of scope if it was out of
// scope before, and is still waited for if it was in scope. A retry takes what was open and
// ended out of scope out of the gaps.
func TestALaterSurveyOfAScope(t *testing.T) {
	w := newSurvey(t, first.Add(100*time.Hour))
	w.scope = genesys.Scope{Queues: []string{"ours"}}
	before := artifacts.Survey{
		Deferred: []genesys.Conversation{conversation(1, 0), conversation(2, 0), conversation(3, 0)}, Undecided: []string{id(2), id(3)},
		Open: []genesys.Conversation{conversation(5, 0)}, OutOfScope: []artifacts.LeftOut{{ID: id(6), Start: first}},
	}
	if _, err := artifacts.Put(t.Context(), w.store, artifacts.SurveyKey(0, first), before); err != nil {
		t.Fatal(err)
	}
	w.Pass = 1
	found := []genesys.Conversation{inQueue(3, time.Hour, "ours"), inQueue(5, time.Hour, "other"), inQueue(6, time.Hour, "ours")}
	for purpose, want := range map[plan.Purpose]map[string][]string{
		plan.PurposeDeferred: {"ended": {id(3)}, "out": {id(2)}, "deferred": {id(1)}},
		plan.PurposeRetry:    {"ended": {id(3)}, "out": {id(5), id(2)}, "deferred": {id(1)}, "reopened": {id(5)}},
	} {
		w.Purpose = purpose
		survey, err := w.classify(t.Context(), found)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, scopeLists(survey)); diff != "" {
			t.Errorf("%s: lists (-want +got):\n%s", purpose, diff)
		}
	}
}

// TestErrorsDoNotNameParticipants: an answer of Genesys Cloud may cite the query, and its text
// is shown in status.
func TestErrorsDoNotNameParticipants(t *testing.T) {
	refused := &genesys.Error{Op: "start survey", Kind: genesys.KindInvalid, Message: "Value [tel:+353155512345] is not valid"}
	scope := genesys.Scope{Participants: []string{"+353155512345"}}
	err := withoutParticipants(errors.Join(refused), scope)
	if strings.Contains(err.Error(), "353155512345") || genesys.KindOf(err) != genesys.KindInvalid || !strings.Contains(err.Error(), "is not valid") {
		t.Errorf("the error says %v", err)
	}
	if other := errors.New("another"); !errors.Is(withoutParticipants(other, scope), other) || !errors.Is(withoutParticipants(refused, genesys.Scope{}), refused) {
		t.Error("another error is changed")
	}
}
