// Package specimen makes small archives for tests, with the code that makes real
// ones, and signs them with a signer of its own.
package specimen

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/report"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Names of the bags. The first seal holds the first two.
const (
	Standard  = "case-1-standard-20231001t000000z"
	LegalHold = "case-1-legalhold-20231001t000000z"
	Retry     = "case-1-standard-d2-20231001t000000z"
)

// Day is the window.
var Day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

// ID makes a UUID that ends in n.
func ID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// Archive is an archive in a directory.
type Archive struct {
	testing.TB
	Root string
	// Signer signs it; nil if it is not signed.
	Signer *Signer
	record evidence.ExportRecord
	former *evidence.Former
}

// New makes an archive of two seals and three bags. In the first seal recording
// 13 of conversation 1 is unavailable, conversation 2 moves from Standard to
// LegalHold, and conversation 4 is still open. The second seal has both that
// were missing. signer may be nil.
func New(t testing.TB, signer *Signer) *Archive {
	t.Helper()
	a := &Archive{TB: t, Root: filepath.Join(t.TempDir(), "case-1"), Signer: signer}
	spec := map[string]any{"mediaTypes": []string{"Call"}, "holdScope": "Include", "start": Day, "end": Day.AddDate(0, 0, 1)}
	var err error
	a.record, err = evidence.NewExportRecord("legal", "case-1", ID(901), ID(902), spec, Day.AddDate(0, 0, 2))
	a.must(err)
	content, err := json.Marshal(a.record)
	a.must(err)
	a.Write(evidence.RecordPath, content)
	a.first()
	a.second()
	return a
}

func (a *Archive) first() {
	moved := conversation(2)
	moved.HeldLater = evidence.HoldAnswer{Held: true, At: Day.AddDate(0, 0, 2)}
	held := conversation(2)
	held.Held.Held = true
	known := map[string][]genesys.Recording{
		ID(1): {recording(11, genesys.Call), recording(12, genesys.Chat), {ID: ID(13), Medium: genesys.Call, FileState: genesys.FileArchived}},
		ID(2): {recording(21, genesys.Call), recording(22, genesys.Screen)},
	}
	a.bag(Standard, slicing.Standard, known, conversation(1), moved)
	a.bag(LegalHold, slicing.LegalHold, known, held)
	a.seal(evidence.Seal{
		Number: 1, Surveyed: 3, At: Day.AddDate(0, 0, 3),
		Surveys:   []evidence.Span{{Start: Day, End: Day.AddDate(0, 0, 1)}},
		Unbatched: []evidence.Conversation{{ID: ID(4), Start: Day.Add(4 * time.Hour), Disposition: evidence.Unavailable, Reason: evidence.ReasonConversationOpen}},
		Bags:      []evidence.BagRef{{Name: Standard, Lane: slicing.Standard, Start: Day, End: Day.AddDate(0, 0, 1)}, {Name: LegalHold, Lane: slicing.LegalHold, Start: Day, End: Day.AddDate(0, 0, 1)}},
	})
}

func (a *Archive) second() {
	again := conversation(1)
	again.Only = []string{ID(13)}
	a.bag(Retry, slicing.Standard, map[string][]genesys.Recording{
		ID(1): {recording(11, genesys.Call), recording(12, genesys.Chat), recording(13, genesys.Call)},
		ID(4): {recording(41, genesys.Call)},
	}, again, conversation(4))
	a.seal(evidence.Seal{
		Number: 2, Reopened: 1, At: Day.AddDate(0, 0, 5),
		Bags: []evidence.BagRef{{Name: Retry, Lane: slicing.Standard, Start: Day, End: Day.AddDate(0, 0, 1)}},
	})
}

func conversation(n int) evidence.Conversation {
	return evidence.Conversation{ID: ID(n), Start: Day.Add(time.Duration(n) * time.Hour), Held: evidence.HoldAnswer{At: Day.AddDate(0, 0, 1)}}
}

