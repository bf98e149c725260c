package artifacts

import (
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// FailedJob is an analytics job that the operator ended because it gave no answer. It is
// recorded before the job is ended, and removed once the survey has an answer or starts again.
type FailedJob struct {
	Stamp
	Job genesys.Ticket `json:"job"`
	// Why it was ended.
	Why string `json:"why"`
	// Request is the last retry request before.
	Request string `json:"request,omitempty"`
}

// FailedJobFolder contains the FailedJobs of a survey of a day.
func FailedJobFolder(pass int, day time.Time) string {
	return fmt.Sprintf("%sfailed-jobs/%s.%d", archive.WorkPrefix, day.UTC().Format(time.DateOnly), pass)
}

// FailedJobKey is the key of a survey's nth FailedJob; they count from 0.
func FailedJobKey(pass int, day time.Time, n int) string {
	return fmt.Sprintf("%s/%06d%s", FailedJobFolder(pass, day), n, ending)
}
