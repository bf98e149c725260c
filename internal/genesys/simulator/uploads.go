package simulator

import (
	"slices"
	"time"
)

// pendingUpload is a recording whose file is still on its way to Genesys Cloud.
type pendingUpload struct {
	recording *Recording
	due       time.Time
}

// SetUploading puts a recording back into UPLOADING, until its file has arrived
// after d; 0 means never.
func (s *Simulator) SetUploading(conversationID, recordingID string, d time.Duration) error {
	return s.changeRecording(conversationID, recordingID, func(r *Recording) { s.upload(r, d) })
}

// upload has a recording's file arrive after d; 0 means never. s.mu is locked.
func (s *Simulator) upload(r *Recording, d time.Duration) {
	r.FileState = Uploading
	s.uploads = slices.DeleteFunc(s.uploads, func(p pendingUpload) bool { return p.recording == r })
	if d > 0 {
		s.uploads = append(s.uploads, pendingUpload{recording: r, due: s.now().Add(d)})
	}
}

// finishUploads lets files arrive. One whose recording something else has happened
// to in the meantime changes nothing. s.mu is locked.
func (s *Simulator) finishUploads(now time.Time) {
	s.uploads = slices.DeleteFunc(s.uploads, func(p pendingUpload) bool {
		if p.due.After(now) {
			return false
		}
		if p.recording.FileState == Uploading {
			p.recording.FileState = Available
		}
		return true
	})
}
