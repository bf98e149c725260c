package artifacts

import (
	"fmt"
	"path"
	"strconv"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// Comparison is the result of comparing a part of the plan with a second source before it is
// sealed. It fixes the entries of that part.
type Comparison struct {
	Stamp
	Sealing plan.Sealing      `json:"sealing"`
	Found   evidence.Compared `json:"found"`
}

const comparisons = archive.WorkPrefix + "second-source/"

// ComparisonKey is the key of the Comparison before a seal.
func ComparisonKey(seal int) string { return fmt.Sprintf("%s%d%s", comparisons, seal, ending) }

// ComparisonTable is where a process writes the differences that it finds.
func ComparisonTable(seal int, by string) string {
	return fmt.Sprintf("%s%d.%s.csv", comparisons, seal, by)
}

// Orphans is what a listing of orphaned recordings found, before a part of the plan is
// closed.
type Orphans struct {
	Stamp
	Found evidence.FoundOrphans `json:"found"`
}

// OrphansKey is the key of the Orphans before a seal.
func OrphansKey(seal int) string { return fmt.Sprintf("%s%d.orphans%s", comparisons, seal, ending) }

// OrphanTable is where a process writes the orphaned recordings that it finds.
func OrphanTable(seal int, by string) string {
	return fmt.Sprintf("%s%d.orphans.%s.csv", comparisons, seal, by)
}

// OrphanTroubleKey is the key of what keeps orphaned recordings from being listed before
// a seal.
func OrphanTroubleKey(seal int) string {
	return fmt.Sprintf("%s%d.trouble%s", comparisons, seal, ending)
}

// SharedArchive names the archive of what the exports of a destination share. No
// export can have that name.
const SharedArchive = ".shared"

// Enumerated is a page of an enumeration, in the shared archive: of what an
// organisation retains, or of its orphaned recordings.
type Enumerated struct {
	Stamp
	Page    genesys.RetainedPage `json:"page,omitzero"`
	Orphans genesys.OrphanPage   `json:"orphans,omitzero"`
}

// Next is the cursor of the following page, empty on the last one.
func (e Enumerated) Next() string {
	if e.Orphans.Next > 0 {
		return strconv.Itoa(e.Orphans.Next)
	}
	return e.Page.Next
}

// IDs name what the page lists.
func (e Enumerated) IDs() []string {
	ids := make([]string, 0, len(e.Page.Recordings)+len(e.Orphans.Orphans))
	for _, r := range e.Page.Recordings {
		ids = append(ids, r.ConversationID+"/"+r.RecordingID)
	}
	for _, o := range e.Orphans.Orphans {
		ids = append(ids, o.ID)
	}
	return ids
}

// EnumerationEnd tells how an enumeration ended.
type EnumerationEnd struct {
	Stamp
	// Pages that it has.
	Pages int `json:"pages"`
	// Broken says why it cannot be continued; another one is begun then. Empty if it is
	// complete.
	Broken string `json:"broken,omitempty"`
	// Request is the last retry request of whoever ended it.
	Request string `json:"request,omitempty"`
}

// EnumerationFolder contains the enumerations of what an organisation retains, a folder
// for each day.
func EnumerationFolder(organizationID string) string { return archive.WorkPrefix + organizationID }

// OrphanFolder contains the enumerations of an organisation's orphaned recordings, a folder
// for each day.
func OrphanFolder(organizationID string) string {
	return path.Join(EnumerationFolder(organizationID), "orphans")
}

// DayFolder contains the enumerations of a day, in the folder of all of them; they count
// from 0 and all but the last are broken.
func DayFolder(folder string, day time.Time) string {
	return path.Join(folder, day.UTC().Format(time.DateOnly))
}

// PageKey is the key of a page of an enumeration of a day; pages count from 0.
func PageKey(folder string, enumeration, page int) string {
	return fmt.Sprintf("%s/%d/%08d%s", folder, enumeration, page, ending)
}

// EndKey is the key of an enumeration's EnumerationEnd.
func EndKey(folder string, enumeration int) string {
	return fmt.Sprintf("%s/%d/end%s", folder, enumeration, ending)
}
