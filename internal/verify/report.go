package verify

import (
	"slices"
	"time"
)

// Report is what a verification found.
type Report struct {
	Namespace string `json:"namespace"`
	Export    string `json:"export"`
	// Organization is Genesys Cloud's id of the organisation.
	Organization string `json:"organization"`
	// From and Until are the part of the window that the seals cover.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Seals, and the SHA-256 of the last one's manifest.
	Seals int    `json:"seals"`
	Seal  string `json:"seal,omitempty"`
	// Bags, and how many of them are in no seal.
	Bags     int `json:"bags"`
	Unsealed int `json:"unsealed,omitempty"`
	// Files and Bytes that were read.
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
	// Conversations and recordings by what became of them.
	Conversations int64 `json:"conversations"`
	Exported      int64 `json:"exported"`
	Excluded      int64 `json:"excluded"`
	Unavailable   int64 `json:"unavailable"`
	// Restored is how many recordings were asked to be restored, RetentionChanged of how
	// many another date than the archive date was another one afterwards, and
	// RetentionUnknown of how many the dates were not read afterwards. None is a fault of
	// the archive.
	Restored         int64 `json:"restored,omitempty"`
	RetentionChanged int64 `json:"retentionChanged,omitempty"`
	RetentionUnknown int64 `json:"retentionUnknown,omitempty"`
	// Orphans is how many recordings the seals list that are attached to no conversation,
	// OrphansNotListed why the last one could not list all of them, empty if it could.
	Orphans          int64  `json:"orphans,omitempty"`
	OrphansNotListed string `json:"orphansNotListed,omitempty"`
	// OtherTexts is how many seals contain a report and a certification in the words of another
	// version (evidence.TextsVersion): of them only the figures are compared with the account.
	OtherTexts int `json:"otherTexts,omitempty"`
	// VersionsNotListed says why earlier versions of seals could not be listed, empty if they
	// could, or if the place keeps none. UnlockedVersions is how many files of seals have one
	// that hides no locked seal. Neither is a fault of the archive.
	VersionsNotListed string `json:"versionsNotListed,omitempty"`
	UnlockedVersions  int64  `json:"unlockedVersions,omitempty"`
	// Referenced is how many recordings have files outside the archive, in Buckets, and
	// ReferencedFiles how many files these are; of Unchecked of them the bytes were not read.
	Referenced      int64    `json:"referenced,omitempty"`
	ReferencedFiles int64    `json:"referencedFiles,omitempty"`
	Buckets         []string `json:"buckets,omitempty"`
	Unchecked       int64    `json:"unchecked,omitempty"`
	// SignedSeals and SignedBags are how many are signed, by the keys whose ids
	// are Signers. Trusted reports whether keys from outside were given.
	SignedSeals int      `json:"signedSeals"`
	SignedBags  int      `json:"signedBags"`
	Signers     []string `json:"signers,omitempty"`
	Trusted     bool     `json:"trusted"`
	// Running tells that it was judged as the archive of a running export, and SealKnown
	// that the last seal, or one of them, was known from outside the archive.
	Running   bool `json:"running"`
	SealKnown bool `json:"sealKnown"`
	// Findings, and how many there are beyond those that are listed.
	Findings []Finding `json:"findings"`
	More     int64     `json:"moreFindings,omitempty"`
}

// OnlyUnreadable reports whether nothing was found but that something could not be read.
func (r Report) OnlyUnreadable() bool {
	return len(r.Findings) > 0 && !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Kind != Unreadable })
}

// report sums up.
func (v *verifier) report(c *census) Report {
	r := Report{
		Namespace: v.record.Namespace, Export: v.record.Name, Organization: v.record.OrganizationID,
		Seals: len(v.seals), Bags: len(v.bags), Files: v.options.Meter.Files.Load(), Bytes: v.options.Meter.Bytes.Load(),
		Conversations: int64(len(c.conversations)), Trusted: len(v.options.Keys) > 0,
		Running: v.options.Running, SealKnown: v.options.Seal != "",
	}
	total := c.total()
	r.Exported, r.Excluded, r.Unavailable = total.exported, total.excluded, total.unavailable
	for _, s := range v.seals {
		r.SignedSeals += r.sign(s.signer)
	}
	for _, b := range v.bags {
		r.SignedBags += r.sign(b.signer)
		r.Restored += b.restored.asked
		r.RetentionChanged += b.restored.changed
		r.RetentionUnknown += b.restored.unknown
		r.tellReferenced(b)
		if b.seals == 0 {
			r.Unsealed++
		}
	}
	r.OtherTexts = c.otherTexts
	slices.Sort(r.Signers)
	slices.Sort(r.Buckets)
	if n := len(v.seals); n > 0 {
		last := v.seals[n-1]
		r.Seal, r.From, r.Until = last.digest, last.account.From, last.account.Until
		r.tellOrphans(last.account.Orphans)
	}
	r.Findings, r.More = v.sorted()
	return r
}

// sign counts a signature.
func (r *Report) sign(signer string) int {
	if signer == "" {
		return 0
	}
	if !slices.Contains(r.Signers, signer) {
		r.Signers = append(r.Signers, signer)
	}
	return 1
}
