package artifacts

import (
	"fmt"
	"path"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// BulkExecution tells that a bulk job is told to run, because it has found what it should. It is
// recorded before the request, which has no effect if it is made twice.
type BulkExecution struct {
	Stamp
	Part   string `json:"part"`
	Number int    `json:"number"`
	// Conversations and Recordings are how many of them the job has found, and Skipped how many of the
	// recordings it skips.
	Conversations int `json:"conversations"`
	Recordings    int `json:"recordings"`
	Skipped       int `json:"skipped,omitempty"`
	// Listed is how many recordings are listed, and Available how many of these can be exported.
	Listed    int `json:"listed"`
	Available int `json:"available"`
}

// BulkExecutionFolder contains the BulkExecutions of a batch.
func BulkExecutionFolder(batch string) string { return bulkFolder(batch, "executed") }

// BulkExecutionKey is the key of the BulkExecution of the nth attempt for a part.
func BulkExecutionKey(batch, part string, number int) string {
	return bulkKey(batch, "executed", part, number)
}

// Relisted is a later listing of the recordings of a conversation than its Metadata. A bulk job that
// finds more recordings than are listed has the conversations listed again. All batches of a group
// use the same listing: that of the highest number, up to the one that says that it is final.
type Relisted struct {
	Stamp
	ConversationID string `json:"conversationId"`
	// Metadata lists recordings that the listing before does not. It is nil if that one is final.
	Metadata *Metadata `json:"metadata,omitempty"`
}

// RelistedFolder contains the Relisteds of a group of conversations.
func RelistedFolder(group string) string { return archive.WorkPrefix + "relisted/" + group }

// RelistedName names a Relisted within its group. They count from 0. The id must be a UUID.
func RelistedName(conversationID string, number int) string {
	return fmt.Sprintf("%s.%d", conversationID, number)
}

// RelistedKey is the key of the Relisted with a name.
func RelistedKey(group, name string) string { return path.Join(RelistedFolder(group), name+ending) }
