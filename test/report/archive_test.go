package report

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/report"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/signing/rfc3161"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/testenv/tsaserver"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

var begin = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

// hostile is what somebody might have Genesys Cloud say.
const hostile = `</td></script><script>alert(1)</script><img src=x onerror=alert(2)>" onload="alert(3)" ` + "\u202e\x00\x1b[31m"

// sealed is an archive with its seals, made by the code that makes real ones.
type sealed struct {
	*testing.T
	root    string
	record  evidence.ExportRecord
	width   time.Duration
	end     time.Time
	next    int
	account evidence.Account
	digest  string
	// signer signs the seals, and tsa attests their time; nil if nothing does.
	signer *signing.Signer
	tsa    *tsaserver.Server
}

// newSealed begins an archive of two days in slices of six hours.
func newSealed(t *testing.T, attributes map[string]string) *sealed {
	t.Helper()
	end := begin.AddDate(0, 0, 2)
	record, err := evidence.NewExportRecord("legal", "case-4711", "3a889f82-e721-4ff1-a0c0-1bd4fdcab165", "c0ffee00-5eed-4abc-8def-0123456789ab", map[string]any{
		"mediaTypes": []string{"Call", "Chat", "Screen"}, "holdScope": "Include", "start": begin, "end": end, "width": "6h0m0s", "maxConversations": 1000,
		"settleAfter": "48h0m0s", "openDeadline": "720h0m0s", "metadata": "Full", "archived": "List", "secondSource": "Retention", "delivery": "Download",
		"attributes": attributes,
	}, end.AddDate(0, 1, 0))
	if err != nil {
		t.Fatal(err)
	}
	return &sealed{T: t, root: t.TempDir(), record: record, width: 6 * time.Hour, end: end}
}

func (s *sealed) id() string {
	s.next++
	return fmt.Sprintf("%08x-5eed-4abc-8def-%012x", s.next*0x9e3779b1&0xffffffff, s.next)
}

// create stores once.
func (s *sealed) create(folder string) evidence.Creator {
	return specimen.Creator(filepath.Join(s.root, folder))
}

// batch is what becomes a bag.
type batch struct {
	evidence.BagRef
	evidence.Inventory
	files        []evidence.File
	restorations []evidence.Restoration
}

func (s *sealed) batch(lane slicing.Lane, start time.Time, suffix string) *batch {
	name := strings.ToLower("case-4711-" + string(lane) + "-" + start.Format("20060102t150405z") + suffix)
	return &batch{
		BagRef:    evidence.BagRef{Name: name, Lane: lane, Start: start, End: start.Add(s.width)},
		Inventory: evidence.Inventory{Lane: lane},
	}
}

// add adds a conversation with its recordings.
func (s *sealed) add(b *batch, c evidence.Conversation, recordings ...evidence.Recording) {
	c.Recordings = len(recordings)
	if c.ID == "" {
		c.ID = s.id()
	}
	if c.Held.At.IsZero() {
		c.Held.At = s.record.CreatedAt
	}
	if c.Disposition == "" {
		c.Disposition = evidence.Exported
	}
	b.Conversations = append(b.Conversations, c)
	for _, r := range recordings {
		r.ConversationID = c.ID
		if r.RecordingID == "" {
			r.RecordingID = s.id()
		}
		if r.Disposition == evidence.Exported {
			r.Files = 1
			b.files = append(b.files, s.store(b, r))
		}
		b.Recordings = append(b.Recordings, r)
	}
}

