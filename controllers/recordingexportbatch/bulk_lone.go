package recordingexportbatch

import (
	"time"

	"github.com/gcexport/recording-export-operator/internal/bulk"
)

// loneFor is how long a file is not used while it has no metadata beside it. Genesys Cloud documents that
// each file has some. They may come after the file, and only they tell whether the file is whole.
const loneFor = 10 * time.Minute

// loneFiles are files without metadata beside them, with when this process saw each for the first time.
type loneFiles map[bulk.Object]time.Time

// await tells whether the metadata of one of a recording's files are awaited. An empty file cannot be the
// recording, whatever its metadata say.
func (l loneFiles) await(found bulk.Found, now time.Time) (awaited bool) {
	for _, file := range found.Files {
		if file.Metadata != "" || file.Size <= 0 {
			continue
		}
		if _, known := l[file.Object]; !known {
			l[file.Object] = now
		}
		awaited = awaited || now.Sub(l[file.Object]) < loneFor
	}
	return awaited
}
