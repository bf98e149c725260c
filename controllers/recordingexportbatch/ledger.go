package recordingexportbatch

import (
	"sync"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// fileRef names one file of a recording; they count from 1. Number 0 stands for
// a recording none of whose files is known.
type fileRef struct {
	genesys.RecordingRef
	number int
}

// ledger keeps account of what became of each recording that was requested.
type ledger struct {
	mu sync.Mutex
	// stored are the files in the bag.
	stored map[fileRef]bool
	// refused holds what Genesys Cloud said of recordings that it will not give.
	refused map[genesys.RecordingRef]string
	// failed holds why a file did not arrive.
	failed map[fileRef]error
	last   error
}

func newLedger(files []artifacts.StoredFile) *ledger {
	l := &ledger{stored: map[fileRef]bool{}, refused: map[genesys.RecordingRef]string{}, failed: map[fileRef]error{}}
	for _, f := range files {
		l.store(fileRef{refOf(f), f.Number})
	}
	return l
}

func refOf(f artifacts.StoredFile) genesys.RecordingRef {
	return genesys.RecordingRef{ConversationID: f.ConversationID, RecordingID: f.RecordingID}
}

// has tells whether a file is stored.
func (l *ledger) has(file fileRef) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stored[file]
}

func (l *ledger) store(file fileRef) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored[file] = true
	delete(l.failed, file)
	delete(l.failed, fileRef{file.RecordingRef, 0})
}

func (l *ledger) refuse(ref genesys.RecordingRef, says string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[ref] = says
}

func (l *ledger) fail(file fileRef, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed[file], l.last = err, err
}

// outcomes tells what became of each recording that is known of. A failure
// outweighs what else there is of a recording.
func (l *ledger) outcomes() map[genesys.RecordingRef]evidence.Outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[genesys.RecordingRef]evidence.Outcome{}
	for ref, says := range l.refused {
		all[ref] = evidence.Outcome{Reason: evidence.ReasonRefused, Detail: says}
	}
	for file := range l.stored {
		all[file.RecordingRef] = evidence.Outcome{Files: all[file.RecordingRef].Files + 1}
	}
	for file, err := range l.failed {
		known := all[file.RecordingRef]
		known.Reason, known.Detail = evidence.ReasonNotDelivered, err.Error()
		all[file.RecordingRef] = known
	}
	return all
}

// unanswered counts the recordings of which nothing is known.
func (l *ledger) unanswered(refs []genesys.RecordingRef) int {
	known, n := l.outcomes(), 0
	for _, ref := range refs {
		if _, answered := known[ref]; !answered {
			n++
		}
	}
	return n
}

// outstanding lists those of the wanted recordings that may still come, and
// tells whether any of them failed: the others were merely passed over.
func (l *ledger) outstanding(wanted []genesys.RecordingRef) (left []genesys.RecordingRef, failed bool) {
	known := l.outcomes()
	for _, ref := range wanted {
		outcome, answered := known[ref]
		if outcome.Reason == evidence.ReasonNotDelivered {
			failed = true
		} else if answered {
			continue
		}
		left = append(left, ref)
	}
	return left, failed
}

// latest returns, in order, the requests that still matter: for each recording
// that is outstanding the last one that names it.
func latest(requests []artifacts.Request, outstanding []genesys.RecordingRef) []artifacts.Request {
	last := map[genesys.RecordingRef]int{}
	for i, request := range requests {
		for _, ref := range request.Refs {
			last[ref] = i
		}
	}
	matters := map[int]bool{}
	for _, ref := range outstanding {
		if i, requested := last[ref]; requested {
			matters[i] = true
		}
	}
	var left []artifacts.Request
	for i, request := range requests {
		if matters[i] {
			left = append(left, request)
		}
	}
	return left
}
