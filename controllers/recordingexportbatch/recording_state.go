package recordingexportbatch

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
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
	// results is the largest number of results with an address in any listing, 0 if there was
	// none; listed also counts those that Genesys Cloud refused.
	results, listed int
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
func (l *recordingState) applyAnswer(a artifacts.Answered) {
	l.results, l.listed = max(l.results, a.Results), max(l.listed, a.Listed)
	l.refused, l.failed, l.expired = a.Refused, nil, a.Expired
	if a.Failed != "" {
		l.failed = errors.New(a.Failed)
	}
	if a.Passed {
		l.incompleteRequests++
	}
	if a.Expired {
		l.expiredRequests++
	}
}

// toAnswer is the reverse of applyAnswer.
func (l *recordingState) toAnswer() artifacts.Answered {
	a := artifacts.Answered{
		RecordingRef: l.RecordingRef, Results: l.results, Listed: l.listed, Refused: l.refused, Expired: l.expired, Passed: l.isIncomplete(),
	}
	if l.failed != nil {
		a.Failed = l.failed.Error()
	}
	return a
}

// startRequest resets what is about one request.
func (l *recordingState) startRequest() {
	l.refused, l.failed, l.expired = "", nil, false
	l.addresses = addresses{
		fileOfURL: map[genesys.SignedURL]int{}, deadURLs: map[genesys.SignedURL]error{},
		renewableURLs: map[genesys.SignedURL]bool{}, urlMade: map[genesys.SignedURL]timeRange{},
	}
}

// recordFailure records that a result did not arrive. expired tells whether a new address may
// help.
func (l *recordingState) recordFailure(err error, expired bool) {
	// One failure that a new address does not cure outweighs expired addresses.
	l.expired = expired && (l.failed == nil || l.expired)
	l.failed = err
}

// isIncomplete tells whether more is expected: the recording was neither refused nor failed,
// and fewer files are stored than there are results.
func (l *recordingState) isIncomplete() bool {
	return l.refused == "" && l.failed == nil && (l.results == 0 || len(l.files)+len(l.inFormerBag) < l.results)
}

// isComplete tells whether as many different files are stored as any listing had results. Then
// later refusals and failures do not matter.
func (l *recordingState) isComplete() bool {
	different := map[string]bool{}
	for _, f := range slices.Concat(l.files, l.inFormerBag) {
		different[f.sha256] = true
	}
	return l.listed > 0 && len(different) >= l.listed
}

// isOutstanding tells whether the recording is worth requesting again. A failed recording is,
// and so is one that was refused for a reason that may change, until the deadline is used up.
// One without a result or an error is, up to maxTries times.
func (l *recordingState) isOutstanding() bool {
	switch {
	case l.setAsideReason != "", l.isComplete():
		return false
	case l.failed != nil, l.refused != "":
		return !genesys.FinalResult(l.refused)
	default:
		return l.isIncomplete() && l.incompleteRequests < maxTries
	}
}

// failure returns why the recording is not complete, nil if nothing failed.
func (l *recordingState) failure() error {
	switch {
	case l.isComplete():
		return nil
	case l.failed != nil:
		return l.failed
	case l.refused != "":
		return &genesys.Error{Op: "fetch recording", Kind: genesys.KindTransient, Message: l.refused}
	default:
		return nil
	}
}

// outcome returns what became of the recording if nothing more comes.
func (l *recordingState) outcome() evidence.Outcome {
	out := evidence.Outcome{Files: len(l.files), Elsewhere: len(l.inFormerBag)}
	switch {
	case l.isComplete():
	case l.setAsideReason != "":
		out.Reason, out.Detail = l.setAsideReason, l.setAsideDetail
	case l.failed != nil:
		out.Reason, out.Detail = evidence.ReasonNotDelivered, l.failed.Error()
	case l.refused != "":
		out.Reason, out.Detail = evidence.ReasonRefused, l.refused
	case l.isIncomplete() && l.results == 0:
		out.Reason, out.Detail = evidence.ReasonNotDelivered, "it came neither as a result nor as an error"
	case l.isIncomplete():
		out.Reason, out.Detail = evidence.ReasonNotDelivered, fmt.Sprintf("%d of %d results came", len(l.files)+len(l.inFormerBag), l.results)
	}
	return out
}

// numberTaken tells whether a file has this number already.
func (l *recordingState) numberTaken(number int) bool {
	is := func(f file) bool { return f.number == number }
	return slices.ContainsFunc(slices.Concat(l.files, l.inFormerBag, l.unrecorded), is)
}

// freeNumber returns the number for a new file: its position in the listing, or the first free
// number if that is taken.
func (l *recordingState) freeNumber(place int) int {
	if !l.numberTaken(place) {
		return place
	}
	n := 1
	for l.numberTaken(n) {
		n++
	}
	return n
}
