package simulator

import (
	"fmt"
	"os"
	"path"
	"time"
)

// s3DateForm is how Genesys Cloud writes dates in the files that it exports:
// not as the API does.
const s3DateForm = "2006-01-02T15:04:05.000-0700"

// exportedMetadata accompanies each exported file.
type exportedMetadata struct {
	ConversationID   string   `json:"conversationId"`
	RecordingID      string   `json:"recordingId"`
	MediaType        Medium   `json:"mediaType"`
	Provider         string   `json:"provider"`
	UserIDs          []string `json:"userIds"`
	StartTime        string   `json:"startTime"`
	EndTime          string   `json:"endTime"`
	DurationMs       int64    `json:"durationMs"`
	InitialDirection string   `json:"initialDirection"`
}

// store writes the files of a recording and what accompanies them where the
// S3 integration would have put them. os.Root keeps hostile ids inside.
func (s *Simulator) store(c *Conversation, r *Recording) error {
	if err := os.MkdirAll(s.options.ExportDir, 0o755); err != nil {
		return fmt.Errorf("make export directory: %w", err)
	}
	root, err := os.OpenRoot(s.options.ExportDir)
	if err != nil {
		return fmt.Errorf("open export directory: %w", err)
	}
	defer root.Close()
	dir := s3Dir(s.options.OrganizationID, c)
	if err := root.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory of conversation: %w", err)
	}
	for i := range r.files {
		name := path.Join(dir, s3Name(r, i))
		if err := root.WriteFile(name, r.Media(i), 0o644); err != nil {
			return fmt.Errorf("write recording: %w", err)
		}
		if err := root.WriteFile(name+"_metadata.json", encode(metadataOfExport(c, r)), 0o644); err != nil {
			return fmt.Errorf("write metadata of recording: %w", err)
		}
	}
	return nil
}

// s3Dir is the directory of a conversation: by the hour of its start, whose
// numbers are not padded.
func s3Dir(organization string, c *Conversation) string {
	start := c.Start.UTC()
	return path.Join(organization,
		fmt.Sprintf("year=%d/month=%d/day=%d/hour=%d", start.Year(), start.Month(), start.Day(), start.Hour()),
		"conversation_id="+c.ID)
}

// s3Name is the name of a recording's file: its id, and a number from the
// second on.
func s3Name(r *Recording, i int) string {
	if i == 0 {
		return r.ID + "." + r.Medium.extension()
	}
	return fmt.Sprintf("%s_%d.%s", r.ID, i, r.Medium.extension())
}

func metadataOfExport(c *Conversation, r *Recording) exportedMetadata {
	a := describe(c, c.End)
	return exportedMetadata{
		ConversationID:   r.ConversationID,
		RecordingID:      r.ID,
		MediaType:        r.Medium,
		Provider:         "Edge",
		UserIDs:          a.agentIDs(),
		StartTime:        s3Date(r.Start),
		EndTime:          s3Date(r.End),
		DurationMs:       r.End.Sub(r.Start).Milliseconds(),
		InitialDirection: a.OriginatingDirection,
	}
}

func s3Date(t time.Time) string { return t.UTC().Format(s3DateForm) }

func (a analyticsConversation) agentIDs() []string {
	ids := []string{}
	for _, p := range a.Participants {
		if p.UserID != "" {
			ids = append(ids, p.UserID)
		}
	}
	return ids
}