func recording(n int, medium genesys.Medium) genesys.Recording {
	return genesys.Recording{ID: ID(n), Medium: medium, FileState: genesys.FileAvailable}
}

// bag makes a bag: every wanted recording has two files.
func (a *Archive) bag(name string, lane slicing.Lane, known map[string][]genesys.Recording, conversations ...evidence.Conversation) {
	a.Helper()
	policy := evidence.Policy{Slicing: slicing.Spec{Scope: slicing.Include, Other: true}, Media: []genesys.Medium{genesys.Call}}
	inventory := evidence.TakeInventory(policy, lane, conversations, func(id string) evidence.Metadata { return evidence.Metadata{Recordings: known[id]} })
	outcomes := map[genesys.RecordingRef]evidence.Outcome{}
	bag := evidence.Bag{Metadata: func(id string) ([]byte, error) { return metadata(known[id]), nil }}
	for _, ref := range inventory.Wanted() {
		outcomes[ref] = evidence.Outcome{Files: 2}
		for nn := range 2 {
			file := a.store(name, ref, nn+1)
			bag.Files = append(bag.Files, file)
			bag.Events = append(bag.Events, evidence.Event{Time: file.ReceivedAt, Type: "RecordingStored", Actor: "specimen", Details: map[string]string{"path": file.Path, "sha256": file.SHA256}})
		}
	}
	bag.Inventory = inventory.Settle(outcomes)
	bag.Events = append(bag.Events, evidence.Event{Time: Day, Type: "SliceAssigned", Actor: "specimen"}, evidence.Event{Time: Day.AddDate(0, 0, 4), Type: "BagSealed", Actor: "specimen"})
	bag.Info = []evidence.InfoField{
		{Name: "External-Identifier", Value: name}, {Name: "Bag-Group-Identifier", Value: "legal/case-1"},
		{Name: "Internal-Sender-Identifier", Value: a.record.OrganizationID}, {Name: "Lane", Value: string(lane)},
	}
	if a.Signer != nil {
		bag.Info = append(bag.Info, evidence.InfoField{Name: "Signing-Key-Sha256", Value: a.Signer.ID()})
	}
	folder := a.Path(evidence.BagFolder(name))
	_, err := bag.Seal(a.Context(), os.DirFS(folder), Creator(folder))
	a.must(err)
	a.Write(evidence.BagFolder(name)+"/custody/VERIFY.txt", []byte("How to verify this bag, with tools of your own.\n"))
	a.SignBag(name)
}

// store puts a recording's file into a bag.
func (a *Archive) store(bag string, ref genesys.RecordingRef, nn int) evidence.File {
	content := fmt.Appendf(nil, "recording %s, file %d, %s", ref.RecordingID, nn, bag)
	name := evidence.RecordingPath(ref.ConversationID, ref.RecordingID, nn, "wav")
	a.Write(evidence.BagFolder(bag)+"/"+name, content)
	return evidence.File{
		Path: name, ConversationID: ref.ConversationID, RecordingID: ref.RecordingID, Size: int64(len(content)), SHA256: Sum(content),
		ContentType: "audio/wav", RequestID: ID(903), ReceivedAt: Day.AddDate(0, 0, 3).Add(time.Duration(nn) * time.Minute),
	}
}

// metadata is what Genesys Cloud says of recordings.
func metadata(recordings []genesys.Recording) []byte {
	type one struct {
		ID    string `json:"id"`
		Media string `json:"media"`
	}
	list := make([]one, len(recordings))
	for i, r := range recordings {
		list[i] = one{r.ID, string(r.Medium)}
	}
	content, err := json.Marshal(list)
	if err != nil {
		return nil
	}
	return content
}

