package simulator

import "time"

// make turns a plan into the conversation with its recordings.
func (p *plan) make() Conversation {
	c := Conversation{
		ID:     uuidOf(p.key),
		Start:  p.start,
		End:    p.start.Add(p.length),
		Medium: p.medium,
		Held:   p.held,
		key:    p.key,
	}
	for i := range p.own {
		c.Recordings = append(c.Recordings, p.ownRecording(c, i))
	}
	for i := range p.screens {
		c.Recordings = append(c.Recordings, p.screenRecording(c, i))
	}
	for i := range c.Recordings {
		c.Recordings[i].keep()
	}
	if p.open {
		c.End = time.Time{}
	}
	return c
}

// keep gives a recording the delete date of a retention policy: ten years.
func (r *Recording) keep() { r.DeleteDate = r.End.AddDate(10, 0, 0) }

// ownRecording makes the i-th recording of the conversation's own medium. Each
// covers an equal part of the conversation, as the legs of a call do.
func (p *plan) ownRecording(c Conversation, i int) Recording {
	r := p.planRecording(c, i, p.medium)
	leg := p.length / time.Duration(p.own)
	r.Start = c.Start.Add(time.Duration(i) * leg).Truncate(time.Millisecond)
	r.End = r.Start.Add(leg).Truncate(time.Millisecond)
	r.files = p.files
	if p.medium == Call {
		r.subtype = [...]string{"Trunk", "Station", "Consult"}[min(i, 2)]
	}
	return r
}

// screenRecording makes the i-th screen recording. Unverified: each monitor is
// a recording of its own.
func (p *plan) screenRecording(c Conversation, i int) Recording {
	r := p.planRecording(c, p.own+i, Screen)
	r.subtype = "Screen"
	r.Start, r.End = c.Start.Add(time.Second), c.End
	return r
}

func (p *plan) planRecording(c Conversation, i int, medium Medium) Recording {
	key := derive(p.key, forRecording, uint64(i))
	return Recording{
		ID:             uuidOf(key),
		ConversationID: c.ID,
		Medium:         medium,
		ContentType:    medium.contentType(),
		FileState:      Available,
		session:        sessionID(p.key, agentOf(i)),
		files:          1,
		key:            derive(key, forMedia),
	}
}

// agents is the largest number of agents that take part in a conversation.
const agents = 5

// agentOf returns which of the conversation's agents has the i-th recording.
func agentOf(i int) int { return i % agents }

// sessionID is the id of an agent's session in the analytics of a conversation,
// which its recordings name too.
func sessionID(conversation uint64, agent int) string {
	return uuidOf(derive(conversation, forSession, uint64(agent)))
}
