package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// ErrUnbalanced is the error for an account whose numbers do not add up.
var ErrUnbalanced = outcome.Advise(errors.New("the account does not add up"), outcome.CorruptArchive())

// Account is what became of everything that an export found so far.
type Account struct {
	Export ExportRecord `json:"export"`
	// Number of the seal, from 1, and which one came before it.
	Number int      `json:"number"`
	Former *SealRef `json:"former,omitempty"`
	// TakenOver are the clusters to which the archive went, in order, as far as the logs
	// of the seals tell. Export names the one that began it.
	TakenOver []TakeOver `json:"takenOver,omitempty"`
	// SealedAt is when the account was made, by the manager's clock.
	SealedAt time.Time `json:"sealedAt"`
	// SigningKey is the id of the key that signs the seal, empty if none does.
	SigningKey string `json:"signingKey,omitempty"`
	// Timestamped tells that an authority attests the time of the seal, whose answer is
	// beside the manifest: without it nobody could tell whether it was removed.
	Timestamped bool `json:"timestamped,omitempty"`
	// KeyChange tells that this is another key than the one of the seal before.
	KeyChange *KeyChange `json:"keyChange,omitempty"`
	// BagKeys are the ids of the other keys that sign bags of this seal, in order: those
	// of bags that were sealed before the key changed, or signing was turned off.
	BagKeys []string `json:"bagKeys,omitempty"`
	// Tool made it, and Texts is the version of the words that it used in the texts
	// beside the account (TextsVersion).
	Tool  Tool `json:"tool,omitzero"`
	Texts int  `json:"texts,omitempty"`
	// From and Until are the part of the window that the seals cover so far.
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Conversations by what became of them.
	Conversations ConversationAccount `json:"conversations"`
	// Recordings by lane and medium.
	Recordings []RecordingAccount `json:"recordings"`
	// Lanes is what the bags of each lane contain.
	Lanes []LaneAccount `json:"lanes"`
	// Listed is how many recordings Genesys Cloud listed for the conversations in bags.
	Listed int64 `json:"listed"`
	// Bags is the number of bags, Files and Bytes what they have of recordings, in the bags and
	// referenced.
	Bags  int64 `json:"bags"`
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
	// Referenced is what of that is outside the archive, by bucket.
	Referenced []ReferencedAccount `json:"referenced,omitempty"`
	// Gaps is how many recordings and conversations could not be exported.
	Gaps int64 `json:"gaps"`
	// SecondSource is how the account compares with a second source, if that was requested.
	SecondSource *SecondSource `json:"secondSource,omitempty"`
	// Orphans is what is known of recordings that are attached to no conversation, if
	// that was requested. They are in none of the other numbers.
	Orphans *OrphanAccount `json:"orphans,omitempty"`
	// Checks are the sums that must be equal.
	Checks []Check `json:"checks"`
}

// SealRef names a seal by its number and the SHA-256 of its manifest.
type SealRef struct {
	Number int    `json:"number"`
	Digest string `json:"digest"`
}

// ConversationAccount counts conversations by what became of them.
type ConversationAccount struct {
	Surveyed    int64 `json:"surveyed"`
	Batched     int64 `json:"batched"`
	Excluded    int64 `json:"excluded"`
	Unavailable int64 `json:"unavailable"`
	// Deferred ones have not ended yet. They are not among the surveyed, and come
	// in a later seal.
	Deferred int64 `json:"deferred"`
}

// RecordingAccount counts the recordings of a lane and medium.
type RecordingAccount struct {
	Lane   slicing.Lane   `json:"lane"`
	Medium genesys.Medium `json:"medium"`
	Counts
}

// LaneAccount is what the bags of a lane contain.
type LaneAccount struct {
	Lane  slicing.Lane `json:"lane"`
	Bags  int64        `json:"bags"`
	Files int64        `json:"files"`
	Bytes int64        `json:"bytes"`
	// Gaps of the lane's bags; conversations in no bag are not among them.
	Gaps int64 `json:"gaps"`
}

// Check is two sums that must be equal.
type Check struct {
	// Says what must be equal.
	Says    string `json:"says"`
	Left    int64  `json:"left"`
	Right   int64  `json:"right"`
	IsEqual bool   `json:"holds"`
}

// BagRef names one bag of an export.
type BagRef struct {
	Name       string
	Lane       slicing.Lane
	Start, End time.Time
}

// sealedBag is a bag with what it was found to contain.
type sealedBag struct {
	BagRef
	Summary
	// key is the id of the key that it names, empty if it is not signed.
	key string
}

// account adds what is new to the account of the former seal. Numbers are always
// those of the whole export.
func (s Seal) account(bags []sealedBag) (Account, error) {
	account := Account{From: s.From}
	if s.Former != nil {
		account = s.Former.Account.carriedOver()
		account.Former = &SealRef{s.Former.Account.Number, s.Former.Digest}
	}
	account.Export, account.Number, account.SealedAt, account.Tool = s.Record, s.Number, s.At.UTC(), s.Tool
	account.SigningKey, account.Timestamped, account.KeyChange, account.Texts = "", false, nil, TextsVersion
	account.BagKeys = bagKeys(bags)
	if err := s.tiled(); err != nil {
		return account, err
	}
	surveyed := s.surveyed()
	if s.Until.After(account.Until) {
		account.Until = s.Until
	}
	account.SecondSource, account.Orphans = s.Compared.comparisonSoFar(s.Former), s.Orphans.orphansSoFar(s.Former)
	account.addSurveys(s)
	for _, bag := range bags {
		account.addBag(bag)
	}
	account.sort()
	account.check("seconds of the window that were surveyed = seconds that the seals cover", seconds(surveyed), seconds(account.Until.Sub(account.From)))
	c := account.Conversations
	account.check("conversations surveyed = in bags + excluded + unavailable", c.Surveyed, c.Batched+c.Excluded+c.Unavailable)
	account.check("recordings that Genesys Cloud listed = exported + excluded + unavailable", account.Listed, account.Totals().Found())
	if second := account.SecondSource; second != nil {
		account.check("recordings that the second source lists = matched + not in the account", second.Listed, second.Matched+second.NotInAccount)
	}
	return account, account.balanced()
}