// seal seals bags, after the last seal.
func (a *Archive) seal(s evidence.Seal) {
	a.Helper()
	s.Record, s.Former, s.From, s.Until, s.Report = a.record, a.former, Day, Day.AddDate(0, 0, 1), report.Seal
	opening := evidence.Event{Time: Day, Type: "ArchiveBegun", Actor: "specimen"}
	if a.former != nil {
		opening = evidence.Event{Time: Day, Type: "FormerSeal", Actor: "specimen", Details: map[string]string{"number": fmt.Sprint(s.Number - 1), "sha256": a.former.Digest}}
	}
	s.Events = []evidence.Event{
		opening, {Time: Day.AddDate(0, 0, 1), Type: "DaySurveyed", Actor: "specimen", Details: map[string]string{"day": "2023-10-01"}},
		{Time: s.At, Type: "ExportSealed", Actor: "specimen"},
	}
	account, _, err := s.Write(a.Context(), os.DirFS(a.Root), Creator(a.Root))
	a.must(err)
	if a.Signer != nil {
		a.Replace(evidence.SealFolder(s.Number)+"/"+evidence.AccountFile, `"number"`, fmt.Sprintf(`"signingKey": %q, "number"`, a.Signer.ID()))
	}
	a.texts(s)
	a.former = &evidence.Former{Account: account, Digest: a.Reseal(s.Number)}
}

// texts adds what a seal may hold beside its tables.
func (a *Archive) texts(s evidence.Seal) {
	a.Helper()
	parts := "start,end,bags,conversations_in_no_bag\n"
	for _, bag := range s.Bags {
		if !strings.Contains(parts, bag.Start.Format(time.RFC3339)) {
			parts += fmt.Sprintf("%s,%s,BAGS,0\n", bag.Start.Format(time.RFC3339), bag.End.Format(time.RFC3339))
		}
		parts = strings.ReplaceAll(parts, "BAGS", bag.Name+" BAGS")
	}
	for name, content := range map[string]string{
		"certification.txt": "I certify that this is a true and complete record.\n",
		"coverage.csv":      strings.ReplaceAll(parts, " BAGS", ""),
	} {
		at := evidence.SealFolder(s.Number) + "/" + name
		if _, err := os.Stat(a.Path(at)); errors.Is(err, fs.ErrNotExist) {
			a.Write(at, []byte(content))
		}
	}
}

// Path is where something of the archive is.
func (a *Archive) Path(name string) string { return filepath.Join(a.Root, filepath.FromSlash(name)) }

// Write writes a file, whether it is there or not.
func (a *Archive) Write(name string, content []byte) {
	a.Helper()
	a.must(os.MkdirAll(filepath.Dir(a.Path(name)), 0o750))
	a.must(os.WriteFile(a.Path(name), content, 0o600))
}

// Read reads a file.
func (a *Archive) Read(name string) []byte {
	a.Helper()
	content, err := os.ReadFile(a.Path(name))
	a.must(err)
	return content
}

// Replace changes a file in one place.
func (a *Archive) Replace(name, old, new string) {
	a.Helper()
	content := a.Read(name)
	if !bytes.Contains(content, []byte(old)) {
		a.Fatalf("%s does not hold %q", name, old)
	}
	a.Write(name, bytes.Replace(content, []byte(old), []byte(new), 1))
}

// Remove removes a file or a folder.
func (a *Archive) Remove(name string) {
	a.Helper()
	if _, err := os.Lstat(a.Path(name)); err != nil {
		a.Fatal(err)
	}
	a.must(os.RemoveAll(a.Path(name)))
}

func (a *Archive) must(err error) {
	a.Helper()
	if err != nil {
		a.Fatal(err)
	}
}

// Creator stores below a directory, once.
func Creator(root string) evidence.Creator {
	return func(_ context.Context, name string, write func(io.Writer) error) error {
		var content bytes.Buffer
		if err := write(&content); err != nil {
			return err
		}
		name = filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			return err
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = file.Write(content.Bytes())
		return errors.Join(err, file.Close())
	}
}

// Files lists the files below a folder, by their path from there.
func (a *Archive) Files(folder string) []string {
	a.Helper()
	var names []string
	a.must(fs.WalkDir(os.DirFS(a.Path(folder)), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	}))
	slices.Sort(names)
	return names
}
