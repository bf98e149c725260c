package evidence

import (
	"cmp"
	"io/fs"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// Bounds of the lists of findings. The counts have no bound.
const (
	// MostListed bounds each list of lines.
	MostListed = 500
	// mostSeals bounds the list of seals: a month of an export without an end.
	mostSeals = 31
)

// Findings are what the seals of an export tell, beside the account: what is
// missing now, what was left out, and what happened on the way.
type Findings struct {
	// Seals, the newest ones, in order. The one that is being made has no digest yet.
	Seals []SealRef
	// Bags of all seals, in order.
	Bags []FoundBag
	// Missing lists the first gaps that no later seal has closed, along their start.
	Missing []Missing
	// Gaps and Excluded count by reason.
	Gaps, Excluded []ReasonCount
	// Unbatched are the hours in which conversations started that are in no bag.
	Unbatched []UnbatchedHour
	// HoldChanges lists the first conversations of which not every answer about their
	// legal hold was the same, HoldsChanged counts all, each once.
	HoldChanges  []HoldChange
	HoldsChanged int64
	// Moves tells when conversations went to another lane before their transfer.
	Moves []Event
	// Isolated tells what kept failing and was retried apart from everything else.
	Isolated Isolation
	// Retries tells when what was missing was requested again.
	Retries []Event
	// Retried counts the lines that replace others, by what became of them.
	Retried Counts
	// Differences counts in what the account and the second source differ. Of what the
	// account does not know, Unknown lists the first.
	Differences []DifferenceCount
	Unknown     []Unknown
	// Orphans lists the first recordings that are attached to no conversation.
	Orphans []FoundOrphan
	// Restorations is what became of the dates of recordings that were restored.
	Restorations Restorations
	// Surveys is how often a part of the window was surveyed, from FirstSurvey to LastSurvey.
	Surveys                 int64
	FirstSurvey, LastSurvey time.Time
}

// FoundBag is a bag as a seal lists it.
type FoundBag struct {
	BagRef
	Seal int
	// Digest is the SHA-256 of its tag manifest.
	Digest string
	Counts
	Files, Bytes int64
	// Gaps of the bag that no later seal has closed.
	Gaps int64
}

// Missing is a gap: a recording, or a conversation if RecordingID is empty.
type Missing struct {
	ConversationID, RecordingID string
	Start                       time.Time
	Medium                      genesys.Medium
	Reason, Detail, Bag         string
}

// ReasonCount counts recordings and conversations with a reason.
type ReasonCount struct {
	Reason                    string
	Recordings, Conversations int64
}

// UnbatchedHour counts the conversations in no bag that started in an hour. Hours are
// counted from the begin of the window.
type UnbatchedHour struct {
	Hour           time.Time
	Excluded, Gaps int64
}

// HoldChange is a conversation of which not every answer about its legal hold was
// the same. An answer is zero if it was not asked for.
type HoldChange struct {
	ConversationID                      string
	Start                               time.Time
	AtSurvey, BeforeTransfer, AtSealing HoldAnswer
	Bag                                 string
}

// DifferenceCount counts recordings by in what the account and the second source
// differ, and why.
type DifferenceCount struct {
	Difference Difference
	Reason     string
	Recordings int64
}

// Unknown is a recording that the second source lists and the account does not know.
type Unknown struct {
	ConversationID, RecordingID string
	Created                     time.Time
	Reason                      string
	Seal                        int
}

// ReadFindings reads the seals up to the account's. The tables and the log of
// that one must be stored, its manifest need not.
//
// In memory are the bags, the keys of the conversations that are unavailable or
// were isolated and of the lines that were requested again, and the bounded lists.
func ReadFindings(root fs.FS, account Account) (Findings, error) {
	r := findingsReader{
		root: root, seals: account.Number, from: account.From, bags: map[string]int{}, replaced: map[key]bool{}, open: map[key]int{}, holds: map[key]int{},
		gaps: map[string]*ReasonCount{}, excluded: map[string]*ReasonCount{}, hours: map[time.Time]*UnbatchedHour{},
		differences: map[DifferenceCount]int64{},
	}
	for _, read := range []func() error{
		r.readBags, r.readSeals, r.readIsolated, r.readRecordings, r.followConversations, r.readConversations, r.readFailures, r.readDifferences, r.readRetention, r.readOrphans, r.readLogs,
	} {
		if err := read(); err != nil {
			return Findings{}, err
		}
	}
	return r.finish(), nil
}

// finish puts what was read in order.
func (r *findingsReader) finish() Findings {
	f := r.Findings
	slices.SortStableFunc(f.Missing, func(a, b Missing) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ConversationID, b.ConversationID))
	})
	f.Missing = f.Missing[:min(len(f.Missing), MostListed)]
	f.Gaps, f.Excluded = sortedCounts(r.gaps), sortedCounts(r.excluded)
	for what, n := range r.differences {
		what.Recordings = n
		f.Differences = append(f.Differences, what)
	}
	slices.SortFunc(f.Differences, func(a, b DifferenceCount) int {
		return cmp.Or(cmp.Compare(a.Difference, b.Difference), cmp.Compare(b.Recordings, a.Recordings), cmp.Compare(a.Reason, b.Reason))
	})
	for _, hour := range r.hours {
		f.Unbatched = append(f.Unbatched, *hour)
	}
	slices.SortFunc(f.Unbatched, func(a, b UnbatchedHour) int { return a.Hour.Compare(b.Hour) })
	return f
}

// sortedCounts puts the most frequent reason first.
func sortedCounts(counts map[string]*ReasonCount) []ReasonCount {
	out := make([]ReasonCount, 0, len(counts))
	for _, count := range counts {
		out = append(out, *count)
	}
	slices.SortFunc(out, func(a, b ReasonCount) int {
		return cmp.Or(cmp.Compare(b.Recordings+b.Conversations, a.Recordings+a.Conversations), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}
