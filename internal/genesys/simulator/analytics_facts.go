package simulator

import (
	"slices"
)

// Facts are what analytics knows of a conversation besides its times.
type Facts struct {
	Queues, Users, Divisions []string
	// ANIs and DNISs are the numbers that its sessions name, as analytics writes them.
	ANIs, DNISs []string
	// Direction is inbound or outbound.
	Direction string
}

// Facts returns what analytics knows of a conversation; nothing if there is none by this id.
func (s *Simulator) Facts(conversationID string) Facts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID[conversationID]
	if c == nil {
		return Facts{}
	}
	a := describe(c, c.End)
	facts := Facts{Divisions: a.DivisionIDs, Direction: a.OriginatingDirection}
	for _, segment := range a.segmentFacets() {
		facts.Queues = addNew(facts.Queues, segment["queueId"])
		facts.Users = addNew(facts.Users, segment["userId"])
		facts.ANIs = addNew(facts.ANIs, segment["ani"])
		facts.DNISs = addNew(facts.DNISs, segment["dnis"])
	}
	return facts
}

// addNew adds the values that a list does not contain.
func addNew(list, values []string) []string {
	for _, value := range values {
		if !slices.Contains(list, value) {
			list = append(list, value)
		}
	}
	return list
}
