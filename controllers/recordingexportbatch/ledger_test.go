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

func TestLedgerTellsWhatIsOutstanding(t *testing.T) {
	wanted := []genesys.RecordingRef{ref(1), ref(2), ref(3), ref(4), ref(5)}
	cause := errors.New("HTTP 403")
	l := newLedger([]artifacts.StoredFile{{File: evidence.File{ConversationID: "c", RecordingID: "1"}, Number: 1}})
	l.refuse(ref(2), "archived")
	l.store(fileRef{ref(3), 2})
	l.fail(fileRef{ref(3), 1}, cause)
	l.fail(fileRef{ref(4), 0}, cause)

	left, failed := l.outstanding(wanted)
	if diff := cmp.Diff([]genesys.RecordingRef{ref(3), ref(4), ref(5)}, left); diff != "" || !failed {
		t.Errorf("outstanding, failed %v (-want +got):\n%s", failed, diff)
	}
	want := map[genesys.RecordingRef]evidence.Outcome{
		ref(1): {Files: 1},
		ref(2): {Reason: evidence.ReasonRefused, Detail: "archived"},
		ref(3): {Files: 1, Reason: evidence.ReasonNotDelivered, Detail: "HTTP 403"},
		ref(4): {Reason: evidence.ReasonNotDelivered, Detail: "HTTP 403"},
	}
	if diff := cmp.Diff(want, l.outcomes()); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if n := l.unanswered(wanted); n != 1 {
		t.Errorf("%d unanswered, want only the last", n)
	}

	l.store(fileRef{ref(3), 1})
	l.store(fileRef{ref(4), 1})
	l.store(fileRef{ref(5), 1})
	if left, failed := l.outstanding(wanted); len(left) != 0 || failed {
		t.Errorf("outstanding %v, failed %v; want nothing", left, failed)
	}
	if !l.has(fileRef{ref(3), 2}) || l.has(fileRef{ref(1), 2}) {
		t.Error("files of a recording are confused")
	}
}

func TestLatestRequestsThatMatter(t *testing.T) {
	requests := []artifacts.Request{
		{RequestID: "a", Refs: []genesys.RecordingRef{ref(1), ref(2)}},
		{RequestID: "b", Refs: []genesys.RecordingRef{ref(3)}},
		{RequestID: "c", Try: 1, Refs: []genesys.RecordingRef{ref(2)}},
	}
	tests := []struct {
		outstanding []genesys.RecordingRef
		want        []string
	}{
		{[]genesys.RecordingRef{ref(1), ref(2), ref(3)}, []string{"a", "b", "c"}},
		{[]genesys.RecordingRef{ref(2)}, []string{"c"}},
		{[]genesys.RecordingRef{ref(4)}, nil},
		{nil, nil},
	}
	for _, tt := range tests {
		var got []string
		for _, request := range latest(requests, tt.outstanding) {
			got = append(got, request.RequestID)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("for %v: %v, want %v", tt.outstanding, got, tt.want)
		}
	}
}
