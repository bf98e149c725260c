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

// SealManifest is where the manifest of a seal is, without which there is no seal.
func SealManifest(number int) string { return SealFolder(number) + "/" + payloadManifest }

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
	// it was not queried again.
	HeldAtSealing func(conversationID string) HoldAnswer
	// Compared is what the comparison with a second source found, nil if there was none.
	Compared *Compared
	// Orphans is what is known of recordings that are attached to no conversation, nil
	// if that was not asked for.
	Orphans *FoundOrphans
	Events  []Event
	// Artifacts are the SHA-256s of the artifacts that the seal lists, by key; it lists
	// none if there are none.
	Artifacts map[string]string
	// Tool makes the account and writes the texts about it. It is not the program of an
	// earlier attempt that only began the seal.
	Tool Tool
	// LoadFiles reports whether load files are wanted.
	LoadFiles bool
	Signing   Signing
	// Noticed is what is known of the last change of the key that signs.
	Noticed NoticedKey
	// Begin records what the seal says about its making (At, LoadFiles, Deferred,
	// Events and Artifacts), before anything is written, and returns the seal with what was recorded
	// first: an attempt before may have begun it. nil notes nothing down.
	Begin func(ctx context.Context, seal Seal) (Seal, error)
	// Note records the SHA-256 of the manifest where nobody else can change it, before
	// there is a seal. nil notes nothing down.
	Note func(ctx context.Context, digest string) error
	// Report writes the report of a seal whose tables are stored below root, nil if
	// there is to be none.
	Report func(w io.Writer, root fs.FS, of Reported) error
}

// Tool is what made evidence.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Image that it runs from, with its digest, according to the deployment.
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

// Write makes the account of the whole export and seals what is new. root is
// the export's archive as stored. The error is ErrUnbalanced if the numbers do
// not add up; then nothing is written. The manifest comes last: it makes the seal.
func (s Seal) Write(ctx context.Context, root fs.FS, create Creator) (Account, string, error) {
	state, err := s.Signing.prepare(ctx)
	if err != nil {
		return Account{}, "", err
	}
	bags, err := readBags(root, s.Bags)
	if err != nil {
		return Account{}, "", err
	}
	if s, err = s.beginSeal(ctx, root, state, bags); err != nil {
		return Account{}, "", err
	}
	account, err := s.account(bags)
	if err != nil {
		return account, "", err
	}
	folder := SealFolder(s.Number)
	within := func(ctx context.Context, path string, write func(io.Writer) error) error {
		return create(ctx, folder+"/"+path, write)
	}
	tables, err := s.writeSealTables(ctx, root, within, bags)
	if err != nil {
		return account, "", err
	}
	account.TakenOver = s.takenOver()
	if err := s.writeAccount(ctx, exactly(root, folder, tables), within, state, account, tables); err != nil {
		return account, "", err
	}
	return ReadSeal(root, s.Number)
}

// beginSeal is the seal with all that its log tells, as it was begun. One that does not
// add up is not begun.
func (s Seal) beginSeal(ctx context.Context, root fs.FS, state signingState, bags []sealedBag) (Seal, error) {
	if _, err := s.account(bags); err != nil {
		return s, err
	}
	drifts, err := s.drifts(root)
	if err != nil {
		return s, err
	}
	s.Events = append(s.Events, drifts...)
	s.Events = append(s.Events, s.keyEvents(state)...)
	if s.Begin == nil {
		return s, nil
	}
	return s.Begin(ctx, s)
}

// writeSealTables stores the files of the seal that do not depend on a key, and returns
// what they contain.
func (s Seal) writeSealTables(ctx context.Context, root fs.FS, create Creator, bags []sealedBag) ([]Digest, error) {
	sealed, err := fs.Sub(root, SealFolder(s.Number))
	if err != nil {
		return nil, err
	}
	var tables []Digest
	for _, file := range s.tables(root, bags) {
		digest, err := createKnown(ctx, sealed, create, file.path, file.write)
		if err != nil {
			return nil, err
		}
		tables = append(tables, digest)
	}
	return tables, nil
}

// drifts reports conversations whose legal hold was another at sealing than
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
