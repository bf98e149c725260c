package simulator

import (
	"fmt"
	"net/http"
	"time"
)

// recordingWithMedia is Recording in the Platform API, as far as it differs
// from the metadata.
type recordingWithMedia struct {
	recordingMetadata
	MediaURIs         map[string]mediaResult `json:"mediaUris"`
	CreationTime      string                 `json:"creationTime,omitempty"`
	RecordingFileRole string                 `json:"recordingFileRole,omitempty"`
	OutputSizeInBytes int                    `json:"outputSizeInBytes,omitempty"`
}

// mediaResult is MediaResult in the Platform API.
type mediaResult struct {
	MediaURI string `json:"mediaUri"`
}

// answerRecording answers with the media of one recording. Unverified: 202 with what
// is known so far while they are transcoded, then 200.
func (s *Simulator) answerRecording(c *call) reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	conversation, r, refusal := s.named(c, now)
	if refusal != nil {
		return *refusal
	}
	if !s.transcoded(conversation, now) {
		return respond(http.StatusAccepted, recordingWithMedia{recordingMetadata: s.metadataOf(r), MediaURIs: map[string]mediaResult{}})
	}
	return ok(s.withMedia(c, r, now))
}

// recordings answers with the media of one conversation: 202 without a body
// while they are transcoded, beginning with the first question, then 200.
func (s *Simulator) recordings(c *call) reply {
	if _, refusal := c.wholeNumber("maxWaitMs", 5000); refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.settle(now)
	conversation := s.known(c.PathValue("conversationId"), now)
	if conversation == nil {
		return fail(http.StatusNotFound, "conversation.not.found",
			"A conversation for the provided conversationId was not found.")
	}
	if !s.transcoded(conversation, now) {
		return empty(http.StatusAccepted)
	}
	entries := []recordingWithMedia{}
	for _, r := range s.listed(conversation, now) {
		entries = append(entries, s.withMedia(c, r, now))
	}
	return ok(entries)
}

// transcoded reports whether the media are ready. s.mu is locked.
func (s *Simulator) transcoded(c *Conversation, now time.Time) bool {
	begun, known := s.transcoding[c.ID]
	if !known {
		begun = now
		s.transcoding[c.ID] = begun
	}
	return !now.Before(begun.Add(s.options.TranscodeDelay))
}

// withMedia describes a recording and, if it can be downloaded, where. s.mu is
// locked.
func (s *Simulator) withMedia(c *call, r *Recording, now time.Time) recordingWithMedia {
	entry := recordingWithMedia{
		recordingMetadata: s.metadataOf(r),
		MediaURIs:         map[string]mediaResult{},
		CreationTime:      date(r.End),
		RecordingFileRole: "CUSTOMER_EXPERIENCE",
	}
	if !r.FileState.Downloadable() {
		return entry
	}
	for i, f := range r.Files() {
		entry.OutputSizeInBytes += f.Size
		entry.MediaURIs[fmt.Sprint(i)] = mediaResult{c.origin() + s.signedPath(r, i, s.urlEpoch, now)}
	}
	return entry
}
