// Package specimen makes small archives for tests, with the code that makes real
// ones, and signs them with a signer of its own.
package specimen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/report"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// Names of the bags. The first seal contains the first four.
const (
	Standard  = "case-1-standard-20231001t000000z"
	LegalHold = "case-1-legalhold-20231001t000000z-d1"
	// Isolated contains a conversation that left Standard, IsolatedOnes recordings that
	// did, IsolatedAgain one that left Retry.
	Isolated      = "case-1-isolated-20231001t000000z-d3"
	IsolatedOnes  = "case-1-isolated-20231001t000000z-d4"
	Retry         = "case-1-standard-20231001t000000z-d6"
	IsolatedAgain = "case-1-isolated-20231001t000000z-d7"
)

// Bags are the names of the bags by the number of their seal.
func Bags() map[int][]string {
	return map[int][]string{1: {Standard, LegalHold, Isolated, IsolatedOnes}, 2: {Retry, IsolatedAgain}}
}

// Day is the window.
var Day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

// TakenOver is how the archive went to another cluster between the two seals.
var TakenOver = evidence.TakeOver{From: ID(901), To: ID(903), At: Day.AddDate(0, 0, 3).Add(time.Hour)}

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
	// Buckets is a directory in which the buckets lie to which bags refer, empty if none does.
	Buckets string
	// begun is when the work for the current seal began: its events are in the hours
	// after it.
	begun time.Time
	// bags are in no seal yet.
	bags []evidence.BagRef
}

// New makes an archive of two seals and six bags. In the first seal recording 13 of
// conversation 1 is unavailable, conversation 2 moves from Standard to LegalHold,
// and conversation 4 is still open. Conversation 5 is isolated, and so are of conversation
// 6 the recordings 62, of which one of two files had come, 64, which was restored, and 65,
// of which all had come. Then another cluster takes the archive over. The second seal has
// what was missing: recording 63, which was unavailable, is isolated and restored on the
// way. Recordings 71 and 72 are attached to no conversation. signer may be nil.
func New(t testing.TB, signer *Signer) *Archive {
	t.Helper()
	a := &Archive{TB: t, Root: filepath.Join(t.TempDir(), "case-1"), Signer: signer}
	a.make()
	return a
}

func (a *Archive) make() {
	a.Helper()
	spec := map[string]any{
		"mediaTypes": []string{"Call"}, "holdScope": "Include", "start": Day, "end": Day.AddDate(0, 0, 1), "width": "24h0m0s",
		"maxConversations": 1000, "settleAfter": "24h0m0s", "openDeadline": "24h0m0s", "metadata": "Full", "archived": "Restore",
		"secondSource": "None", "delivery": "Download",
	}
	var err error
	a.record, err = evidence.NewExportRecord("legal", "case-1", ID(901), ID(902), spec, Day.AddDate(0, 0, 2))
	a.must(err)
	content, err := json.Marshal(a.record)
	a.must(err)
	a.Write(evidence.RecordPath, content)
	a.first()
	a.second()
}

// Copy is a copy of the archive, with the same signer.
func (a *Archive) Copy(t testing.TB) *Archive {
	t.Helper()
	copied := *a
	copied.TB, copied.Root = t, filepath.Join(t.TempDir(), "case-1")
	copied.must(os.CopyFS(copied.Root, os.DirFS(a.Root)))
	if a.Buckets != "" {
		copied.Buckets = t.TempDir()
		copied.must(os.CopyFS(copied.Buckets, os.DirFS(a.Buckets)))
	}
	return &copied
}

