package verify

import (
	"cmp"
	"fmt"
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
	// LogChain: a custody log was changed, cut or put together anew.
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
// their kind, and the bag or seal they are in.
type cause struct {
	kind  Kind
	place string
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
	// unjudged are the bags and seals with a list or log that could not be read.
	unjudged []string
}

// fault adds a finding. At least one of each cause is kept, however many there are:
// an archive that has a fault must not seem to have none, or another one only.
func (f *findings) fault(kind Kind, path, format string, arguments ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	share := f.of(cause{kind, placeOf(path)})
	if share.kept == mostAlike || share.kept > 0 && len(f.list) >= mostFindings {
		share.left++
		return
	}
	share.kept++
	f.list = append(f.list, Finding{kind, path, fmt.Sprintf(format, arguments...)})
}

// of is the share of a cause. f.mu is held.
func (f *findings) of(c cause) *share {
	if f.causes == nil {
		f.causes = map[cause]*share{}
	}
	if f.causes[c] == nil {
		f.causes[c] = &share{}
	}
	return f.causes[c]
}

// leaveUnjudged notes that a list or a log could not be read: what its bag or seal
// is compared with is not judged.
func (f *findings) leaveUnjudged(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unjudged = append(f.unjudged, placeOf(name))
}

// isJudged tells whether what findings of a cause compare could all be read. What a
// bag consists of follows from its own lists and from the seals; what adds up, from
// those of all bags.
func (f *findings) isJudged(c cause) bool {
	switch c.kind {
	case Contradiction, Account, Coverage:
		return len(f.unjudged) == 0
	case Planted, SealChain, Unsealed, Unsigned:
		return !slices.ContainsFunc(f.unjudged, func(place string) bool {
			return place == c.place || !strings.HasPrefix(place, "bags/")
		})
	default:
		return true
	}
}

// sorted is what was found, in the order of paths, each finding once, and how many
// there are beyond those.
func (f *findings) sorted() (list []Finding, more int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(found Finding) bool { return !f.isJudged(cause{found.Kind, found.Place()}) })
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
