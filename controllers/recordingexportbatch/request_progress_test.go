package recordingexportbatch

import (
	"errors"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// shown is what one poll of a batch request shows, and when.
type shown struct {
	at                time.Duration
	expected, results int
	unanswered        int
	wantOver          bool
}

// recordingsLeft are so many of which more is expected, and one that is stored.
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
func TestFailedPolls(t *testing.T) {
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
