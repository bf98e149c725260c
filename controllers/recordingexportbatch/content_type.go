package recordingexportbatch

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// extensions maps content types to file extensions. Nothing else becomes part of a path.
var extensions = map[string]string{
	"application/json": "json",
	"application/zip":  "zip",
	"audio/mpeg":       "mp3",
	"audio/ogg":        "ogg",
	"audio/opus":       "opus",
	"audio/vnd.wave":   "wav",
	"audio/wav":        "wav",
	"audio/webm":       "webm",
	"audio/x-wav":      "wav",
	"message/rfc822":   "eml",
	"text/plain":       "txt",
	"video/mp4":        "mp4",
	"video/webm":       "webm",
}

// extension returns the file extension for a content type, bin if it is unknown.
func extension(contentType string) string {
	if known, ok := extensions[mediaType(contentType)]; ok {
		return known
	}
	return "bin"
}

// mediaType returns a content type in lower case without its parameters, which may be
// malformed.
func mediaType(contentType string) string {
	parsed, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		before, _, _ := strings.Cut(contentType, ";")
		return strings.ToLower(strings.TrimSpace(before))
	}
	return parsed
}

// sniffLength is how many bytes of a body are inspected to recognise an error page
// (http.DetectContentType).
const sniffLength = 512

// checkContentType rejects an error page in place of a recording: markup where something else
// was announced, or JSON where audio or video was.
func checkContentType(announced, received string) error {
	got, was := mediaType(received), mediaType(announced)
	if got != was && isMarkup(got) || got == "application/json" && isBinary(was) {
		return pageError(got, was)
	}
	return nil
}

// checkContent rejects an error page that has the content type of a recording: markup where
// something other than text was announced, or text where audio or video was.
func checkContent(announced string, head []byte) error {
	got, was := mediaType(http.DetectContentType(head)), mediaType(announced)
	isText := strings.HasPrefix(was, "text/") || isMarkup(was)
	if isMarkup(got) && !isText || isBinary(was) && isASCII(head) {
		return pageError(got, was)
	}
	return nil
}

func isMarkup(contentType string) bool {
	return contentType == "text/html" || strings.HasSuffix(contentType, "/xml") || strings.HasSuffix(contentType, "+xml")
}

func isBinary(contentType string) bool {
	return strings.HasPrefix(contentType, "audio/") || strings.HasPrefix(contentType, "video/") || contentType == "application/zip"
}

// isASCII tells whether head is not empty and all of it is printable.
func isASCII(head []byte) bool {
	return len(head) > 0 && !slices.ContainsFunc(head, func(b byte) bool {
		return b >= utf8.RuneSelf || b < ' ' && !strings.ContainsRune("\t\n\r", rune(b))
	})
}

func pageError(got, announced string) error {
	return &genesys.Error{
		Op: "fetch recording", Kind: genesys.KindMalformed,
		Err: fmt.Errorf("received a page of type %s instead of %s", got, announced),
	}
}
