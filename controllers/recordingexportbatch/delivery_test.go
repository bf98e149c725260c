package recordingexportbatch

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// shown is what one look at a batch request shows, and when.
type shown struct {
	at                time.Duration
	expected, results int
	unanswered        int
	wantOver          bool
}

// lines are as many that more is to be waited for, beside one that is stored.
func lines(open int) ledger {
	l := ledger{{files: []file{{number: 1}}, results: 1}}
	for range open {
		l = append(l, &line{})
	}
	return l
}

func TestABatchRequestIsOver(t *testing.T) {
	tests := map[string][]shown{
		"complete in two looks": {
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
	for name, looks := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Unix(0, 0)
			watch := progress{pace: DefaultIntervals(), since: start}
			for i, l := range looks {
				status := genesys.BatchStatus{Expected: l.expected, Results: make([]genesys.BatchResult, l.results)}
				if got := watch.over(status, lines(l.unanswered), start.Add(l.at)); got != l.wantOver {
					t.Errorf("look %d: over %v, want %v", i+1, got, l.wantOver)
				}
			}
		})
	}
}

// TestAddressesThatExpireMeanwhile: while each look brings something, the next may
// show new addresses.
func TestAddressesThatExpireMeanwhile(t *testing.T) {
	start := time.Unix(0, 0)
	status := genesys.BatchStatus{Expected: 2, Results: make([]genesys.BatchResult, 2)}
	watch := progress{pace: DefaultIntervals(), since: start}
	of := lines(1)
	of[1].fail(errors.New("HTTP 403"), true)
	for i, tt := range []struct{ moved, over bool }{{true, false}, {true, false}, {false, true}} {
		watch.moved = tt.moved
		if got := watch.over(status, of, start.Add(time.Second)); got != tt.over {
			t.Errorf("look %d: over %v, want %v", i+1, got, tt.over)
		}
	}
	of[1].fail(errors.New("reset"), false)
	if watch.moved = true; !watch.over(status, of, start.Add(time.Second)) {
		t.Error("new addresses are waited for although one result failed otherwise")
	}
}

// slowAnswers answers looks at a batch request only after minutes, as when the
// budget is used up, and refuses its recording in the last one.
type slowAnswers struct {
	batchRequester
	looks int
}

func (s *slowAnswers) BatchStatus(context.Context, genesys.Ticket) (genesys.BatchStatus, error) {
	<-time.After(4 * time.Minute)
	if s.looks--; s.looks > 0 {
		return genesys.BatchStatus{Expected: 1}, nil
	}
	return genesys.BatchStatus{Expected: 1, Results: []genesys.BatchResult{{RecordingRef: ref(1), Error: "media not found"}}}, nil
}

// TestWaitingForTheBudgetIsNotStandingStill: a request is not given up because
// we could not look at it.
func TestWaitingForTheBudgetIsNotStandingStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := archive.OpenDirectory(t.TempDir(), "evidence")
		if err != nil {
			t.Fatal(err)
		}
		d := delivery{
			requester: requester{store: store, cloud: &slowAnswers{looks: 8}, clock: clock.RealClock{}, gates: &transfer.Gates{}, addresses: &transfer.Addresses{}, limit: 1, batch: "b"},
			pace:      DefaultIntervals(), waits: clock.RealClock{},
		}
		wanted := newLedger([]genesys.RecordingRef{ref(1)}, nil, nil, nil)
		request := artifacts.Request{Ticket: genesys.Ticket{ID: "r"}, Refs: []genesys.RecordingRef{ref(1)}}
		if err := d.follow(t.Context(), pending{Request: request, lines: wanted}); err != nil {
			t.Fatal(err)
		}
		if wanted[0].refused == "" {
			t.Error("the request was given up before its answer came")
		}
	})
}

// unreadable answers every look at a batch request with an error.
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
		"failing time after time":        {kind: genesys.KindTransient, try: transfer.Try{Failures: perTimeout}, halved: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q, _ := newRequester(t, t.TempDir(), &picky{})
			q.cloud = unreadable{kind: tt.kind}
			d := delivery{requester: q, waits: clock.RealClock{}, attempt: tt.try}
			wanted := newLedger(refs(4), nil, nil, nil)
			for _, line := range wanted {
				line.renewals = tt.renewals
			}
			request := artifacts.Request{Ticket: genesys.Ticket{ID: "r"}, Refs: refs(4)}
			if err := d.follow(t.Context(), pending{Request: request, lines: wanted}); err != nil {
				t.Fatal(err)
			}
			answers, err := artifacts.All[artifacts.Answer](t.Context(), q.store, artifacts.AnswerFolder(q.batch))
			if err != nil || len(answers) != 1 {
				t.Fatalf("answers %v, %v", answers, err)
			}
			for _, line := range newLedger(refs(4), nil, answers, nil) {
				if line.most == 2 != tt.halved || line.cut != tt.halved || !line.outstanding() {
					t.Errorf("%v: at most %d, in halves: %t, outstanding: %t", line.RecordingRef, line.most, line.cut, line.outstanding())
				}
			}
		})
	}
}

