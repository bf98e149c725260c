// Package bulk decides about the recording bulk jobs of Genesys Cloud, which export into the
// organisation's own bucket: whose turn it is, whether a job found what it should, how a job
// that failed is halved, whether a job exists whose creation got no answer, and which object in
// the bucket is which recording.
//
// All of it is pure functions of what their caller knows. The package neither calls Genesys
// Cloud nor reads a bucket nor knows a clock.
package bulk

// Recording names one recording.
type Recording struct {
	ConversationID, RecordingID string
}
