package exportdestination

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// result is the result of a run.
type result struct {
	exports            int32
	files, bytes       int64
	faults, unreadable int64
	// unfinished counts seals that were begun and will not be finished.
	unfinished int64
	// firstFaults and the others are the first of each, as the status lists them.
	firstFaults, firstUnreadable, firstUnfinished []string
	// unchecked counts the files outside the archives that were not read.
	unchecked int64
	// unlisted says why earlier versions of seals of an archive could not be listed, empty if
	// they could.
	unlisted string
}

// The bounds of status.verification.findings: how many there are, and how many
// letters each has.
const (
	maxListed     = 3
	longestListed = 500
)

// add adds what was found in an archive.
func (r *result) add(name string, of found) {
	if of.files > 0 {
		r.exports++
	}
	r.unlisted = cmp.Or(r.unlisted, of.unlisted)
	r.files += of.files
	r.unchecked += of.unchecked
	r.bytes += of.bytes
	switch {
	case slices.ContainsFunc(of.findings, isFault):
		r.faults += of.more
	case len(of.findings) > 0:
		r.unreadable += of.more
	}
	counted := map[fault]bool{}
	for _, f := range of.findings {
		if !counted[faultOf(f)] {
			r.addFinding(path.Join(name, f.Path), f.Kind)
		}
		counted[faultOf(f)] = true
	}
}

// isFault reports whether a finding is a fault, and not only unreadable or unfinished.
func isFault(f verify.Finding) bool {
	return f.Kind != verify.Unreadable && f.Kind != verify.Unfinished
}

// addMissing adds a fault for each archive that has a seal according to its export and
// does not exist.
func (r *result) addMissing(exports map[string]*v1alpha1.RecordingExport, archives []string) {
	for _, name := range slices.Sorted(maps.Keys(exports)) {
		if sealNamedBy(exports[name]).Number > 0 && !slices.Contains(archives, name) {
			r.addFinding(name, verify.Missing)
		}
	}
}

// addFinding counts a finding, and lists it if it is among the first of its kind.
func (r *result) addFinding(at string, kind verify.Kind) {
	count, listed := &r.faults, &r.firstFaults
	switch kind {
	case verify.Unreadable:
		count, listed = &r.unreadable, &r.firstUnreadable
	case verify.Unfinished:
		count, listed = &r.unfinished, &r.firstUnfinished
	default:
	}
	*count++
	if len(*listed) < maxListed {
		*listed = append(*listed, shortened(verify.Printable(at), " ("+string(kind)+")"))
	}
}

// shortened is a path, which somebody else may have chosen, cut so that it fits with end
// behind it.
func shortened(at, end string) string {
	if runes, most := []rune(at), longestListed-len(end); len(runes) > most {
		at = string(runes[:most-1]) + "…"
	}
	return at + end
}
