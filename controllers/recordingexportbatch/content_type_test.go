package recordingexportbatch

import (
	"testing"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

func TestExtension(t *testing.T) {
	for contentType, want := range map[string]string{
		"audio/wav": "wav", "AUDIO/OGG; codecs=opus": "ogg", "video/webm": "webm", "application/json; charset=utf-8": "json",
		"message/rfc822": "eml", "json; charset": "bin", "": "bin", "../../etc": "bin", "audio/wav; =broken": "wav",
	} {
		if got := extension(contentType); got != want {
			t.Errorf("extension(%q) = %q, want %q", contentType, got, want)
		}
	}
}

func TestCheckType(t *testing.T) {
	tests := []struct {
		announced, received string
		ok                  bool
	}{
		{"audio/wav", "audio/wav", true},
		{"audio/wav", "binary/octet-stream", true},
		{"audio/wav", "", true},
		{"audio/wav", "text/html; charset=utf-8", false},
		{"video/webm", "application/xml", false},
		{"video/webm", "image/svg+xml", false},
		{"audio/wav", "application/json", false},
		{"application/octet-stream", "application/json", true},
		{"application/octet-stream", "text/html", false},
		{"text/html", "text/html", true},
		{"application/json; charset=utf-8", "application/json", true},
	}
	for _, tt := range tests {
		err := checkContentType(tt.announced, tt.received)
		if (err == nil) != tt.ok || err != nil && genesys.KindOf(err) != genesys.KindMalformed {
			t.Errorf("%s where %s was announced: %v", tt.received, tt.announced, err)
		}
	}
}

func TestCheckHead(t *testing.T) {
	tests := []struct {
		announced, head string
		ok              bool
	}{
		{"audio/wav", "RIFF\x00\x00\x00\x00WAVEfmt ", true},
		{"audio/wav", "", true},
		{"audio/basic", "\xff\xff\xff\xff", true},
		{"audio/wav", "<!DOCTYPE html><p>gone", false},
		{"video/webm", "  <html>", false},
		{"", "<html>", false},
		{"audio/wav", "<?xml version=\"1.0\"?><Error/>", false},
		{"audio/wav", "null", false},
		{"application/octet-stream", "{}", true},
		{"application/json", "<html>", false},
		{"application/json", "{\"a\": \"<html>\"}", true},
		{"text/plain", "<html> is how the customer began", true},
		{"application/xml", "<?xml version=\"1.0\"?>", true},
	}
	for _, tt := range tests {
		err := checkContent(tt.announced, []byte(tt.head))
		if (err == nil) != tt.ok || err != nil && genesys.KindOf(err) != genesys.KindMalformed {
			t.Errorf("%q where %s was announced: %v", tt.head, tt.announced, err)
		}
	}
}
