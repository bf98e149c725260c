package evidence

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
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
	// Report writes the report about an account whose seal has its tables stored
	// below root, nil if there is to be none.
	Report func(w io.Writer, root fs.FS, account Account) error
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
	files := s.files(root, account, bags)
	for _, file := range files {
		if err := createOnce(ctx, within, file.path, file.write); err != nil {
			return account, "", err
		}
	}
	sealed, err := fs.Sub(root, folder)
	if err != nil {
		return account, "", err
	}
	digest, err := writeSealManifest(ctx, sealed, within, files)
	return account, digest, err
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

func (s Seal) files(root fs.FS, account Account, bags []sealedBag) []sealFile {
	files := []sealFile{
		{AccountFile, func(w io.Writer) error { return writeJSON(w, account) }},
		{bagDigests, func(w io.Writer) error { return writeBagDigests(w, bags) }},
		{bagTable, func(w io.Writer) error { return writeBags(w, bags) }},
		{conversations, func(w io.Writer) error { return s.writeConversations(w, root) }},
		{sealLog, func(w io.Writer) error { return WriteLog(w, s.Events) }},
		{recordings, func(w io.Writer) error { return s.writeRecordings(w, root) }},
	}
	if s.Compared != nil {
		files = append(files, sealFile{secondTable, func(w io.Writer) error { return copyFile(w, root, s.Compared.Table) }})
	}
	if s.Report != nil {
		files = append(files, sealFile{reportFile, func(w io.Writer) error { return s.writeReport(w, root) }})
	}
	return files
}

// writeReport reports the account that is stored: an earlier attempt may have
// drawn it up, at another time.
func (s Seal) writeReport(w io.Writer, root fs.FS) error {
	account, err := readAccount(root, s.Number)
	if err != nil {
		return err
	}
	return s.Report(w, root, account)
}

// writeSealManifest digests what is stored of the seal.
func writeSealManifest(ctx context.Context, sealed fs.FS, create Creator, files []sealFile) (string, error) {
	var digests []Digest
	for _, file := range files {
		digest, err := digestFile(sealed, file.path)
		if err != nil {
			return "", err
		}
		digests = append(digests, digest)
	}
	if err := createSame(ctx, sealed, create, payloadManifest, digests); err != nil {
		return "", err
	}
	digest, err := digestFile(sealed, payloadManifest)
	return digest.SHA256, err
}

// ReadSeal reads a seal's account and the SHA-256 of its manifest. The error is
// fs.ErrNotExist if there is no such seal.
func ReadSeal(root fs.FS, number int) (Account, string, error) {
	folder := SealFolder(number)
	manifest, err := digestFile(root, folder+"/"+payloadManifest)
	if err != nil {
		return Account{}, "", err
	}
	account, err := readAccount(root, number)
	return account, manifest.SHA256, err
}

func readAccount(root fs.FS, number int) (Account, error) {
	body, err := fs.ReadFile(root, SealFolder(number)+"/"+AccountFile)
	if err != nil {
		return Account{}, err
	}
	var account Account
	if err := json.Unmarshal(body, &account); err != nil {
		return Account{}, fmt.Errorf("%w: %s: %w", ErrCorrupt, AccountFile, err)
	}
	return account, nil
}

// writeConversations lists every conversation of the survey once: those in bags
// by the lane that accounts for them, then those in none.
func (s Seal) writeConversations(w io.Writer, root fs.FS) error {
	table := csv.NewWriter(w)
	columns := []string{
		"conversation_id", "start", "held_at_survey", "held_at_sealing", "held_at_sealing_time", "recordings", "disposition", "reason", "retried", "bag",
	}
	write := func(c Conversation, bag string) error {
		now := s.heldAtSealing(c.ID)
		return table.Write([]string{
			cell(c.ID), stamp(c.Start), strconv.FormatBool(c.Held.Held), later(now), stamp(now.At), strconv.Itoa(c.Recordings),
			string(c.Disposition), c.Reason, strconv.FormatBool(c.Retried), bag,
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
	return writeManifest(w, digests)
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

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
