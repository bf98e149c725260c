package evidence

import (
	"context"
	"io"
	"io/fs"
	"strconv"
	"time"
)

// Names within an export's archive.
const (
	bagsFolder  = "bags"
	sealsFolder = "seals"
)

// Names within a seal.
const (
	// AccountFile is the account, as JSON.
	AccountFile   = "account.json"
	bagDigests    = "bags-sha256.txt"
	bagTable      = "bags.csv"
	conversations = "conversations.csv"
	recordings    = "recordings.csv"
	sealLog       = "events.jsonl"
	coverage      = "coverage.csv"
	failures      = "failures.csv"
	certified     = "certification.txt"
	// secondTable is there if the account was compared with a second source.
	secondTable = "second-source.csv"
	// reportFile tells people what the rest tells programs.
	reportFile = "report.html"
)

// BagFolder is where the bag of a batch lies in its export's archive.
func BagFolder(batch string) string { return bagsFolder + "/" + batch }

// SealFolder is where a seal lies in its export's archive. Seals count from 1.
func SealFolder(number int) string { return sealsFolder + "/" + strconv.Itoa(number) }

// Seal is what an export's seal is made of: what is new since the former one.
type Seal struct {
	Number int
	Record ExportRecord
	At     time.Time
	// Former is the seal before, nil if this is the first.
	Former *Former
	// From is where the window begins, Until how far the seals cover it now.
	From, Until time.Time
	// Surveys are the parts of the window that were surveyed for the first time.
	Surveys []Span
	// Surveyed is how many conversations the surveys found.
	Surveyed int64
	// Reopened is how many of an earlier seal's unavailable conversations are in bags now.
	Reopened int64
	// Deferred is how many conversations have not ended yet.
	Deferred int64
	// Unbatched are conversations that are in no bag, with the reason.
	Unbatched []Conversation
	// Bags in the order of the plan.
	Bags []BagRef
	// HeldAtSealing is the last answer about a conversation's legal hold, zero if
	// it was not asked for again.
	HeldAtSealing func(conversationID string) HoldAnswer
	// Compared is what the comparison with a second source found, nil if there was none.
	Compared *Compared
	// Orphans is what is known of recordings that are attached to no conversation, nil
	// if that was not asked for.
	Orphans *FoundOrphans
	Events  []Event
	// Tool is what makes the seal.
	Tool Tool
	// LoadFiles tells whether load files are wanted.
	LoadFiles bool
	Signing   Signing
	// Noticed is what is known of the last change of the key that signs.
	Noticed NoticedKey
	// Report writes the report of a seal whose tables are stored below root, nil if
	// there is to be none.
	Report func(w io.Writer, root fs.FS, of Reported) error
}

// Tool is what made evidence.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Image that it runs from, with its digest, as whoever deployed it says.
	Image string `json:"image,omitempty"`
	// Executable is the SHA-256 of the program's file.
	Executable string `json:"executableSha256,omitempty"`
}

// Reported is what a report is about: an account, and whether an authority attests
// the time of its seal.
type Reported struct {
	Account     Account
	Timestamped bool
}

// Former is the seal before another.
type Former struct {
	Account Account
	// Digest is the SHA-256 of its manifest.
	Digest string
}

// Write draws up the account of the whole export and seals what is new. root is
// the export's archive as stored. The error is ErrUnbalanced if the numbers do
// not add up; then nothing is written. The manifest comes last: it makes the seal.
func (s Seal) Write(ctx context.Context, root fs.FS, create Creator) (Account, string, error) {
	pen, err := s.Signing.takeUp(ctx)
	if err != nil {
		return Account{}, "", err
	}
	bags, err := readBags(root, s.Bags)
	if err != nil {
		return Account{}, "", err
	}
	account, err := s.drawUp(bags)
	if err != nil {
		return account, "", err
	}
	drifts, err := s.drifts(root)
	if err != nil {
		return account, "", err
	}
	s.Events = append(s.Events, drifts...)
	s.Events = append(s.Events, s.keyEvents(pen)...)
	folder := SealFolder(s.Number)
	within := func(ctx context.Context, path string, write func(io.Writer) error) error {
		return create(ctx, folder+"/"+path, write)
	}
	for _, file := range s.tables(root, bags) {
		if err := createOnce(ctx, within, file.path, file.write); err != nil {
			return account, "", err
		}
	}
	if account.TakenOver, err = s.takenOver(root); err != nil {
		return account, "", err
	}
	if err := s.writeAccount(ctx, root, within, pen, account); err != nil {
		return account, "", err
	}
	return ReadSeal(root, s.Number)
}

// drifts tells of conversations whose legal hold was another at sealing than
// before: they stay where they are.
func (s Seal) drifts(root fs.FS) ([]Event, error) {
	var events []Event
	err := eachBagRow(root, s.Bags, ConversationsTable, ReadConversations, func(bag BagRef, c Conversation) error {
		now := s.heldAtSealing(c.ID)
		if c.Home && !now.At.IsZero() && now.Held != c.LastHeld() {
			events = append(events, Event{Time: now.At, Type: "HoldChanged", Actor: "Genesys Cloud", Details: map[string]string{
				"conversation": c.ID, "held": strconv.FormatBool(now.Held), "bag": bag.Name,
			}})
		}
		return nil
	})
	return events, err
}

func (s Seal) heldAtSealing(id string) HoldAnswer {
	if s.HeldAtSealing == nil {
		return HoldAnswer{}
	}
	return s.HeldAtSealing(id)
}
