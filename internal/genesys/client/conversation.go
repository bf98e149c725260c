package client

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// conversationDecoder decodes one conversation of a listing.
type conversationDecoder func(in *json.Decoder) (genesys.Conversation, error)

// conversationReader decodes conversations with their facts or without.
func conversationReader(facts bool) conversationDecoder {
	if facts {
		return readConversationWithFacts
	}
	return readConversation
}

// conversationBody is AnalyticsConversation in the Platform API: its id and times. There are
// about ten kilobytes of other things in it.
type conversationBody struct {
	ID    string  `json:"conversationId"`
	Start instant `json:"conversationStart"`
	End   instant `json:"conversationEnd"`
}

func (b conversationBody) conversation() (genesys.Conversation, error) {
	if b.ID == "" || b.Start.IsZero() {
		return genesys.Conversation{}, errors.New("a conversation without id or start")
	}
	return genesys.Conversation{ID: b.ID, Start: b.Start.Time, End: b.End.Time}, checkLength(b.ID)
}

func readConversation(in *json.Decoder) (genesys.Conversation, error) {
	var body conversationBody
	if err := in.Decode(&body); err != nil {
		return genesys.Conversation{}, err
	}
	return body.conversation()
}

// detailedBody is AnalyticsConversation with who took part.
type detailedBody struct {
	conversationBody
	Divisions    []received         `json:"divisionIds"`
	Direction    received           `json:"originatingDirection"`
	Participants []participantsBody `json:"participants"`
}

// participantsBody is AnalyticsParticipant in the Platform API, as far as it is used.
type participantsBody struct {
	User     received `json:"userId"`
	Sessions []struct {
		Caller   received `json:"ani"`
		Called   received `json:"dnis"`
		Segments []struct {
			Queue received `json:"queueId"`
		} `json:"segments"`
	} `json:"sessions"`
}

func readConversationWithFacts(in *json.Decoder) (genesys.Conversation, error) {
	var body detailedBody
	if err := in.Decode(&body); err != nil {
		return genesys.Conversation{}, err
	}
	c, err := body.conversation()
	c.Facts = body.facts()
	return c, err
}

// facts collects, each once, who took part.
func (b detailedBody) facts() *genesys.Facts {
	facts := &genesys.Facts{Direction: genesys.Direction(b.Direction)}
	facts.Divisions = addNew(facts.Divisions, b.Divisions...)
	for _, participant := range b.Participants {
		facts.Users = addNew(facts.Users, participant.User)
		for _, session := range participant.Sessions {
			facts.Participants = addNew(facts.Participants, session.Caller, session.Called)
			for _, segment := range session.Segments {
				facts.Queues = addNew(facts.Queues, segment.Queue)
			}
		}
	}
	return facts
}

// addNew adds those values to a list that are not empty and not in it.
func addNew(list []string, values ...received) []string {
	for _, value := range values {
		if value != "" && !slices.Contains(list, string(value)) {
			list = append(list, string(value))
		}
	}
	return list
}