func TestLooksBecomeRarer(t *testing.T) {
	watch := progress{pace: DefaultIntervals()}
	want := []time.Duration{1, 1, 2, 4, 8, 15, 15}
	for i, seconds := range want {
		if got := watch.delay(); got != seconds*time.Second {
			t.Errorf("look %d after %v, want %v", i+1, got, seconds*time.Second)
		}
		watch.polls++
	}
}

func TestExtension(t *testing.T) {
	for contentType, want := range map[string]string{
		"audio/wav": "wav", "AUDIO/OGG; codecs=opus": "ogg", "video/webm": "webm", "application/json; charset=utf-8": "json",
		"message/rfc822": "eml", "json; charset": "bin", "": "bin", "../../etc": "bin", "audio/wav; =broken": "wav",
	} {
		if got := extension(contentType); got != want {
			t.Errorf("extension(%q) = %q, want %q", contentType, got, want)
		}
	}
}

func TestCheckType(t *testing.T) {
	tests := []struct {
		announced, received string
		ok                  bool
	}{
		{"audio/wav", "audio/wav", true},
		{"audio/wav", "binary/octet-stream", true},
		{"audio/wav", "", true},
		{"audio/wav", "text/html; charset=utf-8", false},
		{"video/webm", "application/xml", false},
		{"video/webm", "image/svg+xml", false},
		{"audio/wav", "application/json", false},
		{"application/octet-stream", "application/json", true},
		{"application/octet-stream", "text/html", false},
		{"text/html", "text/html", true},
		{"application/json; charset=utf-8", "application/json", true},
	}
	for _, tt := range tests {
		err := checkType(tt.announced, tt.received)
		if (err == nil) != tt.ok || err != nil && genesys.KindOf(err) != genesys.KindMalformed {
			t.Errorf("%s where %s was announced: %v", tt.received, tt.announced, err)
		}
	}
}

func TestCheckHead(t *testing.T) {
	tests := []struct {
		announced, head string
		ok              bool
	}{
		{"audio/wav", "RIFF\x00\x00\x00\x00WAVEfmt ", true},
		{"audio/wav", "", true},
		{"audio/basic", "\xff\xff\xff\xff", true},
		{"audio/wav", "<!DOCTYPE html><p>gone", false},
		{"video/webm", "  <html>", false},
		{"", "<html>", false},
		{"audio/wav", "<?xml version=\"1.0\"?><Error/>", false},
		{"audio/wav", "null", false},
		{"application/octet-stream", "{}", true},
		{"application/json", "<html>", false},
		{"application/json", "{\"a\": \"<html>\"}", true},
		{"text/plain", "<html> is how the customer began", true},
		{"application/xml", "<?xml version=\"1.0\"?>", true},
	}
	for _, tt := range tests {
		err := checkHead(tt.announced, []byte(tt.head))
		if (err == nil) != tt.ok || err != nil && genesys.KindOf(err) != genesys.KindMalformed {
			t.Errorf("%q where %s was announced: %v", tt.head, tt.announced, err)
		}
	}
}

// TestMissedLooks: looks that fail in passing do not end a wait, unless there are
// too many in a row; what a person has to mend does.
func TestMissedLooks(t *testing.T) {
	passing, lasting := &genesys.Error{Kind: genesys.KindTransient}, &genesys.Error{Kind: genesys.KindForbidden}
	p := progress{pace: DefaultIntervals()}
	for range maxMisses {
		if !p.missed(passing) {
			t.Fatalf("the wait ends after %d looks that failed", p.misses)
		}
	}
	if p.missed(passing) {
		t.Errorf("the wait goes on after %d looks that failed", p.misses)
	}
	p.over(genesys.BatchStatus{}, lines(1), time.Time{})
	if !p.missed(passing) {
		t.Error("a look that succeeded does not count")
	}
	if p.missed(lasting) || p.missed(nil) {
		t.Error("a wait goes on although the look was refused, or succeeded")
	}
}
