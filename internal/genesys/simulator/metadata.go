package simulator

import (
	"net/http"
	"net/url"
	"time"
)

// maxHeldScreenCalls is how many metadata calls for screen recordings under
// hold may be under way at once before, with HeldScreenTimeouts, the others
// time out.
const maxHeldScreenCalls = 2

// recordingMetadata is RecordingMetadata in the Platform API. It tells neither
// size nor hold; and a time of its own only of screen recordings.
type recordingMetadata struct {
	ID                    string       `json:"id"`
	ConversationID        string       `json:"conversationId"`
	StartTime             string       `json:"startTime,omitempty"`
	EndTime               string       `json:"endTime,omitempty"`
	Media                 string       `json:"media"`
	MediaSubtype          string       `json:"mediaSubtype,omitempty"`
	Annotations           []annotation `json:"annotations"`
	FileState             FileState    `json:"fileState"`
	RestoreExpirationTime string       `json:"restoreExpirationTime,omitempty"`
	ArchiveDate           string       `json:"archiveDate,omitempty"`
	ArchiveMedium         string       `json:"archiveMedium,omitempty"`
	DeleteDate            string       `json:"deleteDate,omitempty"`
	ExportDate            string       `json:"exportDate,omitempty"`
	ExportedDate          string       `json:"exportedDate,omitempty"`
	MaxRestorations       int          `json:"maxAllowedRestorationsForOrg"`
	RemainingRestorations int          `json:"remainingRestorationsAllowedForOrg"`
	SessionID             string       `json:"sessionId"`
	SelfURI               string       `json:"selfUri"`
}

// annotation is Annotation in the Platform API: here, that a caller was put on
// hold, which has nothing to do with legal hold.
type annotation struct {
	ID         string `json:"id"`
	Type       string `json:"type"`
	Location   int    `json:"location"`
	DurationMs int    `json:"durationMs"`
	Reason     string `json:"reason"`
}

// classify notes what a metadata call weighs, and how many such calls there are.
func (s *Simulator) classify(c *call) {
	if c.route.pattern != RouteMetadata && c.route.pattern != RouteMetadataOne {
		return
	}
	c.load = s.loadOf(c.PathValue("conversationId"))
	c.inFlight = s.journal.enter(c.load)
}

func (s *Simulator) loadOf(id string) Load {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c := s.byID[id]; {
	case c == nil || !c.Held:
		return NotHeldLoad
	case c.HasScreens():
		return HeldScreenLoad
	default:
		return HeldLoad
	}
}

// timesOut reports whether the call is one too many for the metadata service.
func (c *call) timesOut(s *Simulator) bool {
	return c.load == HeldScreenLoad && c.inFlight > maxHeldScreenCalls && s.options.heldScreenTimeouts()
}

// timeout is the answer to such a call: sometimes the gateway times out first,
// sometimes the service does.
func (c *call) timeout() reply {
	if c.sequence%2 == 0 {
		return fail(http.StatusGatewayTimeout, "request.timeout",
			"The request timed out: metadata retrieval of the screen content took too long.")
	}
	return fail(http.StatusInternalServerError, "internal.server.error",
		"Timeout during metadata retrieval of the screen content.")
}

// metadata answers which recordings a conversation has.
func (s *Simulator) metadata(c *call) reply {
	if c.timesOut(s) {
		return c.timeout()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	conversation := s.known(c.PathValue("conversationId"), now)
	if conversation == nil {
		return noConversation()
	}
	entries := []recordingMetadata{}
	for _, r := range s.listed(conversation, now) {
		entries = append(entries, s.metadataOf(r))
	}
	return ok(entries)
}

// metadataOne answers for one recording.
func (s *Simulator) metadataOne(c *call) reply {
	if c.timesOut(s) {
		return c.timeout()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	_, r, refusal := s.named(c, now)
	if refusal != nil {
		return *refusal
	}
	return ok(s.metadataOf(r))
}

// named finds the conversation and the recording that the path names. s.mu is
// locked.
func (s *Simulator) named(c *call, now time.Time) (*Conversation, *Recording, *reply) {
	conversation := s.known(c.PathValue("conversationId"), now)
	if conversation == nil {
		refusal := noConversation()
		return nil, nil, &refusal
	}
	r := s.find(conversation, c.PathValue("recordingId"), now)
	if r == nil {
		return nil, nil, refuse(http.StatusNotFound, "recording.recording.not.found",
			"Recording with recordingId was not found.")
	}
	return conversation, r, nil
}

func noConversation() reply {
	return fail(http.StatusNotFound, "conversation.not.found",
		"Conversation with specified conversationId was not found.")
}

// metadataOf describes a recording. s.mu is locked.
func (s *Simulator) metadataOf(r *Recording) recordingMetadata {
	m := recordingMetadata{
		ID:                    r.ID,
		ConversationID:        r.ConversationID,
		Media:                 r.Medium.apiName(),
		MediaSubtype:          r.subtype,
		Annotations:           r.annotations(),
		FileState:             r.FileState,
		ArchiveDate:           date(r.ArchiveDate),
		ArchiveMedium:         r.archiveMedium(),
		DeleteDate:            date(r.DeleteDate),
		ExportDate:            date(r.ExportDate),
		ExportedDate:          date(r.ExportedDate),
		MaxRestorations:       s.options.Limits.Restorations,
		RemainingRestorations: s.options.Limits.Restorations - s.restorations,
		SessionID:             r.session,
		SelfURI:               conversationURI(r.ConversationID) + "/recordingmetadata/" + url.PathEscape(r.ID),
	}
	if r.Medium == Screen {
		m.StartTime, m.EndTime = date(r.Start), date(r.End)
	}
	if r.FileState == Restored {
		m.RestoreExpirationTime = date(r.ArchiveDate)
	}
	return m
}

// annotations are there only while the file is. Every call was once on hold.
func (r *Recording) annotations() []annotation {
	if r.Medium != Call || r.FileState != Available {
		return []annotation{}
	}
	return []annotation{{
		ID: uuidOf(derive(r.key, forAnalytics)), Type: "Hold", Location: 4000, DurationMs: 2500, Reason: "Hold",
	}}
}

// archiveMedium is where the recording is or was archived, empty if it never was.
func (r *Recording) archiveMedium() string {
	if r.FileState == Archived || r.FileState == Restoring || r.FileState == Restored {
		return "CLOUDARCHIVE"
	}
	return ""
}
