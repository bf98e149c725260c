package recordingexportbatch

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func ref(n int) genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: "c", RecordingID: fmt.Sprint(n)}
}

func refs(n int) []genesys.RecordingRef {
	all := make([]genesys.RecordingRef, n)
	for i := range all {
		all[i] = ref(i + 1)
	}
	return all
}

func aFile(n, number int) artifacts.StoredFile {
	return artifacts.StoredFile{
		File: evidence.File{ConversationID: "c", RecordingID: fmt.Sprint(n), SHA256: fmt.Sprint(n, number), RequestID: "a"}, Number: number,
	}
}

// TestWhatIsOutstanding: from what was recorded, and again from what
// it records itself.
func TestWhatIsOutstanding(t *testing.T) {
	answer := func(of ...artifacts.Answered) artifacts.Answer { return artifacts.Answer{Recordings: of} }
	passed := func(n, results int) artifacts.Answered {
		return artifacts.Answered{RecordingRef: ref(n), Results: results, Incomplete: true}
	}
	twice := aFile(11, 2)
	twice.SHA256 = aFile(11, 1).SHA256
	l := newRecordingStates(refs(13), []artifacts.StoredFile{aFile(1, 1), aFile(3, 2), aFile(6, 1), aFile(8, 1), aFile(9, 1), aFile(10, 1), aFile(11, 1), twice}, []artifacts.Answer{
		answer(artifacts.Answered{RecordingRef: ref(1), Results: 1}, artifacts.Answered{RecordingRef: ref(2), Refused: "archived"}),
		answer(artifacts.Answered{RecordingRef: ref(3), Results: 2, Failed: "HTTP 403", Expired: true}),
		answer(passed(5, 0), passed(6, 2), passed(7, 0)), answer(passed(5, 0), passed(7, 0)), answer(passed(5, 0)),
		answer(artifacts.Answered{RecordingRef: ref(8), Results: 1, Listed: 2, Refused: "no longer there"}),
		answer(artifacts.Answered{RecordingRef: ref(10), Results: 1, Listed: 1, Failed: "HTTP 403", Expired: true}),
		answer(artifacts.Answered{RecordingRef: ref(10), Results: 1, Listed: 1, Refused: "no longer there"}),
		answer(artifacts.Answered{RecordingRef: ref(11), Results: 2, Listed: 2, Failed: "HTTP 503"}),
		answer(artifacts.Answered{RecordingRef: ref(12), Refused: "HTTP 500"}, artifacts.Answered{RecordingRef: ref(13), Refused: "recording.recording.not.found"}),
	}, []artifacts.SetAside{{RecordingRef: ref(12), Reason: evidence.ReasonMovedToIsolated, Detail: "HTTP 500"}})
	// 1 is there, 2 refused, 3 failed, 4 unheard of, 5 passed over for good, 6 half
	// there, 7 passed over, 8 refused in part, 9 there without anybody having said
	// how many files it has, 10 there though it was refused later, 11 half there, twice,
	// 12 set aside, 13 refused for good.
	var want []requestItem
	for _, n := range []int{2, 3, 4, 6, 7, 8, 9, 11} {
		want = append(want, requestItem{RecordingRef: ref(n)})
	}
	want[1].bound = 1 // its address had expired
	if diff := cmp.Diff(want, l.outstanding().requestItems(), cmp.AllowUnexported(requestItem{})); diff != "" {
		t.Errorf("outstanding (-want +got):\n%s", diff)
	}
	outcomes := map[genesys.RecordingRef]evidence.Outcome{
		ref(1):  {Files: 1},
		ref(2):  {Reason: evidence.ReasonRefused, Detail: "archived"},
		ref(3):  {Files: 1, Reason: evidence.ReasonNotDelivered, Detail: "HTTP 403"},
		ref(4):  {Reason: evidence.ReasonNotDelivered, Detail: "Genesys Cloud returned neither a file nor an error"},
		ref(5):  {Reason: evidence.ReasonNotDelivered, Detail: "Genesys Cloud returned neither a file nor an error"},
		ref(6):  {Files: 1, Reason: evidence.ReasonNotDelivered, Detail: "received 1 of 2 files"},
		ref(7):  {Reason: evidence.ReasonNotDelivered, Detail: "Genesys Cloud returned neither a file nor an error"},
		ref(8):  {Files: 1, Reason: evidence.ReasonRefused, Detail: "no longer there"},
		ref(9):  {Files: 1, Reason: evidence.ReasonNotDelivered, Detail: "Genesys Cloud returned neither a file nor an error"},
		ref(10): {Files: 1},
		ref(11): {Files: 2, Reason: evidence.ReasonNotDelivered, Detail: "HTTP 503"},
		ref(12): {Reason: evidence.ReasonMovedToIsolated, Detail: "HTTP 500"},
		ref(13): {Reason: evidence.ReasonRefused, Detail: "recording.recording.not.found"},
	}
	if diff := cmp.Diff(outcomes, l.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if l[:11].lastFailure().Error() != "HTTP 503" || l.countExpectingMore() != 5 || l.countFiles() != 8 {
		t.Errorf("last %v, %d open, %d stored", l.lastFailure(), l.countExpectingMore(), l.countFiles())
	}
	for _, recording := range l {
		again := newRecordingStates([]genesys.RecordingRef{recording.RecordingRef}, nil, []artifacts.Answer{answer(recording.toAnswer())}, nil)[0]
		again.files, again.setAsideReason, again.setAsideDetail = recording.files, recording.setAsideReason, recording.setAsideDetail
		if again.outcome() != recording.outcome() {
			t.Errorf("%s is recalled as %+v, was %+v", recording.RecordingID, again.outcome(), recording.outcome())
		}
	}
}

func TestWhatExpiredAlone(t *testing.T) {
	gone, cut := errors.New("HTTP 403"), errors.New("cut")
	tests := []struct {
		spoil func(recordingStates)
		want  bool
	}{
		{func(recordingStates) {}, false},
		{func(l recordingStates) { l[0].recordFailure(gone, true) }, true},
		{func(l recordingStates) { l[0].recordFailure(gone, true); l[1].recordFailure(gone, true) }, true},
		{func(l recordingStates) { l[0].recordFailure(gone, true); l[1].recordFailure(cut, false) }, false},
		{func(l recordingStates) { l[0].recordFailure(gone, true); l[0].recordFailure(cut, false) }, false},
		{func(l recordingStates) { l[0].recordFailure(cut, false); l[0].recordFailure(gone, true) }, false},
		{func(l recordingStates) { l[0].recordFailure(gone, true); l[1].mostResults = 2 }, false},
		{func(l recordingStates) { l[0].recordFailure(gone, true); l[1].refused, l[1].mostListed = "archived", 2 }, false},
		{func(l recordingStates) {
			l[0].recordFailure(gone, true)
			l[1].refused, l[1].mostListed = "recording.recording.not.found", 2
		}, true},
	}
	for i, tt := range tests {
		l := newRecordingStates(refs(2), []artifacts.StoredFile{aFile(1, 1), aFile(2, 1)}, nil, nil)
		l[0].mostResults, l[1].mostResults = 1, 1
		if tt.spoil(l); l.onlyExpired() != tt.want {
			t.Errorf("case %d: expired %v, want %v", i, l.onlyExpired(), tt.want)
		}
	}
}

func TestRequestsThatAreToBeFollowed(t *testing.T) {
	requests := []artifacts.Request{
		{Ticket: genesys.Ticket{ID: "a"}, Refs: refs(2)},
		{Ticket: genesys.Ticket{ID: "b"}, Refs: []genesys.RecordingRef{ref(3)}},
		{Ticket: genesys.Ticket{ID: "c"}, Round: 1, Refs: []genesys.RecordingRef{ref(2)}},
		{Ticket: genesys.Ticket{ID: "d"}, Refs: []genesys.RecordingRef{ref(9)}},
	}
	for ended, want := range map[string]map[string]string{
		"":   {"a": "1", "b": "3", "c": "2"},
		"a":  {"b": "3", "c": "2"},
		"c":  {"a": "1", "b": "3"},
		"ab": {"c": "2"},
	} {
		var answers []artifacts.Answer
		for _, id := range ended {
			answers = append(answers, artifacts.Answer{RequestID: string(id)})
		}
		got := map[string]string{}
		for _, request := range newRecordingStates(refs(4), nil, answers, nil).pendingRequests(requests, answers) {
			for _, of := range request.recordings {
				got[request.Ticket.ID] += of.RecordingID
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after the answers %q (-want +got):\n%s", ended, diff)
		}
	}
}

// TestTheLastAnswerCounts, whatever order they are read in.
func TestTheLastAnswerCounts(t *testing.T) {
	requests := []artifacts.Request{{Ticket: genesys.Ticket{ID: "b"}}, {Ticket: genesys.Ticket{ID: "c"}}, {Ticket: genesys.Ticket{ID: "a"}}}
	answers := []artifacts.Answer{{RequestID: "a"}, {RequestID: "b"}, {RequestID: "c"}}
	sortByRequest(answers, requests)
	if got := []string{answers[0].RequestID, answers[1].RequestID, answers[2].RequestID}; !slices.Equal(got, []string{"b", "c", "a"}) {
		t.Errorf("answers in the order %v", got)
	}
}

func TestResultsAreFoundWhateverTheirCase(t *testing.T) {
	p := pendingRequest{recordings: recordingStates{{RecordingRef: genesys.RecordingRef{ConversationID: "ab", RecordingID: "cd"}}}}
	for ref, want := range map[genesys.RecordingRef]bool{
		{ConversationID: "ab", RecordingID: "cd"}: true,
		{ConversationID: "AB", RecordingID: "Cd"}: true,
		{ConversationID: "ab", RecordingID: "ce"}: false,
		{ConversationID: "", RecordingID: "cd"}:   false,
	} {
		if got := p.find(ref) != nil; got != want {
			t.Errorf("%v is found: %v, want %v", ref, got, want)
		}
	}
}
