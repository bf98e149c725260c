package recordingexportbatch

import (
	"fmt"
	"math/bits"
	"testing"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// spoilt gives the recordings of requests, but nothing of those that name a bad one:
// they cannot be read.
type spoilt struct {
	bad      map[genesys.RecordingRef]bool
	files    []artifacts.StoredFile
	answers  []artifacts.Answer
	requests int
}

func (s *spoilt) answer(refs []genesys.RecordingRef) {
	s.requests++
	answer := artifacts.Answer{RequestID: fmt.Sprint(s.requests)}
	for _, ref := range refs {
		answer.Lost = answer.Lost || s.bad[ref]
	}
	for _, ref := range refs {
		if answer.Lost {
			answer.Recordings = append(answer.Recordings, artifacts.Answered{RecordingRef: ref, Failed: "HTTP 500", Expired: true})
			continue
		}
		answer.Recordings = append(answer.Recordings, artifacts.Answered{RecordingRef: ref, Results: 1, Listed: 1})
		file := artifacts.StoredFile{Number: 1}
		file.ConversationID, file.RecordingID, file.SHA256 = ref.ConversationID, ref.RecordingID, ref.RecordingID
		s.files = append(s.files, file)
	}
	s.answers = append(s.answers, answer)
}

// attempt requests again in one attempt what is requested at once.
func (s *spoilt) attempt(t *rapid.T, wanted []genesys.RecordingRef, try transfer.Try) {
	r := newRequestLoop()
	r.requested.add(wanted)
	for {
		next, _ := r.nextToRequest(newRecordingStates(wanted, s.files, s.answers, nil), try)
		if len(next) == 0 {
			return
		}
		if s.requests > 4*len(wanted) {
			t.Fatalf("%d requests for %d recordings", s.requests, len(wanted))
		}
		for _, refs := range splitIntoRequests(next.requestItems(), maxRequest) {
			s.answer(refs)
			r.requested.add(refs)
		}
	}
}

// TestOneRecordingDoesNotSpoilARequest that cannot be read because of it: all others
// come within the attempt, with few requests for each that is bad. As long as nothing
// comes at all, few are made in an attempt, but for the last.
func TestOneRecordingDoesNotSpoilARequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wanted := refs(rapid.IntRange(2, maxRequest).Draw(t, "recordings"))
		s := &spoilt{bad: map[genesys.RecordingRef]bool{}}
		for range rapid.IntRange(1, 4).Draw(t, "bad") {
			s.bad[rapid.SampledFrom(wanted).Draw(t, "which")] = true
		}
		s.answer(wanted)
		s.attempt(t, wanted, transfer.Try{Last: true})
		if got := len(s.files); got != len(wanted)-len(s.bad) {
			t.Errorf("%d of %d recordings came, %d are bad", got, len(wanted), len(s.bad))
		}
		if most := 1 + len(s.bad)*2*bits.Len(uint(len(wanted))); s.requests > most {
			t.Errorf("%d requests, %d at most", s.requests, most)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		wanted := refs(maxRequest)
		s := &spoilt{bad: map[genesys.RecordingRef]bool{}}
		for _, ref := range wanted {
			s.bad[ref] = true
		}
		s.answer(wanted)
		failures := rapid.IntRange(0, 20).Draw(t, "failures")
		s.attempt(t, wanted, transfer.Try{Failures: failures})
		if most := 8 << min(max(failures-splitAfterFailures, 0), 4); s.requests > most {
			t.Errorf("%d requests after %d failures, %d at most", s.requests, failures, most)
		}
	})
}
