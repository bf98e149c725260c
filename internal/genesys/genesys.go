// Package genesys defines the types for Genesys Cloud that the rest of the program uses:
// conversations, recordings, batch requests, errors.
//
// It does not use HTTP or the SDK. The client that answers in these words is
// package client, the only importer of the Genesys SDK.
package genesys

import (
	"io"
	"regexp"
	"time"
)

// uuid is the form of every id that Genesys Cloud gives to conversations,
// recordings and jobs.
var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

// ValidID reports whether id is a UUID. Ids that are not must never become part
// of a path, neither in a URL nor in an archive.
func ValidID(id string) bool { return uuid.MatchString(id) }

// Identity is what Genesys Cloud says about the OAuth client that has logged in.
type Identity struct {
	OrganizationID   string
	OrganizationName string
	ClientName       string
}

// LoginResult is the state of one of an organisation's OAuth clients.
type LoginResult struct {
	// Secret names the Secret that contains the client's id and secret.
	Secret string
	// ClientID is the client's id, which is public; empty if the Secret could not be used.
	ClientID string
	// Identity is that of the last login that worked.
	Identity Identity
	// Active tells whether the client is used.
	Active bool
	// Err is why the last login failed. A client that is active may be throttled, or Genesys
	// Cloud may be unavailable.
	Err error
}

// Ticket names a job that was started at Genesys Cloud, and the OAuth client that started it:
// no other client can poll it.
type Ticket struct {
	ID       string `json:"id"`
	ClientID string `json:"clientId"`
}

// Conversation is one conversation of a survey.
type Conversation struct {
	ID    string    `json:"id"`
	Start time.Time `json:"start"`
	// End is zero until the conversation has ended.
	End time.Time `json:"end,omitzero"`
	// Facts are nil unless they were asked for.
	Facts *Facts `json:"-"`
}

// MaxLookUp is how many conversations can be looked up at once: their ids are in a URL.
const MaxLookUp = 50

// SurveyQuery is what a survey asks for: the conversations of a scope whose life overlaps the
// half-open interval from From to To. Conversations that have not ended, and may come into
// scope later, are among them.
type SurveyQuery struct {
	From, To time.Time
	Scope    Scope
}

// SurveyPage is one page of a survey's answer.
type SurveyPage struct {
	Conversations []Conversation
	// Next is the cursor of the following page, empty on the last one.
	Next string
}

// JobState is the state of an analytics job.
type JobState string

// The states of an analytics job (AsyncQueryStatus in the Platform API).
const (
	JobQueued    JobState = "QUEUED"
	JobPending   JobState = "PENDING"
	JobFailed    JobState = "FAILED"
	JobCancelled JobState = "CANCELLED"
	JobFulfilled JobState = "FULFILLED"
	JobExpired   JobState = "EXPIRED"
)

// Medium is the kind of a recording. The zero value is a medium that this
// version does not know.
type Medium string

// The media that Genesys Cloud records.
const (
	Call    Medium = "Call"
	Screen  Medium = "Screen"
	Chat    Medium = "Chat"
	Email   Medium = "Email"
	Message Medium = "Message"
)

// FileState says where a recording's file is (RecordingMetadata.fileState in
// the Platform API).
type FileState string

// The file states of a recording. Only Available and Restored ones can be
// downloaded.
const (
	FileAvailable FileState = "AVAILABLE"
	FileArchived  FileState = "ARCHIVED"
	FileDeleted   FileState = "DELETED"
	FileRestored  FileState = "RESTORED"
	FileRestoring FileState = "RESTORING"
	FileUploading FileState = "UPLOADING"
	FileError     FileState = "ERROR"
)

// Recording is what Genesys Cloud says of one recording.
type Recording struct {
	// ID is as received: check it with ValidID before it touches a path.
	ID        string    `json:"id"`
	Medium    Medium    `json:"medium"`
	FileState FileState `json:"fileState"`
	// MediaAsReceived is the medium in Genesys Cloud's own words, for the case
	// that Medium is unknown.
	MediaAsReceived string `json:"mediaAsReceived,omitempty"`
	// Retention is how long it is kept, as received.
	Retention Retention `json:"retention,omitzero"`
}

// Metadata is the answer to "which recordings has this conversation?".
type Metadata struct {
	Recordings []Recording
	// Body is the answer as received, byte for byte.
	Body          []byte
	CorrelationID string
	// RestorationsLeft is how many recordings the organisation may still have
	// restored from the archive, nil if it was not said.
	RestorationsLeft *int
}

// RecordingRef names one recording.
type RecordingRef struct {
	ConversationID string `json:"conversationId"`
	RecordingID    string `json:"recordingId"`
}

// BatchStatus is the progress of a batch request.
type BatchStatus struct {
	// Expected is the number of results that Genesys Cloud expects to give. It
	// starts at 0 and may grow while recordings are still discovered.
	Expected int
	Results  []BatchResult
}

// BatchResult is one result of a batch request: an URL or an error.
type BatchResult struct {
	RecordingRef
	URL         SignedURL
	ContentType string
	// Error is Genesys Cloud's free text; empty when there is an URL.
	Error string
}

// Media is a recording's content while it is downloaded.
type Media struct {
	// Body is the content as stored; whoever opened it closes it. It ends with
	// io.EOF only after Length bytes, if Length is known.
	Body io.ReadCloser
	// ContentType is as received and may carry parameters.
	ContentType string
	// Length is the number of bytes, -1 if it was not said.
	Length int64
}
