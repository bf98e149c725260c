package simulator

import (
	"net/http"
	"slices"
	"strconv"
)

// maxProtectionIDs is how many conversations one query may name.
const maxProtectionIDs = 100

// protectionBody is ConversationDeletionProtectionQuery in the Platform API.
type protectionBody struct {
	ConversationIDs []string `json:"conversationIds"`
}

// protectionQuery answers with those of the conversations asked for that are
// under deletion protection. Unverified: one id that is not a UUID, or that nobody
// knows, fails the whole request.
func (s *Simulator) protectionQuery(c *call) reply {
	var body protectionBody
	if refusal := c.decode(&body); refusal != nil {
		return *refusal
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	conversations, refusal := s.protectable(body.ConversationIDs)
	if refusal != nil {
		return *refusal
	}
	held := []reference{}
	for _, conversation := range conversations {
		if conversation.Held {
			held = append(held, reference{conversation.ID, conversationURI(conversation.ID)})
		}
	}
	return ok(held)
}

// protect puts conversations under protection or releases them.
func (s *Simulator) protect(c *call) reply {
	on, err := strconv.ParseBool(c.URL.Query().Get("protect"))
	if err != nil {
		on = true // documented as the default
	}
	var body protectionBody
	if len(c.body) == 0 || c.decode(&body) != nil || len(body.ConversationIDs) == 0 {
		return fail(http.StatusBadRequest, "recording.empty.payload", "Recording payload was empty.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if refusal := c.mayProtect(on); refusal != nil {
		return *refusal
	}
	conversations, refusal := s.protectable(body.ConversationIDs)
	if refusal != nil {
		return *refusal
	}
	if on && s.protectedWith(conversations) > s.options.Limits.Protected {
		return *constraint("The organization cannot protect any more conversations")
	}
	for _, conversation := range conversations {
		s.setHeld(conversation, on, c.client.id)
	}
	return empty(http.StatusNoContent)
}

// mayProtect wants the permission of the direction, where the route is content
// with either. s.mu is locked.
func (c *call) mayProtect(on bool) *reply {
	needed := all(permRevokeProtection)
	if on {
		needed = all(permApplyProtection)
	}
	if missing := needed.missing(c.client.permissions); missing != nil {
		return needed.forbidden(missing)
	}
	return nil
}

// protectable finds the conversations of a request. s.mu is locked.
func (s *Simulator) protectable(ids []string) ([]*Conversation, *reply) {
	if len(ids) == 0 || len(ids) > maxProtectionIDs {
		return nil, constraint("conversationIds size must be between 1 and " + strconv.Itoa(maxProtectionIDs))
	}
	now := s.now()
	var conversations []*Conversation
	for _, id := range ids {
		conversation := s.known(id, now)
		switch {
		case !isUUID(id):
			return nil, refuse(http.StatusBadRequest, "recording.conversation.id.not.uuid",
				"Request needs recording conversation ID not UUID.")
		case conversation == nil:
			return nil, refuse(http.StatusNotFound, "recording.conversation.not.found",
				"Recording conversation not found.")
		}
		conversations = append(conversations, conversation)
	}
	return conversations, nil
}

// protectedWith is the number of conversations under protection, with these
// among them. s.mu is locked.
func (s *Simulator) protectedWith(more []*Conversation) int {
	n := 0
	for _, c := range s.conversations {
		n += count(c.Held || slices.Contains(more, c))
	}
	return n
}

// setHeld changes a conversation's protection, and leaves a trace in the audit.
// A conversation without recordings cannot be protected. s.mu is locked.
func (s *Simulator) setHeld(c *Conversation, held bool, by string) {
	if c.Held == held || held && len(c.Recordings) == 0 {
		return
	}
	c.Held = held
	s.audits = append(s.audits, protectionEvent(c, held, by, s.now()))
}
