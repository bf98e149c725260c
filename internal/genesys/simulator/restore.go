package simulator

import (
	"net/http"
	"time"
)

// restoredFor is how long a recording stays before it returns to the archive,
// where the simulator lets it stay for good.
const restoredFor = 30 * day

// pendingRestore is a recording on its way back from the archive.
type pendingRestore struct {
	recording *Recording
	due       time.Time
}

// restore asks for a recording's return from the archive. Unverified: the state
// asked for is RESTORED, it is RESTORING until it is there, and one too many for
// the organisation is refused.
func (s *Simulator) restore(c *call) reply {
	var body struct {
		FileState FileState `json:"fileState"`
	}
	if refusal := c.decode(&body); refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	_, r, refusal := s.named(c, now)
	if refusal == nil {
		refusal = s.restorable(r, body.FileState)
	}
	if refusal != nil {
		return *refusal
	}
	s.restorations++
	r.FileState = Restoring
	s.restores = append(s.restores, pendingRestore{recording: r, due: now.Add(s.options.RestoreDelay)})
	return ok(recordingWithMedia{recordingMetadata: s.metadataOf(r), MediaURIs: map[string]mediaResult{}})
}

// restorable refuses what cannot be done to a recording. s.mu is held.
func (s *Simulator) restorable(r *Recording, wanted FileState) *reply {
	switch {
	case wanted != Restored:
		return badValue(string(wanted), "fileState", string(Restored))
	case r.FileState != Archived:
		return refuse(http.StatusBadRequest, "recording.not.archivable",
			"The recording is in state "+string(r.FileState)+", not in the archive.")
	case s.restorations >= s.options.Limits.Restorations:
		return constraint("The organization has no restorations left")
	default:
		return nil
	}
}

// finishRestores lets recordings arrive from the archive. s.mu is held.
func (s *Simulator) finishRestores(now time.Time) {
	var later []pendingRestore
	for _, p := range s.restores {
		if p.due.After(now) {
			later = append(later, p)
			continue
		}
		p.recording.FileState = Restored
		p.recording.restored = p.due
	}
	s.restores = later
}

// restoredUntil is when a restored recording returns to the archive. One that
// was restored before the data began stays as long as it is kept at all.
func (r *Recording) restoredUntil() time.Time {
	if r.restored.IsZero() {
		return r.deleteDate()
	}
	return r.restored.Add(restoredFor)
}
