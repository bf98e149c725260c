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
	*recordingState
	*poll
	// results have an address; each address is listed once.
	results []genesys.BatchResult
	// claimed are the numbers of the files that results of this listing have claimed.
	claimed map[int]bool
}

// newListing takes a listing into the recording's state. It forgets earlier failures: this
// poll shows them again.
func newListing(at *poll, l *recordingState, results []genesys.BatchResult) *listing {
	l.refused, l.failed, l.expired = "", nil, false
	of, refused := &listing{recordingState: l, poll: at, claimed: map[int]bool{}}, 0
	for _, result := range results {
		switch {
		case result.URL.Empty():
			refused++
			l.refused = cmp.Or(result.Error, evidence.NothingSaid)
		case of.position(result) == 0:
			of.results = append(of.results, result)
		}
	}
	of.recordURLTimes()
	l.results, l.listed = max(l.results, len(of.results)), max(l.listed, len(of.results)+refused)
	return of
}

// recordURLTimes records between which polls addresses were made.
func (of *listing) recordURLTimes() {
	for _, result := range of.results {
		if _, known := of.urlMade[result.URL]; !known {
			of.urlMade[result.URL] = timeRange{of.before, of.at}
		}
	}
}

// urlAge returns the age of a result's address.
func (of *listing) urlAge(result genesys.BatchResult, now time.Time) transfer.Age {
	made := of.urlMade[result.URL]
	return transfer.Age{Least: now.Sub(made.to), Most: now.Sub(made.from)}
}

// position returns a result's position in the listing, from 1; 0 if it is not there.
func (of *listing) position(result genesys.BatchResult) int {
	return 1 + slices.IndexFunc(of.results, func(other genesys.BatchResult) bool { return other.URL == result.URL })
}

// newResults returns the results that may be files which are not stored yet: those whose
// addresses have not given a file. If the request has given as many other files before, they
// are those files with new addresses, because a request gives more as time passes but never
// something else.
func (of *listing) newResults() []genesys.BatchResult {
	var fresh []genesys.BatchResult
	for _, result := range of.results {
		if number, known := of.fileOfURL[result.URL]; known {
			of.claimed[number] = true
			continue
		}
		fresh = append(fresh, result)
	}
	given := 0
	for _, f := range of.files {
		if f.request == of.request && !of.claimed[f.number] {
			given++
		}
	}
	if len(fresh) <= given {
		return nil
	}
	return fresh
}

// claimFile finds the stored file that a result is, by its content.
func (of *listing) claimFile(sha256 string) (file, bool) {
	for _, f := range slices.Concat(of.files, of.inFormerBag, of.unrecorded) {
		if f.sha256 == sha256 && !of.claimed[f.number] {
			of.claimed[f.number] = true
			return f, true
		}
	}
	return file{}, false
}
