package recordingexportbatch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// shown is what one poll of a batch request shows, and when.
type shown struct {
	at                time.Duration
	expected, results int
	unanswered        int
	wantOver          bool
}

// lines are as many that more is to be waited for, beside one that is stored.
func recordingsLeft(open int) recordingStates {
	l := recordingStates{{files: []file{{number: 1}}, answers: answers{mostResults: 1}}}
	for range open {
		l = append(l, &recordingState{})
	}
	return l
}

func TestABatchRequestIsOver(t *testing.T) {
	tests := map[string][]shown{
		"complete in two polls": {
			{time.Second, 2, 2, 0, false},
			{2 * time.Second, 2, 2, 0, true},
		},
		"complete, and then more is expected": {
			{time.Second, 2, 2, 0, false},
			{2 * time.Second, 3, 2, 0, false},
			{3 * time.Second, 3, 3, 0, true},
		},
		"growing from nothing": {
			{time.Second, 0, 0, 2, false},
			{2 * time.Second, 2, 1, 1, false},
			{3 * time.Second, 2, 2, 0, true},
		},
		"all it expects is less than what was asked for": {
			{time.Second, 1, 1, 1, false},
			{30 * time.Second, 1, 1, 1, false},
			{61 * time.Second, 1, 1, 1, true},
		},
		"nothing ever": {
			{time.Second, 0, 0, 2, false},
			{9 * time.Minute, 0, 0, 2, false},
			{11 * time.Minute, 0, 0, 2, true},
		},
		"something moves at the last moment": {
			{time.Second, 2, 0, 2, false},
			{9 * time.Minute, 2, 1, 1, false},
			{11 * time.Minute, 2, 1, 1, false},
			{20 * time.Minute, 2, 1, 1, true},
		},
	}
	for name, polls := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Unix(0, 0)
			progress := requestProgress{intervals: DefaultIntervals(), since: start}
			for i, l := range polls {
				status := genesys.BatchStatus{Expected: l.expected, Results: make([]genesys.BatchResult, l.results)}
				if got := progress.isOver(status, recordingsLeft(l.unanswered), start.Add(l.at)); got != l.wantOver {
					t.Errorf("poll %d: over %v, want %v", i+1, got, l.wantOver)
				}
			}
		})
	}
}

// TestAddressesThatExpireMeanwhile: while each poll brings something, the next may
// show new addresses.
func TestAddressesThatExpireMeanwhile(t *testing.T) {
	start := time.Unix(0, 0)
	status := genesys.BatchStatus{Expected: 2, Results: make([]genesys.BatchResult, 2)}
	progress := requestProgress{intervals: DefaultIntervals(), since: start}
	of := recordingsLeft(1)
	of[1].recordFailure(errors.New("HTTP 403"), true)
	for i, tt := range []struct{ moved, over bool }{{true, false}, {true, false}, {false, true}} {
		progress.gotFile = tt.moved
		if got := progress.isOver(status, of, start.Add(time.Second)); got != tt.over {
			t.Errorf("poll %d: over %v, want %v", i+1, got, tt.over)
		}
	}
	of[1].recordFailure(errors.New("reset"), false)
	if progress.gotFile = true; !progress.isOver(status, of, start.Add(time.Second)) {
		t.Error("new addresses are waited for although one result failed otherwise")
	}
}

// slowAnswers answers polls of a batch request only after minutes, as when the
// budget is used up, and refuses its recording in the last one.
type slowAnswers struct {
	batchRequester
	polls int
}

func (s *slowAnswers) BatchStatus(context.Context, genesys.Ticket) (genesys.BatchStatus, error) {
	<-time.After(4 * time.Minute)
	if s.polls--; s.polls > 0 {
		return genesys.BatchStatus{Expected: 1}, nil
	}
	return genesys.BatchStatus{Expected: 1, Results: []genesys.BatchResult{{RecordingRef: ref(1), Error: "media not found"}}}, nil
}

// TestWaitingForTheBudgetIsNotStandingStill: a request is not over because
// polling it takes long.
func TestWaitingForTheBudgetIsNotStandingStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newFollower(t, t.TempDir(), nil)
		d.cloud = &slowAnswers{polls: 8}
		wanted := newRecordingStates([]genesys.RecordingRef{ref(1)}, nil, nil, nil)
		request := artifacts.Request{Ticket: genesys.Ticket{ID: "r"}, Refs: []genesys.RecordingRef{ref(1)}}
		if err := d.followRequest(t.Context(), pendingRequest{Request: request, recordings: wanted}); err != nil {
			t.Fatal(err)
		}
		if wanted[0].refused == "" {
			t.Error("the request was over before its answer came")
		}
	})
}

