package verify

import (
	"maps"
	"slices"
	"strconv"
)

// tellJobEnd adds the end of a bulk job.
func (s *bagHistory) tellJobEnd(e event) {
	id := e.Details["request"]
	if _, twice := s.done[id]; twice {
		s.fault(Contradiction, s.log, "line %d reports the end of recording bulk job %s a second time", e.Sequence, cut(id))
	}
	s.done[id] = e
}

// checkBulkJobs checks what the log tells of recording bulk jobs of Genesys Cloud: each one that was
// requested has ended, none was to be executed that had found another number of recordings than
// was listed, and files come only from jobs that were executed and fulfilled.
func (s *bagHistory) checkBulkJobs(t tables) {
	for _, id := range slices.Sorted(maps.Keys(s.requests)) {
		_, ended := s.done[id]
		if s.requests[id].isBulkJob && !ended {
			s.fault(Contradiction, s.log, "reports recording bulk job %s, but not how it ended (BulkJobEnded)", cut(id))
		}
	}
	for _, told := range []map[string]event{s.ordered, s.done} {
		for _, id := range slices.Sorted(maps.Keys(told)) {
			e := told[id]
			switch asked := s.requests[id]; {
			case !asked.isBulkJob:
				s.fault(Contradiction, s.log, "line %d reports %s of recording bulk job %s, but no line reports this job", e.Sequence, e.Type, cut(id))
			case before(e.Time, asked.at):
				s.fault(Contradiction, s.log, "line %d reports %s of recording bulk job %s before it was requested", e.Sequence, e.Type, cut(id))
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.ordered)) {
		if e := s.ordered[id]; !foundWhatIsListed(e) {
			s.fault(Contradiction, s.log, "line %d reports that recording bulk job %s was to be executed, though it had found %q recordings and %q are listed",
				e.Sequence, cut(id), cut(e.Details["recordings"]), cut(e.Details["listed"]))
		}
	}
	s.checkJobFiles(t)
}

// checkJobFiles checks from which jobs files came.
func (s *bagHistory) checkJobFiles(t tables) {
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		id := t.files[name].request
		asked, told := s.requests[id]
		_, ordered := s.ordered[id]
		_, isReferenced := t.references[name]
		switch state := s.done[id].Details["state"]; {
		case !told: // reported with the files
		case isReferenced && !asked.isBulkJob:
			s.fault(Contradiction, s.log, "reports that %s is in a bucket, but its request %s was not a recording bulk job", cut(name), cut(id))
		case asked.isBulkJob && (!ordered || state != "FULFILLED"):
			s.fault(Contradiction, s.log, "reports that %s came from recording bulk job %s, but not that this job was executed and FULFILLED", cut(name), cut(id))
		}
	}
}

// foundWhatIsListed tells whether a job has found at least the recordings that can be exported, and at
// most all that are listed: with those that it skips, or without them.
func foundWhatIsListed(e event) bool {
	number := func(name string) int {
		n, err := strconv.Atoi(e.Details[name])
		if err != nil {
			return -1
		}
		return n
	}
	found, skipped, least, most := number("recordings"), number("skipped"), number("available"), number("listed")
	if min(found, skipped, least, most) < 0 {
		return false
	}
	return found >= least && found <= most || found+skipped >= least && found+skipped <= most
}
