package artifacts

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// ending of every artifact's key.
const ending = ".json"

// SurveyKey is the key of a Survey of a day; passes count from 0.
func SurveyKey(pass int, day time.Time) string {
	return fmt.Sprintf("%ssurvey/%s/%d%s", archive.WorkPrefix, day.UTC().Format(time.DateOnly), pass, ending)
}

// JobFolder contains the AnalyticsJobs that are running.
const JobFolder = archive.WorkPrefix + "jobs"

// JobKey is the key of the AnalyticsJob that is asking for a Survey.
func JobKey(pass int, day time.Time) string {
	return fmt.Sprintf("%s/%s.%d%s", JobFolder, day.UTC().Format(time.DateOnly), pass, ending)
}

// NamedLookupKey is the key of a NamedLookup; they count from 0.
func NamedLookupKey(number int) string {
	return fmt.Sprintf("%snamed/%d%s", archive.WorkPrefix, number, ending)
}

// EntryKey is the key of an Entry of the plan; they count from 0.
func EntryKey(number int) string {
	return fmt.Sprintf("%splan/%06d%s", archive.WorkPrefix, number, ending)
}

// PlanBundleKey is the key of the PlanBundle whose first entry has a number.
func PlanBundleKey(first int) string {
	return fmt.Sprintf("%splan-bundles/%06d%s", archive.WorkPrefix, first, ending)
}

// EntryNumber returns the number of the entry under a key, and whether it is one of an entry.
func EntryNumber(key string) (int, bool) {
	number, err := strconv.Atoi(strings.TrimSuffix(path.Base(key), ending))
	return number, err == nil && number >= 0 && key == EntryKey(number)
}

// MetadataFolder contains the Metadata of a group of conversations.
func MetadataFolder(group string) string { return archive.WorkPrefix + "metadata/" + group }

// MetadataKey is the key of a conversation's Metadata. The id must be a UUID.
func MetadataKey(group, conversationID string) string {
	return path.Join(MetadataFolder(group), conversationID+ending)
}

// BatchFolder contains the artifacts of one batch.
func BatchFolder(batch string) string { return archive.WorkPrefix + "batches/" + batch }

// SliceKey is the key of a batch's Slice.
func SliceKey(batch string) string { return BatchFolder(batch) + "/slice" + ending }

// InventoryKey is the key of a batch's inventory before transfer.
func InventoryKey(batch string) string { return BatchFolder(batch) + "/inventory" + ending }

// HoldKey is the key of a group's Hold.
func HoldKey(group string) string { return archive.WorkPrefix + "holds/" + group + ending }

// ClosingKey is the key of a batch's Closing.
func ClosingKey(batch string) string { return BatchFolder(batch) + "/closing" + ending }

// OutcomeKey is the key of a batch's inventory after transfer.
func OutcomeKey(batch string) string { return BatchFolder(batch) + "/outcome" + ending }

// RequestFolder contains a batch's Requests.
func RequestFolder(batch string) string { return BatchFolder(batch) + "/requests" }

// RequestKey is the key of the nth Request of a try; both count from 0.
func RequestKey(batch string, try, n int) string {
	return fmt.Sprintf("%s/%04d-%04d%s", RequestFolder(batch), try, n, ending)
}

// AnswerFolder contains the Answers to a batch's Requests.
func AnswerFolder(batch string) string { return BatchFolder(batch) + "/answers" }

// AnswerKey is the key of the Answer to a Request. Its id must be a UUID.
func AnswerKey(batch, requestID string) string { return AnswerFolder(batch) + "/" + requestID + ending }

// SetAsideFolder contains the recordings that a batch has SetAside.
func SetAsideFolder(batch string) string { return BatchFolder(batch) + "/aside" }

// SetAsideKey is the key of a recording's SetAside. Both its ids must be UUIDs.
func SetAsideKey(batch string, ref genesys.RecordingRef) string {
	return fmt.Sprintf("%s/%s.%s%s", SetAsideFolder(batch), ref.ConversationID, ref.RecordingID, ending)
}

// FileFolder contains the StoredFiles of a batch.
func FileFolder(batch string) string { return BatchFolder(batch) + "/files" }

// FileKey is the key of the StoredFile that is the nth of a recording, counting
// from 1. Both ids of the recording must be UUIDs.
func FileKey(batch string, ref genesys.RecordingRef, nn int) string {
	return fmt.Sprintf("%s/%s.%s.%02d%s", FileFolder(batch), ref.ConversationID, ref.RecordingID, nn, ending)
}

// restorationFolder contains what is recorded about the restorations of a slice's
// recordings from Genesys Cloud's archive.
func restorationFolder(slice Slice, kind string) string {
	return archive.WorkPrefix + "restorations/" + slice.Group + "/" + strings.ToLower(string(slice.Lane)) + "/" + kind
}

// RestorationFolder contains a slice's Restorations.
func RestorationFolder(slice Slice) string { return restorationFolder(slice, "ended") }

// RestorationKey is the key of a conversation's Restoration. The id must be a UUID.
func RestorationKey(slice Slice, conversationID string) string {
	return path.Join(RestorationFolder(slice), conversationID+ending)
}

// AttemptFolder contains a slice's Attempts.
func AttemptFolder(slice Slice) string { return restorationFolder(slice, "attempts") }

// AttemptKey is the key of the RestorationAttempt to restore a recording. Both its ids must be UUIDs.
func AttemptKey(slice Slice, ref genesys.RecordingRef) string {
	return path.Join(AttemptFolder(slice), ref.ConversationID+"."+ref.RecordingID+ending)
}

// RefusalFolder contains a slice's Refusals.
func RefusalFolder(slice Slice) string { return restorationFolder(slice, "refusals") }

// RefusalKey is the key of the RestorationRefusal to restore a recording. Both its ids must be UUIDs.
func RefusalKey(slice Slice, ref genesys.RecordingRef) string {
	return path.Join(RefusalFolder(slice), ref.ConversationID+"."+ref.RecordingID+ending)
}

// RunFolder contains the Runs of a batch.
func RunFolder(batch string) string { return BatchFolder(batch) + "/runs" }

// RunKey is the key of a process's Run.
func RunKey(batch, run string) string { return RunFolder(batch) + "/" + run + ending }

// BagSignatureKey is the key of what is signed of a batch's bag.
func BagSignatureKey(batch string) string {
	return archive.WorkPrefix + "signatures/bags/" + batch + ending
}

// SealSignatureKey is the key of what is signed of a seal; they count from 1.
func SealSignatureKey(number int) string {
	return fmt.Sprintf("%ssignatures/seals/%d%s", archive.WorkPrefix, number, ending)
}
