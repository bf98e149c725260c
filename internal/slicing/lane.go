package slicing

// Lane separates conversations that must not delay each other.
type Lane string

// The lanes. The first lane of a conversation is the first of these that it has.
const (
	Standard        Lane = "Standard"
	LegalHold       Lane = "LegalHold"
	LegalHoldScreen Lane = "LegalHoldScreen"
	// Isolated contains conversations and recordings that left a batch of another lane
	// because they could not be read, so that the others need not wait for them.
	Isolated Lane = "Isolated"
)

// AllLanes are all lanes, in the order in which they are shown.
var AllLanes = [...]Lane{Standard, LegalHold, LegalHoldScreen, Isolated}

// Scope says which conversations are taken, by legal hold.
type Scope string

// The scopes.
const (
	Include Scope = "Include"
	Exclude Scope = "Exclude"
	Only    Scope = "Only"
)

// Takes reports whether a conversation with this hold answer is within the scope.
func (s Scope) Takes(held bool) bool {
	switch s {
	case Exclude:
		return !held
	case Only:
		return held
	default:
		return true
	}
}

// Lanes returns the lanes that exist for conversations with this hold answer,
// in order: none if the scope leaves them out.
func (s Spec) Lanes(held bool) []Lane {
	switch {
	case !s.Scope.Takes(held):
		return nil
	case !held:
		return []Lane{Standard}
	case s.Screen && s.Other:
		return []Lane{LegalHold, LegalHoldScreen}
	case s.Screen:
		return []Lane{LegalHoldScreen}
	default:
		return []Lane{LegalHold}
	}
}

// Home returns the lane that accounts for a recording of a conversation with
// this hold answer: the lane of its medium, or, if that medium is not asked for
// or not known, the conversation's first lane. It is empty if the scope leaves
// the conversation out.
func (s Spec) Home(held, screen bool) Lane {
	lanes := s.Lanes(held)
	switch {
	case len(lanes) == 0:
		return ""
	case screen:
		return lanes[len(lanes)-1]
	default:
		return lanes[0]
	}
}
