package recordingexportbatch

import (
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// maxIncompleteRequests is how often a recording is requested if Genesys Cloud gives neither a result nor
// an error. Requests in which it failed are not counted: a failed recording is requested until
// the deadline is used up.
const maxIncompleteRequests = 3

// requestLoop decides what one attempt at the work requests. A round requests every outstanding
// recording once: all at the same time or, if addresses expire early, as many as can be
// fetched before that, then the next.
type requestLoop struct {
	// requested are the recordings that were requested in the current round.
	requested refSet
	// storedAtRound is the number of stored files at the beginning of the round, storedAtStart
	// that at the beginning of the attempt; -1 before that.
	storedAtRound, storedAtStart int
	// splitTo is the bound of each recording when it was last requested again because its
	// request could not be read; splits counts how often that happened in this attempt.
	splitTo map[genesys.RecordingRef]int
	splits  int
	// refused is why recordings could not be requested, nil if all could.
	refused *retryError
}

func newRequestLoop() *requestLoop {
	return &requestLoop{requested: refSet{}, storedAtRound: -1, storedAtStart: -1, splitTo: map[genesys.RecordingRef]int{}}
}

// nextToRequest returns the recordings to request next, none if all have arrived or the others
// are no longer retried. A recording is requested once in an attempt, unless its request is
// split in halves, or only expired addresses are in the way and each round brings a file.
func (r *requestLoop) nextToRequest(wanted recordingStates, try transfer.Try) (recordingStates, error) {
	left, last := wanted.outstanding(), try.Last
	if r.storedAtStart < 0 {
		r.storedAtStart = wanted.countFiles()
	}
	if others := left.except(r.requested); len(others) > 0 {
		return others, nil
	}
	if halves := r.toSplit(left, last || wanted.countFiles() > r.storedAtStart, try.Failures); len(halves) > 0 {
		return halves, nil
	}
	switch {
	case len(left) == 0:
		return nil, nil
	case r.refused != nil:
		return nil, r.refused
	case last:
		return nil, nil
	case !left.onlyExpired() || wanted.countFiles() <= r.storedAtRound:
		return nil, &outstandingError{len(left), left.lastFailure()}
	default:
		r.requested, r.storedAtRound = refSet{}, wanted.countFiles()
		return left, nil
	}
}

// toSplit returns the recordings to request again in halves at once, because their request
// could not be read. While no file arrives, the service itself may be failing: then each
// attempt splits few requests, and the next attempt a few more.
func (r *requestLoop) toSplit(left recordingStates, unbounded bool, failures int) (halves recordingStates) {
	for _, recording := range left {
		before, halved := r.splitTo[recording.RecordingRef]
		if recording.inUnreadable && (!halved || recording.bound < before) {
			halves = append(halves, recording)
		}
	}
	if len(halves) == 0 || !unbounded && r.splits >= 1+min(max(failures-splitAfterFailures, 0), 4) {
		return nil
	}
	r.splits++
	for _, recording := range halves {
		r.splitTo[recording.RecordingRef] = recording.bound
	}
	return halves
}
