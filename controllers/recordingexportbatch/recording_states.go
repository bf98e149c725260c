package recordingexportbatch

import (
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// recordingStates has the state of each wanted recording, in the inventory's order.
type recordingStates []*recordingState

// newRecordingStates computes the states from what was recorded.
func newRecordingStates(wanted []genesys.RecordingRef, files []artifacts.StoredFile, answers []artifacts.Answer, aside []artifacts.SetAside) recordingStates {
	states, recordings := make(recordingStates, len(wanted)), make(map[genesys.RecordingRef]*recordingState, len(wanted))
	for i, ref := range wanted {
		states[i] = &recordingState{RecordingRef: ref}
		recordings[ref] = states[i]
	}
	for _, f := range files {
		if recording := recordings[refOf(f)]; recording != nil {
			recording.files = append(recording.files, fileOf(f))
		}
	}
	for _, answer := range answers {
		for _, a := range answer.Recordings {
			if recording := recordings[a.RecordingRef]; recording != nil {
				recording.applyAnswer(a)
				recording.inUnreadable = answer.Lost && len(answer.Recordings) > 1
				if answer.Lost || a.Expired && a.Results > 0 {
					recording.bound = (len(answer.Recordings) + 1) / 2
				}
			}
		}
	}
	for _, a := range aside {
		if recording := recordings[a.RecordingRef]; recording != nil {
			recording.setAsideReason, recording.setAsideDetail = a.Reason, a.Detail
		}
	}
	return states
}

// outcomes returns the outcome of each recording if nothing more comes.
func (s recordingStates) outcomes() map[genesys.RecordingRef]evidence.Outcome {
	all := make(map[genesys.RecordingRef]evidence.Outcome, len(s))
	for _, recording := range s {
		all[recording.RecordingRef] = recording.outcome()
	}
	return all
}

// outstanding returns the recordings that are worth requesting again.
func (s recordingStates) outstanding() recordingStates {
	return slices.DeleteFunc(slices.Clone(s), func(r *recordingState) bool { return !r.isOutstanding() })
}

// refSet is a set of recordings.
type refSet map[genesys.RecordingRef]bool

func (s refSet) add(refs []genesys.RecordingRef) {
	for _, ref := range refs {
		s[ref] = true
	}
}

// except returns the recordings that are not in refs.
func (s recordingStates) except(refs refSet) recordingStates {
	return slices.DeleteFunc(slices.Clone(s), func(r *recordingState) bool { return refs[r.RecordingRef] })
}

// requestItems returns the recordings as items of the next requests.
func (s recordingStates) requestItems() []requestItem {
	all := make([]requestItem, len(s))
	for i, recording := range s {
		all[i] = requestItem{recording.RecordingRef, recording.bound}
	}
	return all
}

// countFiles counts the stored files.
func (s recordingStates) countFiles() int {
	n := 0
	for _, recording := range s {
		n += len(recording.files)
	}
	return n
}

// countExpectingMore counts the recordings of which more is expected.
func (s recordingStates) countExpectingMore() int {
	n := 0
	for _, recording := range s {
		if recording.expectsMore() {
			n++
		}
	}
	return n
}

// onlyExpired tells whether recordings are outstanding, all of them because their addresses
// expired.
func (s recordingStates) onlyExpired() bool {
	any := false
	for _, recording := range s {
		if recording.isOutstanding() && !recording.expired {
			return false
		}
		any = any || recording.expired
	}
	return any
}

// lastFailure returns why one of the recordings did not arrive, nil if none failed.
func (s recordingStates) lastFailure() error {
	for _, recording := range slices.Backward(s) {
		if why := recording.failure(); why != nil {
			return why
		}
	}
	return nil
}

// pendingRequest is a request that has not given all its results yet, with those of its
// recordings that no later request names.
type pendingRequest struct {
	artifacts.Request
	recordings recordingStates
	// lost tells that the request as a whole cannot be read.
	lost bool
}

// pendingRequests returns the requests without an answer, in the order in which they were
// made.
func (s recordingStates) pendingRequests(requests []artifacts.Request, answers []artifacts.Answer) []pendingRequest {
	last := map[genesys.RecordingRef]int{}
	for i, request := range requests {
		for _, ref := range request.Refs {
			last[ref] = i
		}
	}
	ended := map[string]bool{}
	for _, answer := range answers {
		ended[answer.RequestID] = true
	}
	recordings := make([]recordingStates, len(requests))
	for _, recording := range s {
		if i, requested := last[recording.RecordingRef]; requested && !ended[requests[i].Ticket.ID] {
			recordings[i] = append(recordings[i], recording)
		}
	}
	var out []pendingRequest
	for i, followed := range recordings {
		if len(followed) > 0 {
			out = append(out, pendingRequest{Request: requests[i], recordings: followed})
		}
	}
	return out
}

// find returns the recording that a result belongs to, nil if it was not requested. Ids are
// UUIDs, which are compared regardless of case.
func (p pendingRequest) find(ref genesys.RecordingRef) *recordingState {
	i := slices.IndexFunc(p.recordings, func(r *recordingState) bool {
		return strings.EqualFold(r.RecordingID, ref.RecordingID) && strings.EqualFold(r.ConversationID, ref.ConversationID)
	})
	if i < 0 {
		return nil
	}
	return p.recordings[i]
}