func (a *Archive) first() {
	a.begun = a.record.CreatedAt
	moved, held := conversation(2), conversation(2)
	moved.HeldLater = evidence.HoldAnswer{Held: true, At: a.at(4)}
	held.Held = moved.HeldLater
	known := map[string][]genesys.Recording{
		ID(1): {recording(11, genesys.Call), recording(12, genesys.Chat), {ID: ID(13), Medium: genesys.Call, FileState: genesys.FileError}},
		ID(2): {recording(21, genesys.Call), recording(22, genesys.Screen)},
		ID(6): sixth(genesys.FileDeleted, genesys.FileArchived),
	}
	a.bag(Standard, slicing.Standard, known, conversation(1), moved, conversation(5), conversation(6))
	a.bag(LegalHold, slicing.LegalHold, known, held)
	known[ID(5)] = []genesys.Recording{recording(51, genesys.Call), recording(52, genesys.Chat)}
	a.bag(Isolated, slicing.Isolated, known, conversation(5))
	a.bag(IsolatedOnes, slicing.Isolated, known, left(6, 62, 64, 65))
	reviewed := a.at(12).Add(time.Minute)
	a.seal(evidence.Seal{
		Number: 1, Surveyed: 5, At: Day.AddDate(0, 0, 3), Orphans: a.orphans(),
		Surveys:   []evidence.Span{{Start: Day, End: Day.AddDate(0, 0, 1)}},
		Unbatched: []evidence.Conversation{{ID: ID(4), Start: Day.Add(4 * time.Hour), Disposition: evidence.Unavailable, Reason: evidence.ReasonConversationOpen}},
		HeldAtSealing: func(id string) evidence.HoldAnswer {
			if id == ID(4) {
				return evidence.HoldAnswer{}
			}
			return evidence.HoldAnswer{Held: id == ID(2), At: reviewed}
		},
		Events: []evidence.Event{
			Planned(0, 1, Surveyed(Day, a.at(1), "First", 4, 1)),
			Planned(1, 1, evidence.Event{Type: "ConversationsMoved", Details: map[string]string{"group": "standard-20231001t000000z"}}),
			Planned(2, 0, Surveyed(Day, a.at(12), "Review", 0, 0)),
			Planned(3, 1, evidence.Event{Type: "ConversationsIsolated", Details: map[string]string{"group": "standard-20231001t000000z"}}),
			Planned(4, 1, evidence.Event{Type: "RecordingsIsolated", Details: map[string]string{"batch": Standard}}),
		},
	})
}

func (a *Archive) second() {
	a.begun = Day.AddDate(0, 0, 3).Add(2 * time.Hour)
	again, ended, others := conversation(1), conversation(4), conversation(6)
	again.Only, others.Only = []string{ID(13)}, []string{ID(63)}
	ended.Held.At = a.at(1).Add(time.Minute)
	known := map[string][]genesys.Recording{
		ID(1): {recording(11, genesys.Call), recording(12, genesys.Chat), recording(13, genesys.Call)},
		ID(4): {recording(41, genesys.Call)},
		ID(6): sixth(genesys.FileArchived, genesys.FileAvailable),
	}
	a.bag(Retry, slicing.Standard, known, again, ended, others)
	a.bag(IsolatedAgain, slicing.Isolated, known, left(6, 63))
	a.seal(evidence.Seal{
		Number: 2, Reopened: 1, At: Day.AddDate(0, 0, 5), Orphans: &evidence.FoundOrphans{From: Day.AddDate(0, 0, 1), Until: Day.AddDate(0, 0, 1)},
		Events: []evidence.Event{
			Planned(6, 1, evidence.Event{Time: a.begun, Type: "RetryRequested", Details: map[string]string{"token": "again", "seals": "1", "days": "1"}}),
			Planned(7, 1, evidence.Event{Type: "RecordingsIsolated", Details: map[string]string{"batch": Retry}}),
			Planned(8, 0, Surveyed(Day, a.at(1), "Retry", 1, 0)),
		},
	})
}

// at is some hours after the work for the seal in hand began.
func (a *Archive) at(hours int) time.Time { return a.begun.Add(time.Duration(hours) * time.Hour) }

