package specimen

import (
	"bytes"
	"iter"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// orphans lists recordings 71 and 72, which are attached to no conversation; of the
// second it is not known when it was created.
func (a *Archive) orphans() *evidence.FoundOrphans {
	a.Helper()
	all := func(yield func(genesys.Orphan, error) bool) {
		for n, created := range []time.Time{Day.Add(time.Hour), {}} {
			if !yield(genesys.Orphan{ID: ID(71 + n), Created: created, Medium: genesys.Call, MediaAsReceived: "CALL", Size: 7, FileState: genesys.FileAvailable, Status: "NO_CONVERSATION"}, nil) {
				return
			}
		}
	}
	var table bytes.Buffer
	found, err := evidence.ListOrphans(&table, iter.Seq2[genesys.Orphan, error](all), evidence.Span{Start: Day, End: Day.AddDate(0, 0, 1)},
		func() (map[string]bool, error) { return nil, nil })
	a.must(err)
	found.At, found.Table = a.at(10), ".work/orphans.csv"
	a.Write(found.Table, table.Bytes())
	return &found
}
