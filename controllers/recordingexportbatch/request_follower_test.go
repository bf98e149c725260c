package recordingexportbatch

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

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
