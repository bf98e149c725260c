package exportdestination

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// result is what a round found.
type result struct {
	exports            int32
	files, bytes       int64
	faults, unreadable int64
	// unfinished are seals that nobody finishes.
	unfinished int64
	// firstFaults and the others are the first of each, as the status lists them.
	firstFaults, firstUnreadable, firstUnfinished []string
	// unlisted says why earlier versions of seals of an archive could not be listed, empty if
	// they could.
	unlisted string
}

// The bounds of status.verification.findings: how many there are, and how many
// letters each has.
const (
	mostListed    = 3
	longestListed = 500
)

// add takes in what was found of the archive of this name.
func (r *result) add(name string, of found) {
	if of.files > 0 {
		r.exports++
	}
	r.unlisted = cmp.Or(r.unlisted, of.unlisted)
	r.files += of.files
	r.bytes += of.bytes
	switch {
	case slices.ContainsFunc(of.findings, isFault):
		r.faults += of.more
	case len(of.findings) > 0:
		r.unreadable += of.more
	}
	noted := map[fault]bool{}
	for _, f := range of.findings {
		if !noted[faultOf(f)] {
			r.note(path.Join(name, f.Path), f.Kind)
		}
		noted[faultOf(f)] = true
	}
}

// isFault tells whether something is wrong, and not only unread, or left unfinished.
func isFault(f verify.Finding) bool {
	return f.Kind != verify.Unreadable && f.Kind != verify.Unfinished
}

// miss takes in the archives that exports have sealed and that are not there; a
// folder of that name without one is none.
func (r *result) miss(seals map[string]v1alpha1.SealStatus, there []string) {
	for _, name := range slices.Sorted(maps.Keys(seals)) {
		if seals[name].Number > 0 && !slices.Contains(there, name) {
			r.note(name, verify.Missing)
		}
	}
}

func (r *result) note(at string, kind verify.Kind) {
	count, listed := &r.faults, &r.firstFaults
	switch kind {
	case verify.Unreadable:
		count, listed = &r.unreadable, &r.firstUnreadable
	case verify.Unfinished:
		count, listed = &r.unfinished, &r.firstUnfinished
	default:
	}
	*count++
	if len(*listed) < mostListed {
		*listed = append(*listed, short(verify.Printable(at), " ("+string(kind)+")"))
	}
}

// short puts an end to a path that somebody else may have made, cut if need be.
func short(at, end string) string {
	if runes, most := []rune(at), longestListed-len(end); len(runes) > most {
		at = string(runes[:most-1]) + "…"
	}
	return at + end
}
