package verify

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Kind is what sort of wrong a finding is.
type Kind string

// The kinds of findings.
const (
	// Missing: something that is listed is not there.
	Missing Kind = "Missing"
	// Planted: something is there that nothing lists.
	Planted Kind = "Planted"
	// Altered: bytes are not the ones that a digest was taken of.
	Altered Kind = "Altered"
	// Irregular: what should be a file is a link or something else.
	Irregular Kind = "Irregular"
	// Name: a name that does not mean the same everywhere.
	Name Kind = "Name"
	// Malformed: a file is not of the form that it has to have.
	Malformed Kind = "Malformed"
	// LogChain: a custody log was changed, cut or rebuilt.
	LogChain Kind = "LogChain"
	// SealChain: seals do not follow each other.
	SealChain Kind = "SealChain"
	// Contradiction: two places of the archive say different things.
	Contradiction Kind = "Contradiction"
	// Account: a number is not the one that the lines add up to.
	Account Kind = "Account"
	// Coverage: a part of the window is not accounted for.
	Coverage Kind = "Coverage"
	// Unsealed: something is in no seal, so that nothing proves it.
	Unsealed Kind = "Unsealed"
	// Unsigned: a signature is missing.
	Unsigned Kind = "Unsigned"
	// Signature: a signature does not fit what it is said to sign.
	Signature Kind = "Signature"
	// UntrustedKey: a signature is by a key that nobody vouched for.
	UntrustedKey Kind = "UntrustedKey"
	// Identity: the archive is another export's than it has to be.
	Identity Kind = "Identity"
	// Unfinished: a seal was begun, and nobody finishes it. It is found only for who knows
	// that (Options.Making, Options.Abandoned).
	Unfinished Kind = "Unfinished"
	// Unreadable: something could not be read, so that it is not judged.
	Unreadable Kind = "Unreadable"
)

// Finding is one thing that is wrong.
type Finding struct {
	Kind Kind `json:"kind"`
	// Path is where it is wrong, from the archive's root.
	Path string `json:"path"`
	// Says is what is wrong there.
	Says string `json:"says"`
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s [%s]", Printable(f.Path), Printable(f.Says), f.Kind)
}

// Place is the bag or seal that it is in, "." if it is in none.
func (f Finding) Place() string { return placeOf(f.Path) }

// Printable makes text from an archive fit for a terminal: whoever planted it must
// not be able to draw there.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

const (
	// mostFindings bounds what is kept of one verification. An archive with more is
	// no more broken than one with as many.
	mostFindings = 10000
	// mostAlike bounds what is kept of one cause, so that what follows from one
	// broken list leaves room for everything else.
	mostAlike = 1000
)

// cause is what findings have in common that are likely to come from one fault:
// their kind, and the bag or seal they are in. wide tells that what they compare is
// not in that bag alone.
type cause struct {
	kind  Kind
	place string
	wide  bool
}

func placeOf(name string) string {
	parts := strings.SplitN(name, "/", 3)
	if len(parts) < 2 || parts[0] != "bags" && parts[0] != "seals" {
		return "."
	}
	return parts[0] + "/" + parts[1]
}

// share is how many findings of a cause are kept, and how many are only counted.
type share struct {
	kept int
	left int64
}

// findings collects what is found, from everywhere at once.
type findings struct {
	mu     sync.Mutex
	list   []Finding
	causes map[cause]*share
	// unjudged are the lists and logs that could not be read, and unlisted the folders
	// that could not be listed.
	unjudged, unlisted map[string]bool
	// unsure are the bags and seals of the former.
	unsure map[string]bool
	// wide is true if a finding compares more than its own bag.
	wide map[Finding]bool
}

// fault adds a finding. At least one of each cause is kept, however many there are:
// an archive that has a fault must not seem to have none, or another one only.
func (f *findings) fault(kind Kind, at, format string, arguments ...any) {
	f.addFinding(cause{kind, placeOf(at), !strings.HasPrefix(at, "bags/")}, at, format, arguments...)
}

// fault adds a finding that follows from several bags and seals.
func (c *census) fault(kind Kind, at, format string, arguments ...any) {
	c.addFinding(cause{kind, placeOf(at), true}, at, format, arguments...)
}

func (f *findings) addFinding(of cause, at, format string, arguments ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	share := f.of(of)
	if share.kept == mostAlike || share.kept > 0 && len(f.list) >= mostFindings {
		share.left++
		return
	}
	share.kept++
	found := Finding{of.kind, at, fmt.Sprintf(format, arguments...)}
	f.list = append(f.list, found)
	if of.wide {
		f.wide[found] = true
	}
}

// of is the share of a cause. f.mu is locked.
func (f *findings) of(c cause) *share {
	if f.causes == nil {
		f.causes, f.wide = map[cause]*share{}, map[Finding]bool{}
	}
	if f.causes[c] == nil {
		f.causes[c] = &share{}
	}
	return f.causes[c]
}

// leaveUnjudged notes that a list or a log could not be read: what is compared with it
// is not judged.
func (f *findings) leaveUnjudged(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unjudged == nil {
		f.unjudged, f.unsure = map[string]bool{}, map[string]bool{}
	}
	f.unjudged[name], f.unsure[placeOf(name)] = true, true
}

// wasRead reports whether a list or a log could be read, or is not there.
func (f *findings) wasRead(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.unjudged[name]
}

// unlistable notes that a folder cannot be listed: what may be in it is not missed.
func (f *findings) unlistable(name string, err error) {
	f.leaveUnjudged(name)
	f.fault(Unreadable, name, "cannot be listed: %v", reason(err))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unlisted == nil {
		f.unlisted = map[string]bool{}
	}
	f.unlisted[name] = true
}

// isUnlisted reports whether something is in a folder that cannot be listed, or is one.
func (f *findings) isUnlisted(name string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for ; len(f.unlisted) > 0 && name != "."; name = path.Dir(name) {
		if f.unlisted[name] {
			return true
		}
	}
	return false
}

// isJudged reports whether what findings of a cause compare could all be read: what a bag
// says of itself, in its own lists and export.json; what adds up, in those of all bags
// and seals. What compares nothing is judged in any case.
func (f *findings) isJudged(c cause) bool {
	switch c.kind {
	case Contradiction, Account, Coverage:
	default:
		return true
	}
	return !c.wide && !f.unsure[c.place] && !f.unsure["."] || len(f.unsure) == 0
}

// sorted is what was found, in the order of paths, each finding once, and how many
// there are beyond those.
func (f *findings) sorted() (list []Finding, more int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(found Finding) bool { return !f.isJudged(cause{found.Kind, found.Place(), f.wide[found]}) })
	slices.SortFunc(f.list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Says, b.Says))
	})
	f.list = slices.Compact(f.list)
	for c, share := range f.causes {
		if f.isJudged(c) {
			more += share.left
		}
	}
	return f.list, more
}
