package simulator

import (
	"net/http"
	"time"
)

// pendingRestore is a recording on its way back from the archive.
type pendingRestore struct {
	recording *Recording
	due       time.Time
}

// dates are those of a recording that a client can change.
type dates struct{ archive, delete, export time.Time }

func (r *Recording) changeableDates() dates { return dates{r.ArchiveDate, r.DeleteDate, r.ExportDate} }

// retentionUpdate has the fields of Recording in the Platform API that a PUT uses. A
// file state has no effect.
type retentionUpdate struct {
	ArchiveDate *string `json:"archiveDate"`
	DeleteDate  *string `json:"deleteDate"`
	ExportDate  *string `json:"exportDate"`
}

// parseDates reads the dates. One that is absent is the zero time.
func (u retentionUpdate) parseDates() (dates, *reply) {
	var d dates
	for _, field := range []struct {
		text *string
		into *time.Time
	}{{u.ArchiveDate, &d.archive}, {u.DeleteDate, &d.delete}, {u.ExportDate, &d.export}} {
		if field.text == nil {
			continue
		}
		at, ok := readDate(*field.text)
		if !ok {
			return d, refuse(http.StatusBadRequest, "invalid.date",
				"Dates must be specified as ISO-8601 strings. For example: yyyy-MM-ddTHH:mm:ss.SSSZ")
		}
		*field.into = at
	}
	return d, nil
}

func readDate(text string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}

// updateRetention replaces a recording's dates: those that the body leaves out are
// removed. An archived recording whose archive date becomes another one that is
// still to come is restored until then. Unverified: an absent export date is
// removed as well, a later archive date must be in the future to restore, the
// recording is RESTORING until it is there, and one restoration too many for the
// organisation is refused.
func (s *Simulator) updateRetention(c *call) reply {
	var body retentionUpdate
	if refusal := c.decode(&body); refusal != nil {
		return *refusal
	}
	wanted, refusal := body.parseDates()
	if refusal != nil {
		return *refusal
	}
	if c.URL.Query().Get("clearExport") == "true" {
		wanted.export = time.Time{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	_, r, refusal := s.named(c, now)
	if refusal == nil {
		refusal = s.update(r, wanted, now)
	}
	if refusal != nil {
		return *refusal
	}
	return ok(recordingWithMedia{recordingMetadata: s.metadataOf(r), MediaURIs: map[string]mediaResult{}})
}

// update changes a recording's dates, and restores it if that is what they mean.
// s.mu is locked.
func (s *Simulator) update(r *Recording, wanted dates, now time.Time) *reply {
	restores := r.FileState == Archived && wanted.archive.After(now) && !wanted.archive.Equal(r.ArchiveDate)
	switch {
	case r.FileState == Deleted || r.FileState == Uploading:
		return refuse(http.StatusBadRequest, "recording.not.archivable", "Recording has been deleted or is still uploading")
	case restores && s.restorations >= s.options.Limits.Restorations:
		return constraint("The organization has no restorations left")
	}
	s.noteChanges(r, wanted, restores)
	r.ArchiveDate, r.DeleteDate, r.ExportDate = wanted.archive, wanted.delete, wanted.export
	if restores {
		s.restorations++
		r.FileState = Restoring
		s.restores = append(s.restores, pendingRestore{recording: r, due: now.Add(s.options.RestoreDelay)})
	}
	return nil
}

// RetentionChange is a date of a recording that a client changed.
type RetentionChange struct {
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId"`
	// Date is archiveDate, deleteDate or exportDate.
	Date string `json:"date"`
	// Before and After are the date; zero means none.
	Before time.Time `json:"before,omitzero"`
	After  time.Time `json:"after,omitzero"`
}

// RetentionChanges returns every change of a date by a client except for the archive
// dates by which recordings were restored: an export changes nothing else.
func (s *Simulator) RetentionChanges() []RetentionChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]RetentionChange(nil), s.changes...)
}

// noteChanges writes down which dates a client changes. s.mu is locked.
func (s *Simulator) noteChanges(r *Recording, wanted dates, restores bool) {
	before := r.changeableDates()
	for _, change := range []RetentionChange{
		{Date: "archiveDate", Before: before.archive, After: wanted.archive},
		{Date: "deleteDate", Before: before.delete, After: wanted.delete},
		{Date: "exportDate", Before: before.export, After: wanted.export},
	} {
		if sameMillisecond(change.Before, change.After) || restores && change.Date == "archiveDate" {
			continue
		}
		change.ConversationID, change.RecordingID = r.ConversationID, r.ID
		s.changes = append(s.changes, change)
	}
}

// sameMillisecond reports whether two dates are the same as they are written.
func sameMillisecond(a, b time.Time) bool { return date(a) == date(b) }

// finishRestores lets recordings arrive from the archive, and return to it when
// their new archive date has come. s.mu is locked.
func (s *Simulator) finishRestores(now time.Time) {
	var later []pendingRestore
	for _, p := range s.restores {
		if p.due.After(now) {
			later = append(later, p)
			continue
		}
		p.recording.FileState = Restored
		s.restored = append(s.restored, p.recording)
	}
	s.restores = later
	var staying []*Recording
	for _, r := range s.restored {
		switch {
		case r.FileState != Restored: // something else has happened to it
		case !r.ArchiveDate.IsZero() && !r.ArchiveDate.After(now):
			r.FileState = Archived
		default:
			staying = append(staying, r)
		}
	}
	s.restored = staying
}

// archive is what a retention policy does to a recording, a month after its end.
func (r *Recording) archive() {
	if r.ArchiveDate.IsZero() {
		r.ArchiveDate = r.End.Add(30 * day)
	}
}
