package events

// Reason is why a request is refused.
type Reason string

// The reasons of errors.
const (
	// TooLarge: the body is too long.
	TooLarge Reason = "TooLarge"
	// UnsupportedContentType: the body is not of a type that this package reads.
	UnsupportedContentType Reason = "UnsupportedContentType"
	// Malformed: the body is not an event that names a conversation.
	Malformed Reason = "Malformed"
	// SignatureMissing: the request has no signature, or one in another form.
	SignatureMissing Reason = "SignatureMissing"
	// SignatureStale: the request was signed too long ago, or in the future.
	SignatureStale Reason = "SignatureStale"
	// SignatureWrong: no secret gives the signature.
	SignatureWrong Reason = "SignatureWrong"
)

// Error is why a request is refused. Message contains nothing of the request.
type Error struct {
	Reason  Reason
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

func malformed(message string) error { return &Error{Malformed, message} }
