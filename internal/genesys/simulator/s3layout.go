package simulator

import (
	"fmt"
	"os"
	"path"
	"strings"
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
	// MediaSizeBytes is not written by Genesys Cloud, as far as is known: see OtherSize.
	MediaSizeBytes int `json:"mediaSizeBytes,omitempty"`
}

// metadataSuffix is what the name of a file's metadata ends with, after the name of the file.
const metadataSuffix = "_metadata.json"

// exportedObject is an object of the bucket.
type exportedObject struct {
	key     string
	content []byte
}

// copyKey is the key of a copy of the object.
func (o exportedObject) copyKey() string {
	extension := path.Ext(o.key)
	return strings.TrimSuffix(o.key, extension) + "_copy" + extension
}

// objectsOf returns the objects that the S3 integration would write of a recording: each file
// and what accompanies it.
func (s *Simulator) objectsOf(c *Conversation, r *Recording) []exportedObject {
	var objects []exportedObject
	described := metadataOfExport(c, r)
	for i := range r.files {
		file := exportedObject{path.Join(s3Dir(s.options.OrganizationID, c), s3Name(r, i)), r.Media(i)}
		metadata := exportedObject{file.key + metadataSuffix, encode(described)}
		objects = append(objects, r.exportTrouble.troubled(file, metadata, described)...)
	}
	return objects
}

// store writes objects into the directory in the place of the bucket. os.Root keeps hostile ids
// inside.
func (s *Simulator) store(objects []exportedObject) error {
	if err := os.MkdirAll(s.options.ExportDir, 0o755); err != nil {
		return fmt.Errorf("make export directory: %w", err)
	}
	root, err := os.OpenRoot(s.options.ExportDir)
	if err != nil {
		return fmt.Errorf("open export directory: %w", err)
	}
	defer root.Close()
	for _, o := range objects {
		if err := root.MkdirAll(path.Dir(o.key), 0o755); err != nil {
			return fmt.Errorf("make directory of conversation: %w", err)
		}
		if err := root.WriteFile(o.key, o.content, 0o644); err != nil {
			return fmt.Errorf("write recording: %w", err)
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
