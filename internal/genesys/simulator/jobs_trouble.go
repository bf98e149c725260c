package simulator

import (
	"fmt"
	"slices"
)

// JobTrouble is what a conversation does to the bulk jobs that are about it.
type JobTrouble string

// The troubles.
const (
	// Poisoned: the job fails half-way, and lists nothing that failed.
	Poisoned JobTrouble = "poisoned"
	// Unending: the job stays PROCESSING once it is executed.
	Unending JobTrouble = "unending"
)

// poisonDoom is the error of a bulk job with a poisoned conversation. What Genesys Cloud says is
// not documented.
const poisonDoom = "An internal error occurred while the job was processed"

// SetJobTrouble has a conversation make trouble for the bulk jobs that are submitted from now on
// and are about it. The empty trouble ends it.
func (s *Simulator) SetJobTrouble(conversationID string, trouble JobTrouble) error {
	if !slices.Contains([]JobTrouble{"", Poisoned, Unending}, trouble) {
		return fmt.Errorf("no trouble %q", trouble)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.byID[conversationID]
	if c == nil {
		return fmt.Errorf("no conversation %q", conversationID)
	}
	c.jobTrouble = trouble
	return nil
}

// suffer finds out what trouble a job is going to have with its conversations.
func (j *bulkJob) suffer(rows []row) {
	for _, found := range rows {
		switch found.conversation.jobTrouble {
		case Poisoned:
			j.doom, j.doomed = poisonDoom, nil
		case Unending:
			j.unending = true
		}
	}
}
