package recordingexportbatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// listing is what one poll of a request shows of one recording.
//
// Nothing in it names a file. Genesys Cloud gives the results of a recording neither a name
// nor a number, may sign new addresses at each poll, and need not list them in the same order
// in another request. So a file is known by its content. Each result claims one stored file of
// the same content, or becomes a new one. No file is claimed twice, so that two results of
// equal content are two files (docs/adr/0012).
type listing struct {
	recording *recordingState
	answer    *pollAnswer
	// results have an address; each address is listed once.
	results []genesys.BatchResult
	// claimed are the numbers of the files that results of this listing have claimed.
	claimed map[int]bool
}

// newListing takes a listing into the recording's state. It forgets earlier failures: this
// poll shows them again.
func newListing(answer *pollAnswer, recording *recordingState, results []genesys.BatchResult) *listing {
	recording.refused, recording.failed, recording.expired = "", nil, false
	l, refused := &listing{recording: recording, answer: answer, claimed: map[int]bool{}}, 0
	for _, result := range results {
		switch {
		case result.URL.Empty():
			refused++
			recording.refused = cmp.Or(result.Error, evidence.NothingSaid)
		case l.position(result) == 0:
			l.results = append(l.results, result)
		}
	}
	l.recordURLTimes()
	recording.mostResults = max(recording.mostResults, len(l.results))
	recording.mostListed = max(recording.mostListed, len(l.results)+refused)
	return l
}

// recordURLTimes records between which polls addresses were made.
func (l *listing) recordURLTimes() {
	for _, result := range l.results {
		if _, known := l.recording.urlMade[result.URL]; !known {
			l.recording.urlMade[result.URL] = timeRange{l.answer.before, l.answer.at}
		}
	}
}

// urlAge returns the age of a result's address.
func (l *listing) urlAge(result genesys.BatchResult, now time.Time) transfer.Age {
	made := l.recording.urlMade[result.URL]
	return transfer.Age{Least: now.Sub(made.to), Most: now.Sub(made.from)}
}

// position returns a result's position in the listing, from 1; 0 if it is not there.
func (l *listing) position(result genesys.BatchResult) int {
	return 1 + slices.IndexFunc(l.results, func(other genesys.BatchResult) bool { return other.URL == result.URL })
}

// newResults returns the results that may be files which are not stored yet: those whose
// addresses have not given a file. If the request has given as many other files before, they
// are those files with new addresses, because a request gives more as time passes but never
// something else.
func (l *listing) newResults() []genesys.BatchResult {
	var fresh []genesys.BatchResult
	for _, result := range l.results {
		if number, known := l.recording.fileOfURL[result.URL]; known {
			l.claimed[number] = true
			continue
		}
		fresh = append(fresh, result)
	}
	given := 0
	for _, f := range l.recording.files {
		if f.request == l.answer.request && !l.claimed[f.number] {
			given++
		}
	}
	if len(fresh) <= given {
		return nil
	}
	return fresh
}

// claimFile finds the stored file that a result is, by its content.
func (l *listing) claimFile(sha256 string) (file, bool) {
	for _, f := range slices.Concat(l.recording.files, l.recording.inFormerBag, l.recording.unrecorded) {
		if f.sha256 == sha256 && !l.claimed[f.number] {
			l.claimed[f.number] = true
			return f, true
		}
	}
	return file{}, false
}