// Surveyed reports a survey of a day, which asked for legal holds a minute later.
func Surveyed(day, at time.Time, purpose string, conversations, open int) evidence.Event {
	return evidence.Event{Time: at, Type: "DaySurveyed", Details: map[string]string{
		"day": day.Format(time.DateOnly), "purpose": purpose, "analyticsJob": ID(904), "conversations": strconv.Itoa(conversations),
		"deferred": "0", "open": strconv.Itoa(open), "refused": "0", "holdsAskedAt": at.Add(time.Minute).Format(time.RFC3339Nano), "holdsUnknown": "0",
	}}
}

// Planned is an event of an entry of the plan, with the entry's number and how many
// batches it led to. Entry 5 closes the part of the plan that the first seal contains.
func Planned(entry, batches int, e evidence.Event) evidence.Event {
	e.Details["entry"], e.Details["batches"] = strconv.Itoa(entry), strconv.Itoa(batches)
	return e
}

// bag makes a bag: every wanted recording is stored, unless it leaves.
// Conversations that known lacks cannot be read, and leave as a whole.
func (a *Archive) bag(name string, lane slicing.Lane, known map[string][]genesys.Recording, conversations ...evidence.Conversation) {
	a.Helper()
	policy := evidence.Policy{Slicing: slicing.Spec{Scope: slicing.Include, Other: true}, Media: []genesys.Medium{genesys.Call}, Restores: true}
	inventory := evidence.TakeInventory(policy, lane, a.asked(conversations), func(id string) evidence.Metadata {
		if _, read := known[id]; !read {
			return evidence.Metadata{Reason: evidence.ReasonMovedToIsolated, Detail: "HTTP 504"}
		}
		return evidence.Metadata{Recordings: known[id]}
	})
	countRestored(inventory, name)
	outcomes := map[genesys.RecordingRef]evidence.Outcome{}
	bag := evidence.Bag{Metadata: func(id string) ([]byte, error) { return metadata(known[id]), nil }}
	for _, ref := range inventory.Wanted() {
		first, all, outcome := 0, filesOf(ref.RecordingID), evidence.Outcome{}
		switch n, leaves := arrived[ref.RecordingID]; {
		case leaves && lane == slicing.Isolated:
			first, outcome.Elsewhere = n, n
		case leaves:
			all, outcome.Reason, outcome.Detail = n, evidence.ReasonMovedToIsolated, "try again"
		}
		outcome.Files = all - first
		outcomes[ref] = outcome
		for nn := first; nn < all; nn++ {
			file := a.store(name, ref, nn+1)
			bag.Files = append(bag.Files, file)
			bag.Events = append(bag.Events, arrival(file))
		}
	}
	bag.Inventory = inventory.Settle(outcomes)
	a.addRestored(&bag, name, known)
	bag.Events = append(bag.Events, a.story(bag.Inventory, len(inventory.Wanted()))...)
	bag.Info = []evidence.InfoField{
		{Name: "External-Identifier", Value: name}, {Name: "Bag-Group-Identifier", Value: "legal/case-1"},
		{Name: "Internal-Sender-Identifier", Value: a.record.OrganizationID}, {Name: "Lane", Value: string(lane)},
		{Name: "Window", Value: Day.Format(time.RFC3339) + "/" + Day.AddDate(0, 0, 1).Format(time.RFC3339)},
	}
	if a.Signer != nil {
		bag.Info = append(bag.Info, evidence.InfoField{Name: "Signing-Key-Sha256", Value: a.Signer.ID()})
	}
	folder := a.Path(evidence.BagFolder(name))
	_, err := bag.Seal(a.Context(), os.DirFS(folder), Creator(folder))
	a.must(err)
	a.Write(evidence.BagFolder(name)+"/custody/VERIFY.txt", []byte("How to verify this bag, with tools of your own.\n"))
	a.SignBag(name)
	a.bags = append(a.bags, evidence.BagRef{Name: name, Lane: lane, Start: Day, End: Day.AddDate(0, 0, 1)})
}

