package artifacts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// BulkAttempt is the creation of a recording bulk job. It is recorded before the request, which
// must not be made twice.
type BulkAttempt struct {
	Stamp
	// Part names the conversations, in the batch's order: bulk.Part.Name.
	Part string `json:"part"`
	// Number counts the attempts for the part, from 0.
	Number int `json:"number"`
	// ClientID is the OAuth client that creates the job: only that client can execute it.
	ClientID string            `json:"clientId"`
	Query    genesys.BulkQuery `json:"query"`
	// Recordings is how many wanted recordings the job is to export.
	Recordings int `json:"recordings"`
}

// BulkRunning tells that a bulk job of a batch may exist and has not ended. It is recorded before
// the attempt, and removed after its end is recorded. So whoever has to end the jobs of an export
// need not look at all batches.
type BulkRunning struct {
	Stamp
	Batch  string `json:"batch"`
	Part   string `json:"part"`
	Number int    `json:"number"`
}

// BulkRunningFolder contains the BulkRunnings of an export.
const BulkRunningFolder = archive.WorkPrefix + "bulk-running"

// BulkRunningKey is the key of the BulkRunning of the nth attempt for a part of a batch.
func BulkRunningKey(batch, part string, number int) string {
	return fmt.Sprintf("%s/%s.%s.%d%s", BulkRunningFolder, batch, part, number, ending)
}

// BulkCreated is the job that an attempt created.
type BulkCreated struct {
	Stamp
	Part   string         `json:"part"`
	Number int            `json:"number"`
	Job    genesys.Ticket `json:"job"`
	// Found tells that the answer to the request was lost, and the job was found in the list of
	// jobs.
	Found bool `json:"found,omitempty"`
}

// BulkEnd is how an attempt ended.
type BulkEnd struct {
	Stamp
	Part   string `json:"part"`
	Number int    `json:"number"`
	// JobID is empty if no job was created.
	JobID string `json:"jobId,omitempty"`
	// State is the last state of the job, empty if it was not created or is gone.
	State genesys.BulkState `json:"state,omitempty"`
	// Why is what follows for the part.
	Why    BulkWhy `json:"why"`
	Detail string  `json:"detail,omitempty"`
	// RefusesOnlyScreens tells that Genesys Cloud refused a job for screen recordings alone. The
	// batch's next attempts ask for all recordings of the conversations.
	RefusesOnlyScreens bool `json:"refusesOnlyScreens,omitempty"`
	// Refused tells that Genesys Cloud refused to create the job although the organisation could have
	// another one.
	Refused bool `json:"refused,omitempty"`
	// FailedRecordings are those that the job could not export, as Genesys Cloud lists them.
	FailedRecordings []genesys.RecordingRef `json:"failedRecordings,omitempty"`
	// Totals are those of the job, 0 if it was not created.
	Totals genesys.BulkTotals `json:"totals"`
}

// BulkWhy says what the end of an attempt means.
type BulkWhy string

// What the end of an attempt means.
const (
	// BulkFulfilled: the job exports its recordings.
	BulkFulfilled BulkWhy = "Fulfilled"
	// BulkFailed: the job failed, or was refused, so its part is halved.
	BulkFailed BulkWhy = "Failed"
	// BulkMismatch: the job found other recordings than the inventory lists, and was cancelled.
	// The recordings of the part are downloaded.
	BulkMismatch BulkWhy = "Mismatch"
	// BulkRelisted: the job found more recordings than the inventory lists, and was cancelled. The
	// conversations of the part were listed again, and the part gets another attempt.
	BulkRelisted BulkWhy = "Relisted"
	// BulkUnfinished: the deadline was used up. The recordings of the part are downloaded.
	BulkUnfinished BulkWhy = "Unfinished"
	// BulkVoid: there is no job, or it was cancelled for the time being. The part gets another
	// attempt.
	BulkVoid BulkWhy = "Void"
)

// BulkRefused is an object of the bucket that is not used.
type BulkRefused struct {
	Stamp
	genesys.RecordingRef
	Location string `json:"location"`
	ETag     string `json:"etag,omitempty"`
	Size     int64  `json:"size"`
	Detail   string `json:"detail"`
}

// BulkDone tells that nothing more is expected of bulk jobs: the batch downloads what they did not
// export.
type BulkDone struct {
	Stamp
	// Detail is why, empty if every job has exported everything.
	Detail string `json:"detail,omitempty"`
	// Missing are recordings that fulfilled jobs should have put into the bucket and that were not there
	// at the deadline, as far as Genesys Cloud tells something about them.
	Missing []BulkMissing `json:"missing,omitempty"`
	// Relisted names the Relisteds from which the inventory of the batch follows (RelistedName).
	Relisted []string `json:"relisted,omitempty"`
}

// BulkMissing is a recording that was missing in the bucket.
type BulkMissing struct {
	genesys.RecordingRef
	// ExportedDate is when Genesys Cloud says that it exported the recording, as received; empty if it does
	// not say so.
	ExportedDate string `json:"exportedDate,omitempty"`
}

// bulkFolder contains what is recorded about the bulk jobs of a batch.
func bulkFolder(batch, kind string) string { return BatchFolder(batch) + "/bulk/" + kind }

// bulkKey is the key of what is recorded about the nth attempt for a part.
func bulkKey(batch, kind, part string, number int) string {
	return fmt.Sprintf("%s/%s.%d%s", bulkFolder(batch, kind), part, number, ending)
}

// BulkAttemptFolder contains the BulkAttempts of a batch.
func BulkAttemptFolder(batch string) string { return bulkFolder(batch, "attempts") }

// BulkAttemptKey is the key of the nth BulkAttempt for a part.
func BulkAttemptKey(batch, part string, number int) string {
	return bulkKey(batch, "attempts", part, number)
}

// BulkCreatedFolder contains the BulkCreateds of a batch.
func BulkCreatedFolder(batch string) string { return bulkFolder(batch, "created") }

// BulkCreatedKey is the key of the BulkCreated of the nth attempt for a part.
func BulkCreatedKey(batch, part string, number int) string {
	return bulkKey(batch, "created", part, number)
}

// BulkEndFolder contains the BulkEnds of a batch.
func BulkEndFolder(batch string) string { return bulkFolder(batch, "ended") }

// BulkEndKey is the key of the BulkEnd of the nth attempt for a part.
func BulkEndKey(batch, part string, number int) string {
	return bulkKey(batch, "ended", part, number)
}

// BulkRefusedFolder contains the BulkRefuseds of a batch.
func BulkRefusedFolder(batch string) string { return bulkFolder(batch, "refused") }

// BulkRefusedKey is the key of the BulkRefused of an object. Both ids of the recording must be
// UUIDs.
func BulkRefusedKey(batch string, ref genesys.RecordingRef, location, etag string) string {
	digest := sha256.Sum256([]byte(location + "\n" + etag))
	return fmt.Sprintf("%s/%s.%s.%s%s", BulkRefusedFolder(batch), ref.ConversationID, ref.RecordingID, hex.EncodeToString(digest[:]), ending)
}

// BulkDoneKey is the key of a batch's BulkDone.
func BulkDoneKey(batch string) string { return BatchFolder(batch) + "/bulk/done" + ending }
