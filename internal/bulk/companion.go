package bulk

import (
	"encoding/json"
	"errors"
	"strings"
)

// Companion is what the metadata beside a file say, as far as they are compared.
type Companion struct {
	// Recording is empty where the metadata do not name it.
	Recording
	// MediaType is the medium in Genesys Cloud's own word.
	MediaType string
	// Size is that of the recording, in bytes, -1 if it is not told. That it is told is not
	// documented.
	Size int64
}

// ReadCompanion reads the metadata beside a file. Unknown fields are ignored.
func ReadCompanion(text []byte) (Companion, error) {
	var body struct {
		ConversationID string `json:"conversationId"`
		RecordingID    string `json:"recordingId"`
		MediaType      string `json:"mediaType"`
		// The words for a size elsewhere in the Platform API: OrphanRecording and Recording.
		MediaSize  *int64 `json:"mediaSizeBytes"`
		OutputSize *int64 `json:"outputSizeInBytes"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return Companion{}, errors.New("the metadata are not a JSON object of the expected types")
	}
	c := Companion{Recording: Recording{body.ConversationID, body.RecordingID}, MediaType: body.MediaType, Size: -1}
	for _, size := range []*int64{body.MediaSize, body.OutputSize} {
		if size != nil && *size >= 0 && c.Size < 0 {
			c.Size = *size
		}
	}
	return c, nil
}

// About reports whether the metadata are those of a recording, or do not say of which they are.
func (c Companion) About(r Recording) bool {
	return (c.ConversationID == "" || strings.EqualFold(c.ConversationID, r.ConversationID)) &&
		(c.RecordingID == "" || strings.EqualFold(c.RecordingID, r.RecordingID))
}
