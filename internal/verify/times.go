package verify

import "time"

// skew is by how much the clocks of two machines may differ: times that one of them
// noted later than the other one do not count as in disorder within that.
const skew = 5 * time.Minute

// before reports whether something is told to have happened before something else that
// must have come first.
func before(later, earlier time.Time) bool { return later.Add(skew).Before(earlier) }

// bagOrder is what has to have happened before what, to a bag: all of the first before
// any of the second.
var bagOrder = [][2]string{
	{"SliceAssigned", "WorkBegun"}, {"SliceAssigned", "RecordingsRequested"},
	{"MetadataReceived", "HoldChecked"}, {"MetadataUnreadable", "HoldChecked"}, {"ConversationIsolated", "HoldChecked"},
	{"HoldChecked", "RestorationRequested"}, {"HoldChecked", "RecordingsRequested"}, {"HoldChecked", "RecordingStored"},
	{"HoldChecked", "RecordingReferenced"},
	{"RecordingRestored", "RecordingsRequested"}, {"RecordingNotRestored", "RecordingsRequested"},
}

// checkTimes checks that a bag's log reports nothing before the export began,
// nothing after the bag was sealed, and nothing before what it rests on.
func (s *bagHistory) checkTimes() {
	begun, sealed := s.record.CreatedAt, s.times["BagSealed"].last
	for kind, when := range s.times {
		if before(when.first, begun) {
			s.fault(Contradiction, s.log, "reports %s at %s, before the export began at %s", kind, stamp(when.first), stamp(begun))
		}
		if !sealed.IsZero() && before(sealed, when.last) {
			s.fault(Contradiction, s.log, "reports %s at %s, after the bag was sealed at %s", kind, stamp(when.last), stamp(sealed))
		}
	}
	for _, order := range bagOrder {
		first, one := s.times[order[0]]
		then, other := s.times[order[1]]
		if one && other && before(then.first, first.last) {
			s.fault(Contradiction, s.log, "reports %s at %s, but %s, which must come first, at %s", order[1], stamp(then.first), order[0], stamp(first.last))
		}
	}
}
