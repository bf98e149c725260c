package evidence

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// ErrUnbalanced is the error for an account whose numbers do not add up.
var ErrUnbalanced = errors.New("the account does not add up")

// Account is what became of everything that an export found.
type Account struct {
	Export ExportRecord `json:"export"`
	// SealedAt is when the account was drawn up, by the manager's clock.
	SealedAt time.Time `json:"sealedAt"`
	// Conversations by what became of them.
	Conversations ConversationAccount `json:"conversations"`
	// Recordings by lane and medium.
	Recordings []RecordingAccount `json:"recordings"`
	// Bags is the number of bags, Files and Bytes what is in their recordings folders.
	Bags  int64 `json:"bags"`
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
	// Gaps is how many recordings and conversations could not be had.
	Gaps int64 `json:"gaps"`
	// Checks are the sums that must hold.
	Checks []Check `json:"checks"`
}

// ConversationAccount counts conversations by what became of them.
type ConversationAccount struct {
	Surveyed    int64 `json:"surveyed"`
	Batched     int64 `json:"batched"`
	Excluded    int64 `json:"excluded"`
	Unavailable int64 `json:"unavailable"`
}

// RecordingAccount counts the recordings of a lane and medium.
type RecordingAccount struct {
	Lane   slicing.Lane   `json:"lane"`
	Medium genesys.Medium `json:"medium"`
	Counts
}

// Check is a sum that must hold.
type Check struct {
	// Says what must be equal.
	Says  string `json:"says"`
	Left  int64  `json:"left"`
	Right int64  `json:"right"`
	Holds bool   `json:"holds"`
}

// BagRef names one bag of an export.
type BagRef struct {
	Name       string
	Lane       slicing.Lane
	Start, End time.Time
}

// sealedBag is a bag with what it was found to hold.
type sealedBag struct {
	BagRef
	Summary
}

// drawUp adds up an account. surveyed is how many conversations the survey
// found, unbatched those of them that are in no bag.
func drawUp(record ExportRecord, at time.Time, surveyed int64, unbatched []Conversation, bags []sealedBag) (Account, error) {
	account := Account{Export: record, SealedAt: at.UTC(), Bags: int64(len(bags))}
	account.Conversations.Surveyed = surveyed
	for _, c := range unbatched {
		if c.Disposition == Excluded {
			account.Conversations.Excluded++
			continue
		}
		account.Conversations.Unavailable++
		account.Gaps++
	}
	var listed, found int64
	for _, bag := range bags {
		account.Conversations.Batched += bag.Conversations
		account.Files += bag.Files
		account.Bytes += bag.Bytes
		account.Gaps += bag.Gaps
		listed += bag.Listed
		found += bag.Counts().Found()
		account.addRecordings(bag)
	}
	account.sort()
	c := account.Conversations
	account.check("conversations surveyed = in bags + excluded + unavailable", c.Surveyed, c.Batched+c.Excluded+c.Unavailable)
	account.check("recordings that Genesys Cloud listed = exported + excluded + unavailable", listed, found)
	return account, account.balanced()
}

func (a *Account) addRecordings(bag sealedBag) {
	for medium, counts := range bag.Media {
		i := slices.IndexFunc(a.Recordings, func(r RecordingAccount) bool { return r.Lane == bag.Lane && r.Medium == medium })
		if i < 0 {
			i = len(a.Recordings)
			a.Recordings = append(a.Recordings, RecordingAccount{Lane: bag.Lane, Medium: medium})
		}
		a.Recordings[i].Add(*counts)
	}
}

// sort puts lanes in their order and media in the alphabet's.
func (a *Account) sort() {
	lanes := []slicing.Lane{slicing.Standard, slicing.LegalHold, slicing.LegalHoldScreen}
	slices.SortFunc(a.Recordings, func(x, y RecordingAccount) int {
		return cmp.Or(cmp.Compare(slices.Index(lanes, x.Lane), slices.Index(lanes, y.Lane)), cmp.Compare(x.Medium, y.Medium))
	})
}

func (a *Account) check(says string, left, right int64) {
	a.Checks = append(a.Checks, Check{says, left, right, left == right})
}

func (a *Account) balanced() error {
	for _, check := range a.Checks {
		if !check.Holds {
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

// readBags reads what the bags hold, in order.
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
		bags[i] = sealedBag{ref, summary}
	}
	return bags, nil
}
