package simulator

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// analyticsConversation is AnalyticsConversation in the Platform API.
type analyticsConversation struct {
	ConversationID       string        `json:"conversationId"`
	ConversationStart    string        `json:"conversationStart"`
	ConversationEnd      string        `json:"conversationEnd,omitempty"`
	DivisionIDs          []string      `json:"divisionIds"`
	OriginatingDirection string        `json:"originatingDirection"`
	MinMOS               float64       `json:"mediaStatsMinConversationMos,omitempty"`
	Participants         []participant `json:"participants"`
}

// participant is AnalyticsParticipant in the Platform API.
type participant struct {
	ParticipantID   string            `json:"participantId"`
	ParticipantName string            `json:"participantName"`
	Purpose         string            `json:"purpose"`
	UserID          string            `json:"userId,omitempty"`
	Sessions        []session         `json:"sessions"`
	Attributes      map[string]string `json:"attributes,omitempty"`
}

// session is AnalyticsSession in the Platform API.
type session struct {
	SessionID   string    `json:"sessionId"`
	MediaType   string    `json:"mediaType"`
	MessageType string    `json:"messageType,omitempty"`
	Direction   string    `json:"direction"`
	Provider    string    `json:"provider"`
	ANI         string    `json:"ani,omitempty"`
	DNIS        string    `json:"dnis,omitempty"`
	AddressFrom string    `json:"addressFrom,omitempty"`
	Recording   bool      `json:"recording,omitempty"`
	Metrics     []metric  `json:"metrics"`
	Segments    []segment `json:"segments"`
}

// segment is AnalyticsConversationSegment in the Platform API.
type segment struct {
	SegmentStart   string `json:"segmentStart"`
	SegmentEnd     string `json:"segmentEnd,omitempty"`
	SegmentType    string `json:"segmentType"`
	QueueID        string `json:"queueId,omitempty"`
	DisconnectType string `json:"disconnectType,omitempty"`
	WrapUpCode     string `json:"wrapUpCode,omitempty"`
	Conference     bool   `json:"conference"`
}

// metric is AnalyticsSessionMetric in the Platform API.
type metric struct {
	Name     string `json:"name"`
	Value    int    `json:"value"`
	EmitDate string `json:"emitDate"`
}

// describer writes what analytics knows of one conversation.
type describer struct {
	*Conversation
	end       time.Time // as analytics knows it: zero while it does not
	random    *rand.Rand
	direction string
	queue     string
	caller    string
}

// describe returns what analytics knows of a conversation. Names, numbers and
// addresses are in it, as they are at Genesys: a client has to leave them out of
// what it keeps. s.mu is locked.
func describe(c *Conversation, end time.Time) analyticsConversation {
	d := describer{Conversation: c, end: end, random: dice(derive(c.key, forAnalytics)), direction: "inbound"}
	if d.random.IntN(5) == 0 {
		d.direction = "outbound"
	}
	d.queue = uuidOf(derive(uint64(d.random.IntN(8)), forUser))
	if c.queue != "" {
		d.queue = c.queue
	}
	d.caller = fmt.Sprintf("tel:+3531555%04d", d.random.IntN(10000))
	a := analyticsConversation{
		ConversationID:       c.ID,
		ConversationStart:    date(c.Start),
		ConversationEnd:      date(end),
		DivisionIDs:          []string{divisionOf(c)},
		OriginatingDirection: d.direction,
		Participants:         d.participants(),
	}
	if c.Medium == Call {
		a.MinMOS = 4.25
	}
	return a
}

// divisions is how many divisions the organisation has.
const divisions = 3

// divisionOf is the division of a conversation.
func divisionOf(c *Conversation) string {
	return uuidOf(derive(dice(derive(c.key, forAnalytics, 1)).Uint64N(divisions), forUser, divisionIDs))
}

// divisionIDs tells the ids of divisions from those of queues and users.
const divisionIDs = 2

// participants are the customer, the flow of a call, the queue, and each agent
// that a recording names.
func (d *describer) participants() []participant {
	list := []participant{d.participant("customer", "", 0)}
	if d.Medium == Call {
		list = append(list, d.participant("ivr", "", 1))
	}
	list = append(list, d.participant("acd", "", 2))
	for i := range min(max(len(d.Recordings), 1), agents) {
		list = append(list, d.participant("agent", sessionID(d.key, agentOf(i)), 3+i))
	}
	return list
}

func (d *describer) participant(purpose, id string, n int) participant {
	p := participant{
		ParticipantID:   uuidOf(derive(d.key, forSession, uint64(100+n))),
		ParticipantName: "Simulated " + purpose,
		Purpose:         purpose,
		Sessions:        []session{d.session(purpose, id, n)},
	}
	switch purpose {
	case "agent":
		number := d.random.IntN(40)
		p.ParticipantName = fmt.Sprintf("Agent %02d", number)
		p.UserID = uuidOf(derive(uint64(number), forUser, 1))
	case "customer":
		p.Attributes = map[string]string{"language": "en", "priority": fmt.Sprint(d.random.IntN(5))}
	}
	return p
}

func (d *describer) session(purpose, id string, n int) session {
	if id == "" {
		id = uuidOf(derive(d.key, forSession, uint64(200+n)))
	}
	s := session{
		SessionID: id,
		MediaType: d.Medium.sessionType(),
		Direction: d.direction,
		Provider:  "Edge",
		// An analytics session says of calls alone that they were recorded.
		Recording: d.Medium == Call && purpose != "acd" && len(d.Recordings) > 0,
		Metrics:   d.metrics(purpose),
		Segments:  d.segments(purpose),
	}
	switch d.Medium {
	case Call:
		s.ANI, s.DNIS = d.caller, "tel:+35315550000"
	case Message:
		s.MessageType = "webmessaging"
		s.Provider = "PureCloud Messaging"
	case Email:
		s.AddressFrom = "customer@example.com"
		s.Provider = "PureCloud Email"
	default: // the others say no more
	}
	return s
}

func (d *describer) metrics(purpose string) []metric {
	names := map[string][]string{
		"customer": {"nConnected", "tConnected"},
		"ivr":      {"nFlow", "tFlow", "tIvr"},
		"acd":      {"nOffered", "tAcd", "oServiceLevel"},
		"agent":    {"tAlert", "tAnswered", "tTalk", "tTalkComplete", "tHandle", "tAcw"},
	}[purpose]
	metrics := make([]metric, len(names))
	for i, name := range names {
		metrics[i] = metric{Name: name, Value: 1 + d.random.IntN(60_000), EmitDate: date(d.Start.Add(time.Duration(i) * time.Second))}
	}
	return metrics
}

func (d *describer) segments(purpose string) []segment {
	interact := segment{SegmentStart: date(d.Start), SegmentEnd: date(d.end), SegmentType: "interact", QueueID: d.queue}
	if !d.end.IsZero() {
		interact.DisconnectType = "client"
	}
	switch purpose {
	case "ivr":
		interact.SegmentType, interact.QueueID = "ivr", ""
	case "customer":
		interact.QueueID = ""
	case "agent":
		at := date(d.Start.Add(3 * time.Second))
		alert := segment{SegmentStart: date(d.Start), SegmentEnd: at, SegmentType: "alert", QueueID: d.queue}
		interact.SegmentStart = at
		return []segment{alert, interact}
	}
	return []segment{interact}
}

// withoutAttributes is what a details query leaves out of what a job gives.
func (a analyticsConversation) withoutAttributes() analyticsConversation {
	for i := range a.Participants {
		a.Participants[i].Attributes = nil
	}
	return a
}
