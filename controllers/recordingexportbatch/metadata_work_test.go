package recordingexportbatch

import (
	"context"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// TestWhatBecomesOfAConversationThatFails: while others succeed it leaves its lane,
// unless a seal lists all of it as unavailable there. If the service is bad to the end,
// what the seals list stays as it is.
func TestWhatBecomesOfAConversationThatFails(t *testing.T) {
	unreadable, left := evidence.ReasonMetadataUnreadable, evidence.ReasonMovedToIsolated
	for name, tt := range map[string]struct {
		of                                      evidence.Conversation
		lane                                    slicing.Lane
		whileOthersCome, last, lastOfBadService string
	}{
		"new":                              {evidence.Conversation{}, slicing.Standard, left, left, left},
		"isolated":                         {evidence.Conversation{}, slicing.Isolated, "", unreadable, unreadable},
		"retried":                          {evidence.Conversation{Retried: true}, slicing.Standard, "", unreadable, unreadable},
		"recordings of it are retried":     {evidence.Conversation{Only: []string{"r"}}, slicing.Standard, left, left, unreadable},
		"retried there, recordings are":    {evidence.Conversation{Only: []string{"r"}}, slicing.Isolated, "", unreadable, unreadable},
		"isolated, for some of recordings": {evidence.Conversation{Only: []string{"r"}, Left: true}, slicing.Isolated, "", unreadable, unreadable},
	} {
		tt.of.ID = "c"
		why := &genesys.Error{Kind: genesys.KindTimeout, Message: "HTTP 504"}
		now := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
		w := &metadataWork{slice: artifacts.Slice{Lane: tt.lane, Conversations: []evidence.Conversation{tt.of}}}
		expect := func(when string, last bool, want string) {
			t.Helper()
			got := ""
			if noted := w.decide("c", failedConversation{why: why}, last); noted != nil {
				got = noted.Reason
			}
			if got != want {
				t.Errorf("%s, %s: %q, want %q", name, when, got, want)
			}
		}
		w.requests = newRoute(now)
		expect("before the deadline", false, "")
		expect("at last, with a bad service", true, tt.lastOfBadService)
		for n := range 12 {
			now.SetTime(time.Unix(int64(2*n), 0))
			w.requests.record("c", why)
			for _, other := range []string{"d", "e", "f"} {
				w.requests.record(other, nil)
			}
		}
		expect("while others come", false, tt.whileOthersCome)
		expect("at last, while others come", true, tt.last)
	}
}

// refusing refuses to tell anything, for a minute each time.
type refusing struct{ asked int }

func (r *refusing) RecordingMetadata(context.Context, string, time.Duration) (genesys.Metadata, error) {
	r.asked++
	return genesys.Metadata{}, &genesys.Error{Op: "read recording metadata", Kind: genesys.KindOverloaded, RetryAfter: time.Minute}
}

func (r *refusing) Protected(context.Context, []string, time.Duration) ([]string, error) {
	return nil, nil
}

// TestConversationsThatCloseTheirGate use up the deadline anyway: each was
// asked for and refused, though the gate is blocked before all of them have been.
func TestConversationsThatCloseTheirGate(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	now := clocktesting.NewFakeClock(time.Unix(0, 0))
	cloud := &refusing{}
	w := &metadataWork{
		recorder: recorder{process{now, "test"}, store}, cloud: cloud, requests: newRoute(now), isolatedRequests: newRoute(now),
		slice:  artifacts.Slice{Lane: slicing.Isolated, Group: "g", Conversations: []evidence.Conversation{{ID: "a"}, {ID: "b"}, {ID: "c"}}},
		policy: evidence.Policy{Slicing: slicing.Spec{Screen: true, Other: true}},
	}
	err = w.fetchAll(t.Context(), transfer.Try{})
	if pause := transfer.DefaultRetryPolicy().Backoff(err, 0); !pause.UsesDeadline || !pause.Counts {
		t.Errorf("%v: waiting for it does not use up the deadline", err)
	}
	if cloud.asked != 2 {
		t.Errorf("asked %d times, the gate closes after 2", cloud.asked)
	}
	for range 3 {
		now.Step(time.Minute)
		if err = w.fetchAll(t.Context(), transfer.Try{Last: true}); err == nil {
			break
		}
	}
	missing, unknownErr := missingMetadata(t.Context(), store, w.slice)
	if err != nil || unknownErr != nil || len(missing) > 0 {
		t.Errorf("once the deadline is used up %v are not listed: %v", missing, err)
	}
}
