package simulator

import (
	"slices"
	"time"
)

// Orphan is a recording that belongs to no conversation. No analytics query and no
// retention query finds it.
type Orphan struct {
	ID string
	// ConversationID is what its recording names, empty if none. Nothing else knows
	// that conversation.
	ConversationID string
	Created        time.Time
	// Medium is Call, Screen, Chat or Email.
	Medium Medium
	// Size is in bytes.
	Size      int
	FileState FileState
	Status    OrphanStatus
}

// OrphanStatus says what is known of an orphan's conversation.
type OrphanStatus string

// Two of the states that the Platform API names.
const (
	NoConversation      OrphanStatus = "NO_CONVERSATION"
	UnknownConversation OrphanStatus = "UNKNOWN_CONVERSATION"
)

// orphanRecording is OrphanRecording in the Platform API.
type orphanRecording struct {
	ID             string           `json:"id"`
	CreatedTime    string           `json:"createdTime"`
	ProviderType   string           `json:"providerType"`
	MediaSizeBytes int              `json:"mediaSizeBytes"`
	MediaType      string           `json:"mediaType"`
	MediaSubtype   string           `json:"mediaSubtype,omitempty"`
	FileState      FileState        `json:"fileState"`
	Recording      *orphanReference `json:"recording,omitempty"`
	OrphanStatus   OrphanStatus     `json:"orphanStatus"`
	Region         string           `json:"region"`
	SelfURI        string           `json:"selfUri"`
}

// orphanReference is Recording in the Platform API, as far as an orphan has it.
type orphanReference struct {
	ID             string `json:"id"`
	ConversationID string `json:"conversationId"`
}

// orphanWords are the words of the orphan routes for a medium.
var orphanWords = map[Medium]struct{ medium, subtype, provider string }{
	Call:   {"CALL", "Trunk", "EDGE"},
	Screen: {"SCREEN", "Screen", "SCREEN_RECORDING"},
	Chat:   {"CHAT", "", "CHAT"},
	Email:  {"EMAIL", "", "EMAIL"},
}

// orphansOf makes the orphans of a data set, spread over its first day. Each third
// names a conversation.
func orphansOf(o Options) []Orphan {
	orphans := make([]Orphan, o.Edges.Orphans)
	for i := range orphans {
		key := derive(o.Seed, forOrphan, uint64(i))
		random := dice(key)
		orphans[i] = Orphan{
			ID:        uuidOf(key),
			Created:   o.Start.Add(time.Duration(random.Int64N(day.Milliseconds())) * time.Millisecond),
			Medium:    []Medium{Call, Screen, Chat, Email}[i%4],
			Size:      1 + random.IntN(1<<20),
			FileState: Available,
			Status:    NoConversation,
		}
		if i%3 == 2 {
			orphans[i].ConversationID, orphans[i].Status = uuidOf(derive(key, forConversation)), UnknownConversation
		}
	}
	slices.SortFunc(orphans, func(a, b Orphan) int { return a.Created.Compare(b.Created) })
	return orphans
}

// listOrphans lists all orphans, or those of one medium. None has a conversation
// that is known.
func (s *Simulator) listOrphans(c *call) reply {
	query := c.URL.Query()
	media, known := query.Get("media"), query.Get("hasConversation") == "true"
	if media != "" && media != string(Call) && media != string(Screen) {
		return *badValue(media, "media", "Call, Screen")
	}
	now := s.now()
	entities := []orphanRecording{}
	for _, o := range s.orphans {
		if o.Created.After(now) || known || media != "" && media != string(o.Medium) {
			continue
		}
		entities = append(entities, s.describeOrphan(o))
	}
	return list(c, entities, s.options.Limits.OrphanPageSize)
}

func (s *Simulator) describeOrphan(o Orphan) orphanRecording {
	words := orphanWords[o.Medium]
	r := orphanRecording{
		ID: o.ID, CreatedTime: date(o.Created), ProviderType: words.provider, MediaSizeBytes: o.Size, MediaType: words.medium,
		MediaSubtype: words.subtype, FileState: o.FileState, OrphanStatus: o.Status, Region: s.options.Region,
		SelfURI: "/api/v2/orphanrecordings/" + o.ID,
	}
	if o.ConversationID != "" {
		r.Recording = &orphanReference{ID: o.ID, ConversationID: o.ConversationID}
	}
	return r
}
