package artifacts

import (
	"fmt"
	"path"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Comparison is what the comparison with a second source found, before a part of
// the plan is closed. It fixes which part that is.
type Comparison struct {
	Stamp
	Sealing Sealing           `json:"sealing"`
	Found   evidence.Compared `json:"found"`
}

const comparisons = archive.WorkPrefix + "second-source/"

// ComparisonKey is the key of the Comparison before a seal.
func ComparisonKey(seal int) string { return fmt.Sprintf("%s%d%s", comparisons, seal, ending) }

// ComparisonTable is where a process writes the differences that it finds.
func ComparisonTable(seal int, by string) string {
	return fmt.Sprintf("%s%d.%s.csv", comparisons, seal, by)
}

// SharedArchive names the archive of what the exports of a destination share. No
// export can have that name.
const SharedArchive = ".shared"

// Enumerated is a page of an enumeration of what an organisation retains, in the
// shared archive.
type Enumerated struct {
	Stamp
	Page genesys.RetainedPage `json:"page"`
}

// EnumerationEnd tells how an enumeration ended.
type EnumerationEnd struct {
	Stamp
	// Pages that it has.
	Pages int `json:"pages"`
	// Broken says why it cannot go on; it is then begun anew. Empty if it is complete.
	Broken string `json:"broken,omitempty"`
}

// EnumerationFolder holds the enumerations of an organisation, a folder for each day.
func EnumerationFolder(organizationID string) string { return archive.WorkPrefix + organizationID }

// DayFolder holds the enumerations of a day; they count from 0 and all but the
// last are broken.
func DayFolder(organizationID string, day time.Time) string {
	return path.Join(EnumerationFolder(organizationID), day.UTC().Format(time.DateOnly))
}

// PageKey is the key of a page of an enumeration of a day; pages count from 0.
func PageKey(folder string, enumeration, page int) string {
	return fmt.Sprintf("%s/%d/%08d%s", folder, enumeration, page, ending)
}

// EndKey is the key of an enumeration's EnumerationEnd.
func EndKey(folder string, enumeration int) string {
	return fmt.Sprintf("%s/%d/end%s", folder, enumeration, ending)
}