// surveyed is how much of the window has been surveyed, with what the former
// account covers.
func (s Seal) surveyed() time.Duration {
	var sum time.Duration
	if s.Former != nil {
		sum = s.newFrom().Sub(s.From)
	}
	for _, span := range s.Surveys {
		sum += span.End.Sub(span.Start)
	}
	return sum
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// carriedOver is the account without what is each seal's own.
func (a Account) carriedOver() Account {
	a.Recordings, a.Lanes, a.Checks = slices.Clone(a.Recordings), slices.Clone(a.Lanes), nil
	a.Referenced = slices.Clone(a.Referenced)
	return a
}

// addSurveys adds the conversations that are in no bag, and takes out those that
// were and are now.
func (a *Account) addSurveys(s Seal) {
	a.Conversations.Surveyed += s.Surveyed
	a.Conversations.Unavailable -= s.Reopened
	a.Conversations.Deferred = s.Deferred
	a.Gaps -= s.Reopened
	for _, c := range s.Unbatched {
		if c.Disposition == Excluded {
			a.Conversations.Excluded++
			continue
		}
		a.Conversations.Unavailable++
		a.Gaps++
	}
}

func (a *Account) addBag(bag sealedBag) {
	gaps := bag.Gaps - bag.Replaced.Sum()
	a.Conversations.Batched += bag.Conversations
	a.Listed += bag.Listed
	a.Bags++
	a.Files += bag.Files
	a.Bytes += bag.Bytes
	a.Referenced = addReferenced(a.Referenced, bag.Referenced)
	a.Gaps += gaps
	lane := a.laneAccount(bag.Lane)
	lane.Bags++
	lane.Files += bag.Files
	lane.Bytes += bag.Bytes
	lane.Gaps += gaps
	a.addRecordings(bag)
}

// laneAccount returns the account of a lane, which it adds if there is none.
func (a *Account) laneAccount(lane slicing.Lane) *LaneAccount {
	i := slices.IndexFunc(a.Lanes, func(l LaneAccount) bool { return l.Lane == lane })
	if i < 0 {
		i = len(a.Lanes)
		a.Lanes = append(a.Lanes, LaneAccount{Lane: lane})
	}
	return &a.Lanes[i]
}

func (a *Account) addRecordings(bag sealedBag) {
	for medium, counts := range bag.Media {
		i := slices.IndexFunc(a.Recordings, func(r RecordingAccount) bool { return r.Lane == bag.Lane && r.Medium == medium })
		if i < 0 {
			i = len(a.Recordings)
			a.Recordings = append(a.Recordings, RecordingAccount{Lane: bag.Lane, Medium: medium})
		}
		a.Recordings[i].Add(*counts)
		a.Recordings[i].Unavailable -= bag.ReplacedMedia[medium]
	}
}

// sort puts lanes in their order and media in the alphabet's.
func (a *Account) sort() {
	order := func(x, y slicing.Lane) int {
		return cmp.Compare(slices.Index(slicing.AllLanes[:], x), slices.Index(slicing.AllLanes[:], y))
	}
	slices.SortFunc(a.Lanes, func(x, y LaneAccount) int { return order(x.Lane, y.Lane) })
	slices.SortFunc(a.Recordings, func(x, y RecordingAccount) int {
		return cmp.Or(order(x.Lane, y.Lane), cmp.Compare(x.Medium, y.Medium))
	})
}

func (a *Account) check(says string, left, right int64) {
	a.Checks = append(a.Checks, Check{says, left, right, left == right})
}

func (a *Account) balanced() error {
	for _, check := range a.Checks {
		if !check.IsEqual {
			return fmt.Errorf("%w: %s: %d is not %d", ErrUnbalanced, check.Says, check.Left, check.Right)
		}
	}
	return nil
}

// Totals sums up the recordings of all lanes and media.
func (a Account) Totals() Counts {
	var sum Counts
	for _, r := range a.Recordings {
		sum.Add(r.Counts)
	}
	return sum
}

// readBags reads what the bags contain, in order.
func readBags(root fs.FS, refs []BagRef) ([]sealedBag, error) {
	bags := make([]sealedBag, len(refs))
	for i, ref := range refs {
		bag, err := fs.Sub(root, BagFolder(ref.Name))
		if err != nil {
			return nil, err
		}
		summary, err := ReadSummary(bag)
		if err != nil {
			return nil, fmt.Errorf("bag %s: %w", ref.Name, err)
		}
		key, err := bagKey(bag)
		if err != nil {
			return nil, fmt.Errorf("bag %s: %w", ref.Name, err)
		}
		summary.RetentionChanged = nil // a seal has a table of its own for them
		bags[i] = sealedBag{ref, summary, key}
	}
	return bags, nil
}
