package simulator

// Totals counts a data set.
type Totals struct {
	Conversations int `json:"conversations"`
	// HeldConversations are under deletion protection.
	HeldConversations int `json:"heldConversations"`
	// HeldScreenConversations are those of them that have screen recordings.
	HeldScreenConversations int `json:"heldScreenConversations"`
	// OpenConversations have no end yet.
	OpenConversations int `json:"openConversations"`
	// SilentConversations have no recording.
	SilentConversations int `json:"silentConversations"`
	// Recordings by medium, of conversations that are not under deletion
	// protection and of those that are.
	NotHeld map[Medium]int `json:"notHeld"`
	Held    map[Medium]int `json:"held"`
}

// Totals counts the conversations and their recordings.
func (d Dataset) Totals() Totals {
	t := Totals{NotHeld: map[Medium]int{}, Held: map[Medium]int{}}
	for _, c := range d.Conversations {
		t.add(c)
	}
	return t
}

// RecordingCount is the number of all recordings.
func (t Totals) RecordingCount() int {
	sum := 0
	for _, byMedium := range []map[Medium]int{t.NotHeld, t.Held} {
		for _, n := range byMedium {
			sum += n
		}
	}
	return sum
}

func (t *Totals) add(c Conversation) {
	t.Conversations++
	t.HeldConversations += count(c.Held)
	t.HeldScreenConversations += count(c.Held && c.HasScreens())
	t.OpenConversations += count(c.End.IsZero())
	t.SilentConversations += count(len(c.Recordings) == 0)
	byMedium := t.NotHeld
	if c.Held {
		byMedium = t.Held
	}
	for _, r := range c.Recordings {
		byMedium[r.Medium]++
	}
}

func count(condition bool) int {
	if condition {
		return 1
	}
	return 0
}