// arrival reports a file.
func arrival(file evidence.File) evidence.Event {
	if file.IsReferenced() {
		return evidence.ReferencedEvent(file, "specimen")
	}
	return evidence.Event{Time: file.ReceivedAt, Type: "RecordingStored", Actor: "specimen", Details: map[string]string{
		"path": file.Path, "sha256": file.SHA256, "bytes": strconv.FormatInt(file.Size, 10), "request": file.RequestID,
	}}
}

// store puts a recording's file into a bag, or into a bucket.
func (a *Archive) store(bag string, ref genesys.RecordingRef, nn int) evidence.File {
	content := fmt.Appendf(nil, "recording %s, file %d, %s", ref.RecordingID, nn, bag)
	name := evidence.RecordingPath(ref.ConversationID, ref.RecordingID, nn, "wav")
	where := a.refer(ref, nn, content)
	if where.Location == "" {
		a.Write(evidence.BagFolder(bag)+"/"+name, content)
	}
	return evidence.File{
		Reference: where, Path: name, ConversationID: ref.ConversationID, RecordingID: ref.RecordingID, Size: int64(len(content)), SHA256: Sum(content),
		ContentType: "audio/wav", RequestID: ID(903), ReceivedAt: a.at(8).Add(time.Duration(nn) * time.Minute),
	}
}

// seal seals the bags that are in no seal, after the last seal.
func (a *Archive) seal(s evidence.Seal) {
	a.Helper()
	s.Bags, a.bags = a.bags, nil
	s.Record, s.Former, s.From, s.Until, s.Report = a.record, a.former, Day, Day.AddDate(0, 0, 1), report.Seal
	s.LoadFiles = a.Buckets != ""
	opening := evidence.Event{Time: a.record.CreatedAt, Type: "ArchiveBegun"}
	if a.former != nil {
		s.Events = append(s.Events, TakenOver.Event("specimen"))
		opening = evidence.Event{Time: a.former.Account.SealedAt, Type: "FormerSeal", Details: map[string]string{"number": strconv.Itoa(s.Number - 1), "sha256": a.former.Digest}}
	}
	s.Events = append([]evidence.Event{opening}, append(s.Events, s.Orphans.Events(time.Time{}, "specimen")...)...)
	s.Events = append(s.Events, evidence.Event{Time: s.At, Type: "ExportSealed"})
	s.Artifacts = map[string]string{
		fmt.Sprintf(".work/plan/%06d.json", 2*s.Number): Sum([]byte("entry")), fmt.Sprintf(".work/plan/%06d.json", 2*s.Number+1): Sum([]byte("closing entry")),
	}
	for i := range s.Events {
		s.Events[i].Actor = "specimen"
		if s.Events[i].Time.IsZero() {
			s.Events[i].Time = a.at(11)
		}
	}
	account, _, err := s.Write(a.Context(), os.DirFS(a.Root), Creator(a.Root))
	a.must(err)
	a.must(os.RemoveAll(a.Path(".work"))) // what it was made from
	if a.Signer != nil {
		account.SigningKey, account.BagKeys = a.Signer.ID(), nil
		content, err := json.MarshalIndent(account, "", "  ")
		a.must(err)
		a.Write(evidence.SealFolder(s.Number)+"/"+evidence.AccountFile, append(content, '\n'))
		a.Retell(s.Number)
	}
	a.former = &evidence.Former{Account: account, Digest: a.Reseal(s.Number)}
}

// Retell writes the texts of a seal that follow from its account: the certification
// and the report.
func (a *Archive) Retell(number int) {
	a.Helper()
	account, _, err := evidence.ReadSeal(os.DirFS(a.Root), number)
	a.must(err)
	folder := evidence.SealFolder(number) + "/"
	certification, err := evidence.Certification(account)
	a.must(err)
	a.Write(folder+"certification.txt", certification)
	var page bytes.Buffer
	a.must(report.Seal(&page, os.DirFS(a.Root), evidence.Reported{Account: account, Timestamped: account.Timestamped}))
	a.Write(folder+"report.html", page.Bytes())
}
