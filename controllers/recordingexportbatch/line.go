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

// line is what is known of one recording. One goroutine at a time works on it.
type line struct {
	genesys.RecordingRef
	// files are those of it that are stored and noted down.
	files []file
	// elsewhere are those that are in the bag that it left.
	elsewhere []file
	// found are files of it in the bag that nobody noted down.
	found []file
	// results is the most results with an address that any listing had of it, 0 if
	// none had any; listed counts those that Genesys Cloud will not give with them.
	results, listed int
	// refused is what Genesys Cloud said of a result that it will not give.
	refused string
	// failed is why a result did not arrive; expired tells whether its address
	// was of no use any more, so that a new one may cure it.
	failed  error
	expired bool
	// passes counts the requests that ended without all that is due of it, renewals
	// those that ended with addresses of no use.
	passes, renewals int
	// most is the most recordings that the next request with it may name, 0 without
	// a bound: half of a request that could not be read, or whose addresses expired
	// before they were fetched.
	most int
	// cut tells that the last request with it could not be read, and that it named others
	// too: then one of those may be why.
	cut bool
	// aside is why it is not requested any more, empty if it is.
	aside, asideDetail string
	// seen are the addresses that gave a file, by its number, gone those that
	// will never give one; both of the request that is being followed.
	seen map[genesys.SignedURL]int
	gone map[genesys.SignedURL]error
	// stale tells of those that are gone whether a new address may help.
	stale map[genesys.SignedURL]bool
	// made is when each of its addresses was made.
	made map[genesys.SignedURL]span
}

// span is a time between two others.
type span struct{ from, to time.Time }

// file is one stored file of a recording. Its content is what identifies it.
type file struct {
	number int
	path   string
	sha256 string
	size   int64
	// request that gave it.
	request string
}

func refOf(f artifacts.StoredFile) genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: f.ConversationID, RecordingID: f.RecordingID}
}

func noted(f artifacts.StoredFile) file {
	return file{number: f.Number, path: f.Path, sha256: f.SHA256, size: f.Size, request: f.RequestID}
}

// recall takes in how a request answered for the recording.
func (l *line) recall(a artifacts.Answered) {
	l.results, l.listed = max(l.results, a.Results), max(l.listed, a.Listed)
	l.refused, l.failed, l.expired = a.Refused, nil, a.Expired
	if a.Failed != "" {
		l.failed = errors.New(a.Failed)
	}
	if a.Passed {
		l.passes++
	}
	if a.Expired {
		l.renewals++
	}
}

// answered is the reverse of recall.
func (l *line) answered() artifacts.Answered {
	a := artifacts.Answered{
		RecordingRef: l.RecordingRef, Results: l.results, Listed: l.listed, Refused: l.refused, Expired: l.expired, Passed: l.open(),
	}
	if l.failed != nil {
		a.Failed = l.failed.Error()
	}
	return a
}

// begin gets the line ready for another request.
func (l *line) begin() {
	l.refused, l.failed, l.expired = "", nil, false
	l.seen, l.gone = map[genesys.SignedURL]int{}, map[genesys.SignedURL]error{}
	l.stale, l.made = map[genesys.SignedURL]bool{}, map[genesys.SignedURL]span{}
}

// fail notes that a result did not arrive.
func (l *line) fail(err error, expired bool) {
	// One result that only patience can cure outweighs those whose address expired.
	l.expired = expired && (l.failed == nil || l.expired)
	l.failed = err
}

// open tells whether more is to be waited for: neither was it refused, nor did it
// fail, nor are as many files stored as there are results.
func (l *line) open() bool {
	return l.refused == "" && l.failed == nil && (l.results == 0 || len(l.files)+len(l.elsewhere) < l.results)
}

// whole tells whether as many different files are stored as any listing had
// results: then it does not matter what a later request refused, or failed to
// give, of the same.
func (l *line) whole() bool {
	different := map[string]bool{}
	for _, f := range slices.Concat(l.files, l.elsewhere) {
		different[f.sha256] = true
	}
	return l.listed > 0 && len(different) >= l.listed
}

// outstanding tells whether it is worth being requested again. What failed, or was
// refused for a reason that may pass, is for as long as there is patience; what is
// merely passed over, maxTries times.
func (l *line) outstanding() bool {
	switch {
	case l.aside != "", l.whole():
		return false
	case l.failed != nil, l.refused != "":
		return !genesys.FinalResult(l.refused)
	default:
		return l.open() && l.passes < maxTries
	}
}

// trouble is why what is due of the recording did not come, nil if nothing failed.
func (l *line) trouble() error {
	switch {
	case l.whole():
		return nil
	case l.failed != nil:
		return l.failed
	case l.refused != "":
		return &genesys.Error{Op: "fetch recording", Kind: genesys.KindTransient, Message: l.refused}
	default:
		return nil
	}
}

// outcome tells what became of the recording if nothing more comes of it.
func (l *line) outcome() evidence.Outcome {
	out := evidence.Outcome{Files: len(l.files), Elsewhere: len(l.elsewhere)}
	switch {
	case l.whole():
	case l.aside != "":
		out.Reason, out.Detail = l.aside, l.asideDetail
	case l.failed != nil:
		out.Reason, out.Detail = evidence.ReasonNotDelivered, l.failed.Error()
	case l.refused != "":
		out.Reason, out.Detail = evidence.ReasonRefused, l.refused
	case l.open() && l.results == 0:
		out.Reason, out.Detail = evidence.ReasonNotDelivered, "it came neither as a result nor as an error"
	case l.open():
		out.Reason, out.Detail = evidence.ReasonNotDelivered, fmt.Sprintf("%d of %d results came", len(l.files)+len(l.elsewhere), l.results)
	}
	return out
}

// taken tells whether a number stands for a file already.
func (l *line) taken(number int) bool {
	is := func(f file) bool { return f.number == number }
	return slices.ContainsFunc(slices.Concat(l.files, l.elsewhere, l.found), is)
}

// number returns the number for a new file: its place in the listing, or, if
// that is taken, the first that is free.
func (l *line) number(place int) int {
	if !l.taken(place) {
		return place
	}
	n := 1
	for l.taken(n) {
		n++
	}
	return n
}
