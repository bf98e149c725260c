package artifacts

import (
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// Trouble tells since when something has been failing, and the first error.
type Trouble struct {
	Stamp
	Why string `json:"why"`
}

// HoldTroubleKey is the key of what keeps the operator from querying the legal holds of a survey.
func HoldTroubleKey(pass int, day time.Time) string {
	return fmt.Sprintf("%shold-trouble/%s.%d%s", archive.WorkPrefix, day.UTC().Format(time.DateOnly), pass, ending)
}
