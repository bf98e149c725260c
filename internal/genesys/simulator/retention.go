package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// retentionEntry is RecordingRetention in the Platform API: neither medium nor
// hold is in it.
type retentionEntry struct {
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId"`
	ArchiveDate    string `json:"archiveDate,omitempty"`
	ArchiveMedium  string `json:"archiveMedium,omitempty"`
	DeleteDate     string `json:"deleteDate,omitempty"`
	ExportDate     string `json:"exportDate,omitempty"`
	ExportedDate   string `json:"exportedDate,omitempty"`
	CreationTime   string `json:"creationTime"`
}

// retention lists the recordings that are older than a number of days, the
// oldest first. The next cursor is found in nextUri alone.
func (s *Simulator) retention(c *call) reply {
	text := c.URL.Query().Get("retentionThresholdDays")
	days, err := strconv.Atoi(text)
	if err != nil || days < 0 {
		return *badValue(text, "retentionThresholdDays", "whole numbers from 0")
	}
	size, refusal := c.wholeNumber("pageSize", 25)
	if refusal == nil {
		refusal = pageWithin(size, s.options.Limits.RetentionPageSize)
	}
	if refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	old := s.olderThan(time.Duration(days)*day, now)
	from, refusal := c.cursor(len(old))
	if refusal != nil {
		return *refusal
	}
	return retentionPage(c, old, from, size)
}

// olderThan returns the listed recordings of that age. s.mu is locked.
func (s *Simulator) olderThan(age time.Duration, now time.Time) []*Recording {
	var old []*Recording
	for _, c := range s.conversations {
		for _, r := range s.listed(c, now) {
			if now.Sub(r.End) > age {
				old = append(old, r)
			}
		}
	}
	slices.SortStableFunc(old, func(a, b *Recording) int {
		return cmp.Or(a.End.Compare(b.End), cmp.Compare(a.ID, b.ID))
	})
	return old
}

func retentionPage(c *call, old []*Recording, from, size int) reply {
	to := min(from+size, len(old))
	page := struct {
		Entities []retentionEntry `json:"entities"`
		NextURI  string           `json:"nextUri,omitempty"`
		SelfURI  string           `json:"selfUri"`
	}{Entities: []retentionEntry{}, SelfURI: c.URL.RequestURI()}
	for _, r := range old[from:to] {
		page.Entities = append(page.Entities, retentionOf(r))
	}
	if to < len(old) {
		page.NextURI = c.uriWith("cursor", cursorAt(to))
	}
	return respond(http.StatusOK, page)
}

func retentionOf(r *Recording) retentionEntry {
	e := retentionEntry{
		ConversationID: r.ConversationID,
		RecordingID:    r.ID,
		ArchiveDate:    date(r.ArchiveDate),
		DeleteDate:     date(r.DeleteDate),
		ExportDate:     date(r.ExportDate),
		ExportedDate:   date(r.ExportedDate),
		CreationTime:   date(r.End),
	}
	e.ArchiveMedium = r.archiveMedium()
	return e
}