// store stores a recording's file.
func (s *sealed) store(b *batch, r evidence.Recording) evidence.File {
	content := strings.Repeat("sound of "+r.RecordingID, 100)
	path := evidence.RecordingPath(r.ConversationID, r.RecordingID, 1, "opus")
	err := s.create(evidence.BagFolder(b.Name))(s.Context(), path, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	sum := sha256.Sum256([]byte(content))
	return evidence.File{
		Path: path, ConversationID: r.ConversationID, RecordingID: r.RecordingID, Size: int64(len(content)),
		SHA256: hex.EncodeToString(sum[:]), ContentType: "audio/ogg", ReceivedAt: s.record.CreatedAt,
	}
}

// bag seals a batch.
func (s *sealed) bag(b *batch) evidence.BagRef {
	s.Helper()
	folder := evidence.BagFolder(b.Name)
	bag := evidence.Bag{Inventory: b.Inventory, Files: b.files, Metadata: func(string) ([]byte, error) { return []byte("[]"), nil }, Restorations: b.restorations}
	fsys, err := fs.Sub(os.DirFS(s.root), folder)
	if err == nil {
		_, err = bag.Seal(s.Context(), fsys, s.create(folder))
	}
	if err != nil {
		s.Fatal(err)
	}
	return b.BagRef
}

// seal seals what there is since the seal before, with a report.
func (s *sealed) seal(seal evidence.Seal) {
	s.Helper()
	seal.Number, seal.Record, seal.At, seal.Report = s.account.Number+1, s.record, s.record.CreatedAt.Add(time.Duration(s.account.Number+1)*time.Hour), report.Seal
	seal.From, seal.Until, seal.Signing = begin, s.end, s.signing()
	seal.Tool = evidence.Tool{Name: "recording-export-operator", Version: "v0.1.0", Image: "ghcr.io/gcexport/recording-export-operator@sha256:" + strings.Repeat("0a", 32), Executable: strings.Repeat("b1", 32)}
	if s.digest != "" {
		seal.Former = &evidence.Former{Account: s.account, Digest: s.digest}
	} else {
		seal.Surveys = []evidence.Span{{Start: begin, End: s.end}}
	}
	var err error
	if s.account, s.digest, err = seal.Write(s.Context(), os.DirFS(s.root), s.create("")); err != nil {
		s.Fatal(err)
	}
}

// signing signs as the operator does, except that it keeps nothing in case of a crash.
func (s *sealed) signing() evidence.Signing {
	if s.signer == nil {
		return evidence.Signing{}
	}
	return evidence.Signing{
		Signer: func(context.Context) (*signing.Signer, error) { return s.signer, nil },
		Recall: func(context.Context) (evidence.Signed, error) { return evidence.Signed{}, fs.ErrNotExist },
		Keep:   func(_ context.Context, made evidence.Signed) (evidence.Signed, error) { return made, nil },
	}
}

// sign has all seals signed by a key of their own, and their time attested.
func (s *sealed) sign() {
	s.Helper()
	text, err := signing.GenerateKey()
	if err != nil {
		s.Fatal(err)
	}
	key, err := signing.ParseKey(text)
	if err != nil {
		s.Fatal(err)
	}
	s.tsa = tsaserver.Start(s)
	where, err := url.Parse(s.tsa.URL)
	if err != nil {
		s.Fatal(err)
	}
	s.signer = &signing.Signer{Key: key, Authority: rfc3161.Authority{URL: where}}
}

func exported(medium genesys.Medium) evidence.Recording {
	return evidence.Recording{Medium: medium, Disposition: evidence.Exported}
}

func left(medium genesys.Medium, reason string) evidence.Recording {
	return evidence.Recording{Medium: medium, Disposition: evidence.Excluded, Reason: reason}
}

func gap(medium genesys.Medium, reason, detail string) evidence.Recording {
	return evidence.Recording{Medium: medium, Disposition: evidence.Unavailable, Reason: reason, Detail: detail}
}

// standard fills a slice of the Standard lane.
func (s *sealed) standard(start time.Time) *batch {
	b := s.batch(slicing.Standard, start, "")
	for i := range 4 {
		s.add(b, evidence.Conversation{Start: start.Add(time.Duration(i) * time.Hour), Home: true},
			exported(genesys.Call), exported(genesys.Chat), left(genesys.Email, evidence.ReasonMediumNotRequested))
	}
	return b
}

// isolate has a conversation and two recordings of another leave a slice, for a slice
// each. One of the recordings is never had.
func (s *sealed) isolate(from *batch) []evidence.BagRef {
	s.Helper()
	whole, other := evidence.Conversation{ID: s.id(), Start: from.Start}, evidence.Conversation{ID: s.id(), Start: from.Start, Home: true}
	gone := whole
	gone.Disposition, gone.Reason, gone.Detail = evidence.Excluded, evidence.ReasonMovedToIsolated, hostile
	s.add(from, gone)
	one, two := left(genesys.Call, evidence.ReasonMovedToIsolated), left(genesys.Chat, evidence.ReasonMovedToIsolated)
	one.RecordingID, two.RecordingID = s.id(), s.id()
	s.add(from, other, exported(genesys.Call), one, two)

	first, second := s.batch(slicing.Isolated, from.Start, "-d5"), s.batch(slicing.Isolated, from.Start, "-d6")
	whole.Home, other.Home = true, false
	s.add(first, whole, exported(genesys.Call), exported(genesys.Chat))
	one.Disposition, one.Reason = evidence.Exported, ""
	two.Disposition, two.Reason, two.Detail = evidence.Unavailable, evidence.ReasonRefused, hostile
	s.add(second, other, one, two)
	ref := func(r evidence.Recording) genesys.RecordingRef {
		return genesys.RecordingRef{ConversationID: other.ID, RecordingID: r.RecordingID}
	}
	second.restorations = []evidence.Restoration{
		{RecordingRef: ref(one), Before: genesys.Retention{DeleteDate: "2033-01-01T00:00:00Z"}, Asked: from.Start, After: &genesys.Retention{DeleteDate: hostile}},
		{RecordingRef: ref(two), Asked: from.Start},
	}
	return []evidence.BagRef{s.bag(first), s.bag(second)}
}

// complete is an archive of one seal without gaps, which is not signed.
func complete(t *testing.T) *sealed {
	t.Helper()
	s := newSealed(t, map[string]string{"caseId": "4711", "legalBasis": "GDPR 17(3)(e)"})
	s.fill()
	return s
}

// fill seals two days without gaps.
func (s *sealed) fill() {
	s.Helper()
	seal := evidence.Seal{Events: []evidence.Event{surveyed()}}
	for start := begin; start.Before(s.end); start = start.Add(s.width) {
		seal.Bags = append(seal.Bags, s.bag(s.standard(start)))
		seal.Surveyed += 4
	}
	s.seal(seal)
}

func surveyed() evidence.Event {
	return evidence.Event{Time: begin.AddDate(0, 1, 2), Type: "DaySurveyed", Actor: "manager"}
}

// troubled is an archive of two seals, with gaps of every sort, of which some were
// exported at a second attempt, with what was isolated, with legal holds that changed,
// with a second source that knows more, and with hostile text. It is signed, and its time attested.
func troubled(t *testing.T) *sealed {
	t.Helper()
	s := newSealed(t, map[string]string{"caseId": "4711", "note": hostile, "long": strings.Repeat("ab", 128)})
	s.sign()
	seal := evidence.Seal{Events: []evidence.Event{
		surveyed(), {Time: begin.AddDate(0, 1, 3), Type: "ConversationsMoved", Details: map[string]string{"group": "standard-" + hostile}},
		{Time: begin.AddDate(0, 1, 4), Type: "RecordingsIsolated", Details: map[string]string{"batch": hostile}},
	}}
	var slow, changed string
	again := s.batch(slicing.LegalHold, begin, "-d1")
	for start, n := begin, 0; start.Before(s.end); start, n = start.Add(s.width), n+1 {
		standard := s.standard(start)
		switch n {
		case 1:
			standard.Conversations[0].HeldLater = evidence.HoldAnswer{Held: true, At: s.record.CreatedAt}
		case 2:
			s.add(standard, evidence.Conversation{Start: start, Home: true}, gap(genesys.Call, evidence.ReasonRefused, hostile), gap(genesys.Chat, evidence.ReasonArchived, ""))
			seal.Surveyed++
		case 3:
			seal.Bags = append(seal.Bags, s.isolate(standard)...)
			seal.Surveyed += 2
		case 5:
			slow = s.id()
			s.add(standard, evidence.Conversation{ID: slow, Start: start, Home: true, Disposition: evidence.Unavailable, Reason: evidence.ReasonMetadataUnreadable})
			seal.Surveyed++
		}
		changed = standard.Conversations[0].ID
		seal.Bags = append(seal.Bags, s.bag(standard))
		seal.Surveyed += 4
		if n%2 == 1 {
			continue
		}
		held, screens := s.batch(slicing.LegalHold, start, ""), s.batch(slicing.LegalHoldScreen, start, "")
		at := evidence.HoldAnswer{Held: true, At: s.record.CreatedAt}
		if n == 0 {
			lost := gap(genesys.Call, evidence.ReasonNotDelivered, "")
			lost.RecordingID = s.id()
			c := evidence.Conversation{ID: s.id(), Start: start, Held: at, Home: true}
			s.add(held, c, lost)
			c.Home, lost.Disposition, lost.Reason, lost.Retried = false, evidence.Exported, "", true
			s.add(again, c, lost)
			seal.Surveyed++
		}
		c := evidence.Conversation{ID: s.id(), Start: start.Add(time.Hour), Held: at, Home: true}
		s.add(held, c, exported(genesys.Call))
		held.Conversations[len(held.Conversations)-1].Recordings = 2
		c.Home = false
		screen := exported(genesys.Screen)
		if n == 4 {
			screen = gap(genesys.Screen, evidence.ReasonNotReady, "UPLOADING")
		}
		s.add(screens, c, screen)
		seal.Surveyed++
		seal.Bags = append(seal.Bags, s.bag(held), s.bag(screens))
	}
	seal.HeldAtSealing = func(id string) evidence.HoldAnswer {
		if id == changed {
			return evidence.HoldAnswer{Held: true, At: s.record.CreatedAt.Add(time.Hour)}
		}
		return evidence.HoldAnswer{}
	}
	seal.Unbatched = []evidence.Conversation{
		{ID: s.id(), Start: begin.Add(40 * time.Hour), Disposition: evidence.Unavailable, Reason: evidence.ReasonConversationOpen},
		{ID: s.id(), Start: begin.Add(20 * time.Hour), Disposition: evidence.Excluded, Reason: evidence.ReasonHoldScope},
	}
	seal.Surveyed += 2
	seal.Deferred = 1
	seal.Compared, seal.Orphans = s.compared(), s.orphans()
	s.seal(seal)
	s.seal(evidence.Seal{
		Orphans:  &evidence.FoundOrphans{From: s.end, Until: s.end},
		Deferred: 1, Compared: s.comparison(".work/second-source-2.csv", evidence.SecondSource{}),
		Bags:   []evidence.BagRef{s.bag(again)},
		Events: []evidence.Event{{Time: begin.AddDate(0, 2, 0), Type: "RetryRequested", Details: map[string]string{"token": hostile}}},
	})
	return s
}

// compared is a comparison with a second source that lists two recordings more, and
// lacks one.
func (s *sealed) compared() *evidence.Compared {
	s.Helper()
	return s.comparison(".work/second-source-1.csv", evidence.SecondSource{Listed: 75, Matched: 73, NotInAccount: 2, NotInSecondSource: 1},
		[]string{s.id(), s.id(), "2023-10-01T10:00:00Z", "NotInAccount", "ConversationUnknown"},
		[]string{s.id(), hostile, "2023-10-01T11:00:00Z", "NotInAccount", "RecordingUnknown"},
		[]string{s.id(), s.id(), "", "NotInSecondSource", ""},
	)
}

// orphans lists recordings of no conversation, one of which says nothing of when it was
// created.
func (s *sealed) orphans() *evidence.FoundOrphans {
	s.Helper()
	var found evidence.FoundOrphans
	all := func(yield func(genesys.Orphan, error) bool) {
		for n := range 5 {
			o := genesys.Orphan{ID: s.id(), Created: begin.Add(time.Duration(n) * time.Hour), Medium: genesys.Call, Size: 7, FileState: "AVAILABLE", Status: "NO_CONVERSATION"}
			if n == 3 {
				o = genesys.Orphan{ID: hostile, MediaAsReceived: hostile, Size: -1, FileState: hostile, Status: hostile, ConversationID: hostile}
			}
			if !yield(o, nil) {
				return
			}
		}
	}
	const table = ".work/orphans.csv"
	err := s.create("")(s.Context(), table, func(w io.Writer) (err error) {
		found, err = evidence.ListOrphans(w, all, evidence.Span{Start: begin, End: s.end}, func() (map[string]bool, error) { return nil, nil })
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	found.At, found.Table = s.record.CreatedAt, table
	return &found
}

// comparison stores what a comparison found.
func (s *sealed) comparison(table string, found evidence.SecondSource, lines ...[]string) *evidence.Compared {
	s.Helper()
	err := s.create("")(s.Context(), table, func(w io.Writer) error {
		header := []string{"conversation_id", "recording_id", "created", "difference", "reason"}
		return csv.NewWriter(w).WriteAll(append([][]string{header}, lines...))
	})
	if err != nil {
		s.Fatal(err)
	}
	found.Source, found.At, found.Enumerated = "Retention", s.record.CreatedAt, 51234
	return &evidence.Compared{Table: table, SecondSource: found}
}

// countIsolated counts what the seals' tables list in the lane Isolated, and as restored,
// as any program would.
func (s *sealed) countIsolated() map[string]float64 {
	s.Helper()
	whole, counts := map[string]bool{}, map[string]float64{}
	for number := 1; number <= s.account.Number; number++ {
		if _, err := os.Stat(filepath.Join(s.root, evidence.SealFolder(number), "retention.csv")); err == nil {
			counts["restored"] += float64(len(s.rows(number, "retention.csv")))
		}
		for _, row := range s.rows(number, "conversations.csv") {
			if strings.Contains(row["bag"], "-isolated-") {
				whole[row["conversation_id"]] = true
			}
		}
		for _, row := range s.rows(number, "recordings.csv") {
			if row["lane"] != "Isolated" {
				continue
			}
			counts[row["disposition"]]++
			if !whole[row["conversation_id"]] {
				counts["isolated-recordings"]++
			}
		}
	}
	if len(whole) > 0 {
		counts["isolated-conversations"] = float64(len(whole))
	}
	return counts
}

// rows reads a table of a seal.
func (s *sealed) rows(number int, table string) []map[string]string {
	s.Helper()
	file, err := os.Open(filepath.Join(s.root, evidence.SealFolder(number), table))
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil {
		s.Fatal(err)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// readAccount reads account.json as any program would.
func (s *sealed) readAccount(number int) map[string]any {
	s.Helper()
	body, err := os.ReadFile(filepath.Join(s.root, evidence.SealFolder(number), evidence.AccountFile))
	var account map[string]any
	if err == nil {
		err = json.Unmarshal(body, &account)
	}
	if err != nil {
		s.Fatal(err)
	}
	return account
}
