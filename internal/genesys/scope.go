package genesys

import (
	"slices"
	"strings"
)

// Scope selects conversations. A conversation is in scope if it matches every list that is
// not empty. It matches a list if it has any of the list's values.
type Scope struct {
	// Conversations are ids, in lower case.
	Conversations []string
	// Queues, Users and Divisions are ids, in lower case.
	Queues, Users, Divisions []string
	// Participants are phone numbers and addresses of callers and called parties.
	Participants []string
	// Directions are those in which conversations began.
	Directions []Direction
}

// Direction is the direction in which a conversation began.
type Direction string

// The directions, in Genesys Cloud's words.
const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Facts are what Genesys Cloud says about who took part in a conversation. They contain
// personal data and are never stored.
type Facts struct {
	Queues, Users, Divisions []string
	// Participants are the numbers and addresses of callers and called parties.
	Participants []string
	Direction    Direction
}

// IsZero reports whether every conversation is in scope.
func (s Scope) IsZero() bool {
	return len(s.Conversations)+len(s.Queues)+len(s.Users)+len(s.Divisions)+len(s.Participants)+len(s.Directions) == 0
}

// Judge names the lists of the scope that a conversation with these facts does not match, as
// the fields of an export's spec; none if it is in scope. Whether it is one of Conversations is
// not judged: nobody asks for others.
func (s Scope) Judge(of Facts) (unmet []string) {
	for _, list := range []struct {
		field    string
		matching bool
	}{
		{"queueIds", matches(s.Queues, of.Queues, strings.ToLower)},
		{"userIds", matches(s.Users, of.Users, strings.ToLower)},
		{"divisionIds", matches(s.Divisions, of.Divisions, strings.ToLower)},
		{"participants", matches(s.Participants, of.Participants, NormalParticipant)},
		{"directions", len(s.Directions) == 0 || slices.Contains(s.Directions, of.Direction)},
	} {
		if !list.matching {
			unmet = append(unmet, list.field)
		}
	}
	return unmet
}

// matches reports whether a list is empty or has any of the values, in their normal form.
func matches(list, values []string, normal func(string) string) bool {
	if len(list) == 0 {
		return true
	}
	return slices.ContainsFunc(values, func(value string) bool {
		return slices.ContainsFunc(list, func(wanted string) bool { return normal(wanted) == normal(value) })
	})
}

// telephone begins a phone number that is written as an address.
const telephone = "tel:"

// NormalParticipant is a phone number or address in the form in which two are compared: in
// lower case, a number without tel:.
func NormalParticipant(participant string) string {
	return strings.TrimPrefix(strings.ToLower(participant), telephone)
}

// SpellingsOf returns the forms in which analytics may name a participant.
func SpellingsOf(participant string) []string {
	normal := NormalParticipant(participant)
	if strings.Contains(normal, ":") {
		return slices.Compact([]string{participant, normal})
	}
	return []string{normal, telephone + normal}
}
