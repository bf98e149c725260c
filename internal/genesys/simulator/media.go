package simulator

import (
	"fmt"
	"time"
)

// Media returns the bytes of the recording's i-th file (from 0). They are valid
// in their format, short whatever the length of the conversation, and the same
// at each call.
func (r Recording) Media(i int) []byte {
	key := derive(r.key, uint64(i))
	title := fmt.Sprintf("%s recording %s of conversation %s, file %d", r.Medium, r.ID, r.ConversationID, i)
	switch r.Medium {
	case Call:
		return wav(key, title)
	case Screen:
		return webm(key, title)
	case Email:
		return eml(r, key)
	default:
		return transcript(r, key)
	}
}

// contentType is what a batch request says of a file of this medium. That text
// comes with a parameter is a trap that Genesys Cloud sets, too.
func (m Medium) contentType() string {
	switch m {
	case Call:
		return "audio/wav"
	case Screen:
		return "video/webm"
	case Email:
		return "message/rfc822"
	default:
		return "application/json; charset=utf-8"
	}
}

// extension is that of a file of this medium.
func (m Medium) extension() string {
	switch m {
	case Call:
		return "wav"
	case Screen:
		return "webm"
	case Email:
		return "eml"
	default:
		return "json"
	}
}

// apiName is what RecordingMetadata.media calls the medium.
func (m Medium) apiName() string {
	switch m {
	case Call:
		return "audio"
	case Screen:
		return "screen"
	case Chat:
		return "chat"
	case Email:
		return "email"
	default:
		return "message"
	}
}

// sessionType is what analytics calls the medium of a session.
func (m Medium) sessionType() string {
	if m == Call {
		return "voice"
	}
	return m.apiName()
}

// dateForm is how the Platform API writes dates.
const dateForm = "2006-01-02T15:04:05.000Z"

// date writes a time as the Platform API does, the zero time as nothing.
func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(dateForm)
}