// unreadable answers every poll of a batch request with an error.
type unreadable struct {
	batchRequester
	kind genesys.Kind
}

func (u unreadable) BatchStatus(context.Context, genesys.Ticket) (genesys.BatchStatus, error) {
	return genesys.BatchStatus{}, &genesys.Error{Op: "read batch request", Kind: u.kind}
}

// TestARequestThatCannotBeRead is made again, in halves where one of its recordings may
// be why, so that the others come.
func TestARequestThatCannotBeRead(t *testing.T) {
	tests := map[string]struct {
		kind     genesys.Kind
		renewals int
		try      transfer.Try
		halved   bool
	}{
		"refused":                        {kind: genesys.KindForbidden, halved: true},
		"refused as it stands":           {kind: genesys.KindInvalid, halved: true},
		"forgotten":                      {kind: genesys.KindNotFound},
		"forgotten again":                {kind: genesys.KindNotFound, renewals: 1, halved: true},
		"of an OAuth client that is out": {kind: genesys.KindOrphaned, renewals: 1},
		"failing time after time":        {kind: genesys.KindTransient, try: transfer.Try{Failures: splitAfterFailures}, halved: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q, _ := newRequester(t, t.TempDir(), &picky{})
			q.cloud = unreadable{kind: tt.kind}
			q.clock = clock.RealClock{}
			d := requestFollower{bagTransfer: q.bagTransfer, polls: q.requests, try: tt.try}
			wanted := newRecordingStates(refs(4), nil, nil, nil)
			for _, recording := range wanted {
				recording.expiredRequests = tt.renewals
			}
			request := artifacts.Request{Ticket: genesys.Ticket{ID: "r"}, Refs: refs(4)}
			if err := d.followRequest(t.Context(), pendingRequest{Request: request, recordings: wanted}); err != nil {
				t.Fatal(err)
			}
			answers, err := artifacts.All[artifacts.Answer](t.Context(), q.store, artifacts.AnswerFolder(q.batch))
			if err != nil || len(answers) != 1 {
				t.Fatalf("answers %v, %v", answers, err)
			}
			for _, recording := range newRecordingStates(refs(4), nil, answers, nil) {
				if recording.bound == 2 != tt.halved || recording.inUnreadable != tt.halved || !recording.isOutstanding() {
					t.Errorf("%v: at most %d, in halves: %t, outstanding: %t", recording.RecordingRef, recording.bound, recording.inUnreadable, recording.isOutstanding())
				}
			}
		})
	}
}

func TestPollsBecomeRarer(t *testing.T) {
	progress := requestProgress{intervals: DefaultIntervals()}
	want := []time.Duration{1, 1, 2, 4, 8, 15, 15}
	for i, seconds := range want {
		if got := progress.nextDelay(); got != seconds*time.Second {
			t.Errorf("poll %d after %v, want %v", i+1, got, seconds*time.Second)
		}
		progress.polls++
	}
}

// TestFailedPolls: polls with transient errors do not end a wait, unless there are
// too many in a row; what a person has to fix does.
func TestMissedLooks(t *testing.T) {
	passing, lasting := &genesys.Error{Kind: genesys.KindTransient}, &genesys.Error{Kind: genesys.KindForbidden}
	p := requestProgress{intervals: DefaultIntervals()}
	for range maxFailedPolls {
		if !p.toleratesFailure(passing) {
			t.Fatalf("the wait ends after %d polls that failed", p.failedPolls)
		}
	}
	if p.toleratesFailure(passing) {
		t.Errorf("the wait continues after %d polls that failed", p.failedPolls)
	}
	p.isOver(genesys.BatchStatus{}, recordingsLeft(1), time.Time{})
	if !p.toleratesFailure(passing) {
		t.Error("a poll that succeeded does not count")
	}
	if p.toleratesFailure(lasting) || p.toleratesFailure(nil) {
		t.Error("a wait continues although the poll was refused, or succeeded")
	}
}
