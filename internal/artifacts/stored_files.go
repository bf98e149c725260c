package artifacts

import (
	"fmt"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// Received is the digest of a recording's file that arrived completely. It is recorded before
// the file is stored, so that a file in the bag without a StoredFile can be told from one that
// somebody else has put there.
type Received struct {
	Stamp
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
}

// ReceivedKey is the key of a Received: of the nth file of a recording, with a content.
// Both ids must be UUIDs.
func ReceivedKey(batch string, f evidence.File, nn int) string {
	return fmt.Sprintf("%s/received/%s.%s.%02d.%s%s", BatchFolder(batch), f.ConversationID, f.RecordingID, nn, f.SHA256, ending)
}

// StoredFile is a file of a recording that is in the batch's bag, or to which the bag refers.
type StoredFile struct {
	Stamp
	evidence.File
	// Number counts the files of a recording, from 1.
	Number int `json:"number"`
	// Adopted tells that the file was found stored, by a process that ended
	// before it could note so.
	Adopted bool `json:"adopted,omitempty"`
	// ByBulkJob tells that a bulk job exported the file: the id of its request is that of the job.
	ByBulkJob bool `json:"byBulkJob,omitempty"`
	// CopiedFrom is the object of which the file is a copy, nil if it is not one.
	CopiedFrom *evidence.Reference `json:"copiedFrom,omitempty"`
}
