package simulator

import (
	"fmt"
	"time"
)

// What happens at Genesys Cloud without the client's doing. Each change takes
// effect with the next request; each returns an error if there is nothing by
// that name.

// SetProtected puts a conversation under deletion protection, or releases it.
// As at Genesys Cloud, one without recordings cannot be protected.
func (s *Simulator) SetProtected(conversationID string, protected bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID[conversationID]
	if c == nil {
		return fmt.Errorf("no conversation %q", conversationID)
	}
	s.setHeld(c, protected, s.options.Clients[0].ID)
	return nil
}

// SetListed hides a conversation from analytics, or lets it be listed, as one that
// comes late. The recording service knows it anyway.
func (s *Simulator) SetListed(conversationID string, listed bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID[conversationID]
	if c == nil {
		return fmt.Errorf("no conversation %q", conversationID)
	}
	c.unlisted = !listed
	return nil
}

// MoveToQueue moves a conversation to a queue: analytics names it from then on, and the
// former one no more.
func (s *Simulator) MoveToQueue(conversationID, queueID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID[conversationID]
	if c == nil {
		return fmt.Errorf("no conversation %q", conversationID)
	}
	c.queue = queueID
	return nil
}

// SetRecordingListed hides a recording from everything that lists recordings, or lets it be listed, as
// one that becomes known late.
func (s *Simulator) SetRecordingListed(conversationID, recordingID string, listed bool) error {
	return s.changeRecording(conversationID, recordingID, func(r *Recording) { r.unlisted = !listed })
}

// EndConversation ends an open conversation. Its recordings can be requested
// once Options.RecordingLag has passed from then.
func (s *Simulator) EndConversation(conversationID string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID[conversationID]
	if c == nil || !c.End.IsZero() || !at.After(c.Start) {
		return fmt.Errorf("no conversation %q that is open and began before %v", conversationID, at)
	}
	c.End = at.UTC()
	for i := range c.Recordings {
		r := &c.Recordings[i]
		r.End = earlier(r.End, c.End)
		r.Start = earlier(r.Start, r.End)
		r.keep()
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// SetFileState moves a recording into a state, as archiving and restoring do.
func (s *Simulator) SetFileState(conversationID, recordingID string, state FileState) error {
	if state != Available && !state.special() {
		return fmt.Errorf("no file state %q", state)
	}
	return s.changeRecording(conversationID, recordingID, func(r *Recording) { r.become(state) })
}

// SetRetention sets the dates of a recording; the zero time removes one.
func (s *Simulator) SetRetention(conversationID, recordingID string, archive, del time.Time) error {
	return s.changeRecording(conversationID, recordingID, func(r *Recording) { r.ArchiveDate, r.DeleteDate = archive.UTC(), del.UTC() })
}

// changeRecording changes a recording, whether or not it is listed yet.
func (s *Simulator) changeRecording(conversationID, recordingID string, change func(*Recording)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.byID[conversationID]; c != nil {
		for i := range c.Recordings {
			if c.Recordings[i].ID == recordingID {
				change(&c.Recordings[i])
				return nil
			}
		}
	}
	return fmt.Errorf("no recording %q of conversation %q", recordingID, conversationID)
}

// RevokeTokens makes all tokens of an OAuth client invalid; it can log in again.
func (s *Simulator) RevokeTokens(clientID string) error {
	return s.change(clientID, func(c *client) {
		for token, login := range s.tokens {
			if login.client == c {
				delete(s.tokens, token)
			}
		}
	})
}

// SetSecret changes the secret of an OAuth client. Its tokens stay valid.
func (s *Simulator) SetSecret(clientID, secret string) error {
	return s.change(clientID, func(c *client) { c.secret = secret })
}

// SetPermission gives an OAuth client a permission, or takes it away. Where a
// route is content with one of several, remove all of them.
func (s *Simulator) SetPermission(clientID, permission string, granted bool) error {
	return s.change(clientID, func(c *client) { c.permissions[permission] = granted })
}

// ExpireResultURLs makes every address of media that was given out so far
// useless. A new batch request gives new ones.
func (s *Simulator) ExpireResultURLs() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.urlEpoch++
}

func (s *Simulator) change(clientID string, change func(*client)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.clients[clientID]
	if c == nil {
		return fmt.Errorf("no OAuth client %q", clientID)
	}
	change(c)
	return nil
}
