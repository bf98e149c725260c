package recordingexportbatch

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// recordingState is what is known about one recording. Only one goroutine at a time uses it.
type recordingState struct {
	genesys.RecordingRef
	// files are stored and recorded.
	files []file
	// inFormerBag are its files in the bag that it was in before it was isolated.
	inFormerBag []file
	// unrecorded are its files that are in the bag without a record.
	unrecorded []file
	answers
	// bound is the most recordings that the next request with it may name, 0 for no bound:
	// half of a request that could not be read, or whose addresses expired before all were
	// fetched.
	bound int
	// inUnreadable tells that the last request with it could not be read and named other
	// recordings too: any of them may be the cause.
	inUnreadable bool
	// setAsideReason is why it is no longer requested, empty if it is still requested.
	setAsideReason, setAsideDetail string
	addresses
}

// answers is what requests gave for a recording.
type answers struct {
	// mostResults is the largest number of results with an address in any listing, 0 if there was
	// none; mostListed also counts those that Genesys Cloud refused.
	mostResults, mostListed int
	// refused is the error that Genesys Cloud listed in place of a result.
	refused string
	// failed is why a result did not arrive; expired tells whether the cause was its address,
	// so that a new address may help.
	failed  error
	expired bool
	// incompleteRequests counts the requests that ended without all its results,
	// expiredRequests those whose addresses expired.
	incompleteRequests, expiredRequests int
}

// addresses is what is known about the addresses of a recording's results, in the request that
// is being followed.
type addresses struct {
	// fileOfURL has the number of the file that each address gave, deadURLs the error of those
	// that never will.
	fileOfURL map[genesys.SignedURL]int
	deadURLs  map[genesys.SignedURL]error
	// renewableURLs tells for each dead address whether a new address may help.
	renewableURLs map[genesys.SignedURL]bool
	// urlMade is when each address was made.
	urlMade map[genesys.SignedURL]timeRange
}

// timeRange is from one instant to another.
type timeRange struct{ from, to time.Time }

// file is one stored file of a recording. Its content identifies it.
type file struct {
	number int
	path   string
	sha256 string
	size   int64
	// request is the id of the request that gave it.
	request string
}

func refOf(f artifacts.StoredFile) genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: f.ConversationID, RecordingID: f.RecordingID}
}

func fileOf(f artifacts.StoredFile) file {
	return file{number: f.Number, path: f.Path, sha256: f.SHA256, size: f.Size, request: f.RequestID}
}

// applyAnswer takes in what a request gave for the recording.
func (r *recordingState) applyAnswer(a artifacts.Answered) {
	r.mostResults, r.mostListed = max(r.mostResults, a.Results), max(r.mostListed, a.Listed)
	r.refused, r.failed, r.expired = a.Refused, nil, a.Expired
	if a.Failed != "" {
		r.failed = errors.New(a.Failed)
	}
	if a.Incomplete {
		r.incompleteRequests++
	}
	if a.Expired {
		r.expiredRequests++
	}
}

// toAnswer is the reverse of applyAnswer.
func (r *recordingState) toAnswer() artifacts.Answered {
	a := artifacts.Answered{
		RecordingRef: r.RecordingRef, Results: r.mostResults, Listed: r.mostListed, Refused: r.refused, Expired: r.expired, Incomplete: r.expectsMore(),
	}
	if r.failed != nil {
		a.Failed = r.failed.Error()
	}
	return a
}

// startRequest resets what is about one request.
func (r *recordingState) startRequest() {
	r.refused, r.failed, r.expired = "", nil, false
	r.addresses = addresses{
		fileOfURL: map[genesys.SignedURL]int{}, deadURLs: map[genesys.SignedURL]error{},
		renewableURLs: map[genesys.SignedURL]bool{}, urlMade: map[genesys.SignedURL]timeRange{},
	}
}

// recordFailure records that a result did not arrive. expired tells whether a new address may
// help.
func (r *recordingState) recordFailure(err error, expired bool) {
	// One failure that a new address does not cure outweighs expired addresses.
	r.expired = expired && (r.failed == nil || r.expired)
	r.failed = err
}

// expectsMore tells whether more is expected: the recording was neither refused nor failed,
// and fewer files are stored than there are results.
func (r *recordingState) expectsMore() bool {
	return r.refused == "" && r.failed == nil && (r.mostResults == 0 || len(r.files)+len(r.inFormerBag) < r.mostResults)
}

// isComplete tells whether as many different files are stored as any listing had results. Then
// later refusals and failures do not matter.
func (r *recordingState) isComplete() bool {
	different := map[string]bool{}
	for _, f := range slices.Concat(r.files, r.inFormerBag) {
		different[f.sha256] = true
	}
	return r.mostListed > 0 && len(different) >= r.mostListed
}

// isOutstanding tells whether the recording is worth requesting again. A failed recording is,
// and so is one that was refused for a reason that may change, until the deadline is used up.
// One without a result or an error is, up to maxIncompleteRequests times.
func (r *recordingState) isOutstanding() bool {
	switch {
	case r.setAsideReason != "", r.isComplete():
		return false
	case r.failed != nil, r.refused != "":
		return !genesys.FinalResult(r.refused)
	default:
		return r.expectsMore() && r.incompleteRequests < maxIncompleteRequests
	}
}

// failure returns why the recording is not complete, nil if nothing failed.
func (r *recordingState) failure() error {
	switch {
	case r.isComplete():
		return nil
	case r.failed != nil:
		return r.failed
	case r.refused != "":
		return &genesys.Error{Op: "fetch recording", Kind: genesys.KindTransient, Message: r.refused}
	default:
		return nil
	}
}

// outcome returns what became of the recording if nothing more comes.
func (r *recordingState) outcome() evidence.Outcome {
	out := evidence.Outcome{Files: len(r.files), Elsewhere: len(r.inFormerBag)}
	switch {
	case r.isComplete():
	case r.setAsideReason != "":
		out.Reason, out.Detail = r.setAsideReason, r.setAsideDetail
	case r.failed != nil:
		out.Reason, out.Detail = evidence.ReasonNotDelivered, r.failed.Error()
	case r.refused != "":
		out.Reason, out.Detail = evidence.ReasonRefused, r.refused
	case r.expectsMore() && r.mostResults == 0:
		out.Reason, out.Detail = evidence.ReasonNotDelivered, "Genesys Cloud returned neither a file nor an error"
	case r.expectsMore():
		out.Reason, out.Detail = evidence.ReasonNotDelivered, fmt.Sprintf("received %d of %s", len(r.files)+len(r.inFormerBag), words.Count(r.mostResults, "file"))
	}
	return out
}

// numberTaken tells whether a file has this number already.
func (r *recordingState) numberTaken(number int) bool {
	is := func(f file) bool { return f.number == number }
	return slices.ContainsFunc(slices.Concat(r.files, r.inFormerBag, r.unrecorded), is)
}

// freeNumber returns the number for a new file: its position in the listing, or the first free
// number if that is taken.
func (r *recordingState) freeNumber(place int) int {
	if !r.numberTaken(place) {
		return place
	}
	n := 1
	for r.numberTaken(n) {
		n++
	}
	return n
}
