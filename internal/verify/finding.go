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

// mostFindings bounds what is kept of one verification. An archive with more is
// no more broken than one with as many.
const mostFindings = 10000

// findings collects what is found, from everywhere at once.
type findings struct {
	mu   sync.Mutex
	list []Finding
	// left is how many were found beyond mostFindings.
	left int64
	// unjudged are the bags and seals with a list or log that could not be read.
	unjudged []string
}

// fault adds a finding.
func (f *findings) fault(kind Kind, path, format string, arguments ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) == mostFindings {
		f.left++
		return
	}
	f.list = append(f.list, Finding{kind, path, fmt.Sprintf(format, arguments...)})
}

// leaveUnjudged notes that a list or a log could not be read: what its bag or seal
// is compared with is not judged.
func (f *findings) leaveUnjudged(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	parts := strings.SplitN(name, "/", 3)
	f.unjudged = append(f.unjudged, strings.Join(parts[:min(len(parts), 2)], "/"))
}

// isJudged tells whether what a finding compares could all be read. What a bag
// consists of follows from its own lists and from the seals; what adds up, from
// those of all bags.
func (f *findings) isJudged(found Finding) bool {
	switch found.Kind {
	case Contradiction, Account, Coverage:
		return len(f.unjudged) == 0
	case Planted, SealChain, Unsealed, Unsigned:
		return !slices.ContainsFunc(f.unjudged, func(place string) bool {
			isBag := strings.HasPrefix(place, "bags/")
			return !isBag || found.Path == place || strings.HasPrefix(found.Path, place+"/")
		})
	default:
		return true
	}
}

// sorted is what was found, in the order of paths, each finding once.
func (f *findings) sorted() []Finding {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(found Finding) bool { return !f.isJudged(found) })
	slices.SortFunc(f.list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Says, b.Says))
	})
	f.list = slices.Compact(f.list)
	return f.list
}
