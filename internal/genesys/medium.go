package genesys

import "strings"

// MediumOf is the medium behind Genesys Cloud's words for it, which drift
// between its services; empty if none is known. The subtype decides for screen
// recordings, whatever they are recordings of.
func MediumOf(media, subtype string) Medium {
	if strings.EqualFold(subtype, "screen") {
		return Screen
	}
	switch strings.ToLower(media) {
	case "screen":
		return Screen
	case "audio", "call", "voice":
		return Call
	case "chat":
		return Chat
	case "email":
		return Email
	case "message", "messaging":
		return Message
	default:
		return ""
	}
}
