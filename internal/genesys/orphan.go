package genesys

import "time"

// Orphan is a recording that is attached to no conversation (OrphanRecording in the Platform
// API). No survey finds it.
type Orphan struct {
	// ID is as received: check it with ValidID before it touches a path.
	ID string `json:"id"`
	// ConversationID is that of the conversation that the recording names, as
	// received; empty if it names none.
	ConversationID string `json:"conversationId,omitempty"`
	// Created is zero if it was not said, or not as a date.
	Created time.Time `json:"created,omitzero"`
	// Medium is empty if it is not known; MediaAsReceived is Genesys Cloud's word.
	Medium          Medium `json:"medium,omitempty"`
	MediaAsReceived string `json:"mediaAsReceived,omitempty"`
	// Size is in bytes, -1 if it was not said.
	Size      int64     `json:"size"`
	FileState FileState `json:"fileState,omitempty"`
	// Status says what is known of the conversation, in Genesys Cloud's own word,
	// such as NO_CONVERSATION.
	Status string `json:"status,omitempty"`
}

// OrphanPage is one page of all orphans of an organisation.
type OrphanPage struct {
	Orphans []Orphan `json:"orphans"`
	// Total is how many there are in all, 0 if it was not said.
	Total int `json:"total,omitempty"`
	// Next is how many orphans to skip for the following page, 0 on the last one.
	Next int `json:"next,omitempty"`
}
