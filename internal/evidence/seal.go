package evidence

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
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
	Events   []Event
	// Tool is what makes the seal.
	Tool Tool
	// LoadFiles tells whether load files are wanted.
	LoadFiles bool
	Signing   Signing
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
	folder := SealFolder(s.Number)
	within := func(ctx context.Context, path string, write func(io.Writer) error) error {
		return create(ctx, folder+"/"+path, write)
	}
	sealed, err := fs.Sub(root, folder)
	if err != nil {
		return account, "", err
	}
	for _, file := range s.tables(root, bags) {
		if err := createOnce(ctx, within, file.path, file.write); err != nil {
			return account, "", err
		}
	}
	if err := s.writeAccount(ctx, sealed, within, pen, account); err != nil {
		return account, "", err
	}
	return ReadSeal(root, s.Number)
}

// drifts tells of conversations whose legal hold was another at sealing than
// before: they stay where they are.
func (s Seal) drifts(root fs.FS) ([]Event, error) {
	var events []Event
	for _, bag := range s.Bags {
		err := eachRow(root, BagFolder(bag.Name)+"/"+ConversationsTable, ReadConversations, func(c Conversation) error {
			now := s.heldAtSealing(c.ID)
			if c.Home && !now.At.IsZero() && now.Held != c.LastHeld() {
				events = append(events, Event{Time: now.At, Type: "HoldChanged", Actor: "Genesys Cloud", Details: map[string]string{
					"conversation": c.ID, "held": strconv.FormatBool(now.Held), "bag": bag.Name,
				}})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return events, nil
}

func (s Seal) heldAtSealing(id string) HoldAnswer {
	if s.HeldAtSealing == nil {
		return HoldAnswer{}
	}
	return s.HeldAtSealing(id)
}

type sealFile struct {
	path  string
	write func(io.Writer) error
}

// tables are the files of a seal that do not depend on a key.
func (s Seal) tables(root fs.FS, bags []sealedBag) []sealFile {
	files := []sealFile{
		{bagTable, func(w io.Writer) error { return writeBags(w, bags) }},
		{bagDigests, func(w io.Writer) error { return writeBagDigests(w, bags) }},
		{conversations, func(w io.Writer) error { return s.writeConversations(w, root) }},
		{recordings, func(w io.Writer) error { return s.writeRecordings(w, root) }},
		{failures, func(w io.Writer) error { return s.writeFailures(w, root) }},
		{coverage, s.writeCoverage},
		{sealLog, func(w io.Writer) error { return WriteLog(w, s.Events) }},
	}
	if s.Compared != nil {
		files = append(files, sealFile{secondTable, func(w io.Writer) error { return copyFile(w, root, s.Compared.Table) }})
	}
	if s.LoadFiles {
		files = append(files,
			sealFile{loadCSV, func(w io.Writer) error { return s.writeLoadCSV(w, root) }},
			sealFile{loadDAT, func(w io.Writer) error { return s.writeLoadDAT(w, root) }})
	}
	return files
}

// writeAccount stores the account with what is written about it, the signatures
// and, last, the manifest.
func (s Seal) writeAccount(ctx context.Context, sealed fs.FS, create Creator, pen pen, account Account) error {
	if err := pen.begun(ctx, sealed, AccountFile); err != nil {
		return err
	}
	signed := Signed{}
	var err error
	if pen.kept != nil {
		signed = *pen.kept
	} else if pen.signer != nil {
		signed, err = s.sign(ctx, sealed, pen, account)
	}
	if err == nil {
		err = signed.write(ctx, sealed, create)
	}
	if err == nil && len(signed.Files) == 0 {
		err = writeUnsigned(ctx, create, pen, account)
	}
	if err != nil {
		return err
	}
	digests, err := digestSealed(sealed, append([]string{AccountFile, certified, instructions}, tablePaths...))
	if err != nil {
		return err
	}
	return createSame(ctx, sealed, create, payloadManifest, digests)
}

// sign signs the manifest that the seal is to have.
func (s Seal) sign(ctx context.Context, sealed fs.FS, pen pen, account Account) (Signed, error) {
	files, err := about(pen, account)
	if err != nil {
		return Signed{}, err
	}
	digests, err := digestSealed(sealed, tablePaths)
	if err != nil {
		return Signed{}, err
	}
	for _, file := range files {
		digests = append(digests, digestBytes(file.Path, file.Content))
	}
	sortDigests(digests)
	manifest := manifestBytes(digests)
	said := pen.statement(sealPredicate, map[string]any{"signingKey": pen.signer.ID(), "seal": s.Number}, digestBytes(payloadManifest, manifest))
	return pen.sign(ctx, files, "", manifest, said)
}

// writeUnsigned stores the account with what is written about it.
func writeUnsigned(ctx context.Context, create Creator, pen pen, account Account) error {
	files, err := about(pen, account)
	for _, file := range files {
		if err == nil {
			err = createOnce(ctx, create, file.Path, bytesWriter(file.Content))
		}
	}
	return err
}

// about are the account and the texts about it, all of which name the key.
func about(pen pen, account Account) ([]SignedFile, error) {
	if pen.signer != nil {
		account.SigningKey = pen.signer.ID()
	}
	var body bytes.Buffer
	if err := writeJSON(&body, account); err != nil {
		return nil, err
	}
	draft, err := certification(account)
	if err != nil {
		return nil, err
	}
	verify, err := fill("seal.txt", pen.verification(sealPredicate))
	return []SignedFile{{AccountFile, body.Bytes()}, {certified, draft}, {instructions, verify}}, err
}

// optionalTables are the files that not every seal holds, tablePaths all that
// Seal.tables may write.
var (
	optionalTables = []string{secondTable, loadCSV, loadDAT}
	tablePaths     = append([]string{bagTable, bagDigests, conversations, recordings, failures, coverage, sealLog}, optionalTables...)
)

// digestSealed digests what is stored of a seal, in the order of paths.
func digestSealed(sealed fs.FS, paths []string) ([]Digest, error) {
	var digests []Digest
	for _, path := range paths {
		digest, err := digestFile(sealed, path)
		if errors.Is(err, fs.ErrNotExist) && slices.Contains(optionalTables, path) {
			continue
		}
		if err != nil {
			return nil, err
		}
		digests = append(digests, digest)
	}
	sortDigests(digests)
	return digests, nil
}

// copyFile writes what a stored file holds.
func copyFile(w io.Writer, root fs.FS, path string) error {
	file, err := root.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	_, err = io.Copy(w, file)
	return err
}

// ReadSeal reads a seal's account and the SHA-256 of its manifest. The error is
// fs.ErrNotExist if there is no such seal.
func ReadSeal(root fs.FS, number int) (Account, string, error) {
	folder := SealFolder(number)
	manifest, err := digestFile(root, folder+"/"+payloadManifest)
	if err != nil {
		return Account{}, "", err
	}
	body, err := fs.ReadFile(root, folder+"/"+AccountFile)
	if err != nil {
		return Account{}, "", err
	}
	var account Account
	if err := json.Unmarshal(body, &account); err != nil {
		return Account{}, "", fmt.Errorf("%w: %s: %w", ErrCorrupt, AccountFile, err)
	}
	return account, manifest.SHA256, nil
}

// writeConversations lists every conversation of the survey once: those in bags
// by the lane that accounts for them, then those in none.
func (s Seal) writeConversations(w io.Writer, root fs.FS) error {
	table := csv.NewWriter(w)
	columns := []string{
		"conversation_id", "start", "held_at_survey", "held_at_survey_time", "held_before_transfer", "held_before_transfer_time",
		"held_at_sealing", "held_at_sealing_time", "recordings", "disposition", "reason", "retried", "bag",
	}
	write := func(c Conversation, bag string) error {
		now := s.heldAtSealing(c.ID)
		return table.Write([]string{
			cell(c.ID), stamp(c.Start), strconv.FormatBool(c.Held.Held), stamp(c.Held.At), later(c.HeldLater), stamp(c.HeldLater.At),
			later(now), stamp(now.At), strconv.Itoa(c.Recordings), string(c.Disposition), c.Reason, strconv.FormatBool(c.Retried), bag,
		})
	}
	err := table.Write(columns)
	for _, bag := range s.Bags {
		err = errors.Join(err, eachRow(root, BagFolder(bag.Name)+"/"+ConversationsTable, ReadConversations, func(c Conversation) error {
			if !c.Home {
				return nil
			}
			return write(c, bag.Name)
		}))
	}
	for _, c := range s.Unbatched {
		err = errors.Join(err, write(c, ""))
	}
	table.Flush()
	return errors.Join(err, table.Error())
}

// writeRecordings lists every recording of every bag.
func (s Seal) writeRecordings(w io.Writer, root fs.FS) error {
	table := csv.NewWriter(w)
	err := table.Write([]string{"conversation_id", "recording_id", "medium", "lane", "disposition", "reason", "detail", "files", "retried", "bag"})
	for _, bag := range s.Bags {
		err = errors.Join(err, eachRow(root, BagFolder(bag.Name)+"/"+IndexTable, ReadIndex, func(r Recording) error {
			return table.Write([]string{
				r.ConversationID, r.RecordingID, string(r.Medium), string(bag.Lane), string(r.Disposition), r.Reason,
				r.Detail, strconv.Itoa(r.Files), strconv.FormatBool(r.Retried), bag.Name,
			})
		}))
	}
	table.Flush()
	return errors.Join(err, table.Error())
}

// writeBags lists the bags with what they hold.
func writeBags(w io.Writer, bags []sealedBag) error {
	columns := []string{"bag", "lane", "start", "end", "tagmanifest_sha256", "exported", "excluded", "unavailable", "files", "bytes"}
	return writeTable(w, columns, len(bags), func(i int) []string {
		b, n := bags[i], bags[i].Counts()
		return []string{
			b.Name, string(b.Lane), stamp(b.Start), stamp(b.End), b.Digest, number(n.Exported), number(n.Excluded),
			number(n.Unavailable), number(b.Files), number(b.Bytes),
		}
	})
}

// writeBagDigests writes what "sha256sum -c", run in the seal's folder, checks
// the bags' tag manifests by.
func writeBagDigests(w io.Writer, bags []sealedBag) error {
	digests := make([]Digest, len(bags))
	for i, b := range bags {
		digests[i] = Digest{SHA256: b.Digest, Path: "../../" + BagFolder(b.Name) + "/" + tagManifest}
	}
	_, err := w.Write(manifestBytes(digests))
	return err
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
