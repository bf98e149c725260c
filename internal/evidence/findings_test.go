package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

func TestFindings(t *testing.T) {
	root := t.TempDir()
	first := sampleSeal(t, root)
	first.Unbatched[0].Start = day.Add(90 * time.Minute)
	first.Unbatched[1].Detail = "still talking"
	held := HoldAnswer{Held: true, At: day.Add(time.Hour)}
	first.HeldAtSealing = func(string) HoldAnswer { return held }
	first.Events = []Event{
		{Time: day.Add(2 * time.Hour), Type: "DaySurveyed"}, {Time: day, Type: "DaySurveyed"},
		{Time: day, Type: "ConversationsMoved", Details: map[string]string{"group": "g"}},
	}
	account, digest, err := first.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	got := findings(t, root, account)
	want := Findings{
		Seals: []SealRef{{Number: 1}},
		Bags:  []FoundBag{{BagRef: BagRef{Name: "b", Lane: slicing.Standard}, Seal: 1, Counts: Counts{Exported: 1, Excluded: 1, Unavailable: 1}, Files: 1, Bytes: 10, Gaps: 1}},
		Missing: []Missing{
			{ConversationID: id(3), Reason: ReasonConversationOpen, Detail: "still talking"},
			{ConversationID: id(1), RecordingID: id(13), Start: day, Medium: genesys.Call, Reason: ReasonArchived, Bag: "b"},
		},
		Gaps:      []ReasonCount{{ReasonArchived, 1, 0}, {ReasonConversationOpen, 0, 1}},
		Excluded:  []ReasonCount{{ReasonHoldScope, 0, 1}, {ReasonMediumNotRequested, 1, 0}},
		Unbatched: []UnbatchedHour{{day.Add(time.Hour), 1, 0}},
		HoldChanges: []HoldChange{
			{ConversationID: id(1), Start: day, AtSurvey: HoldAnswer{At: day.Add(time.Hour)}, AtSealing: held, Bag: "b"}, {ConversationID: id(2), Start: day.Add(90 * time.Minute), AtSealing: held},
			{ConversationID: id(3), AtSealing: held},
		},
		HoldsChanged: 3,
		Moves:        []Event{{Time: day, Type: "ConversationsMoved", Details: map[string]string{"group": "g"}}},
		Surveys:      2, FirstSurvey: day, LastSurvey: day.Add(2 * time.Hour),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}

	second := first
	second.Number, second.Former, second.Surveyed, second.Reopened, second.Unbatched = 2, &Former{account, digest}, 0, 1, nil
	second.Bags = []BagRef{{Name: "again", Lane: slicing.Standard}}
	second.Events = []Event{{Time: day, Type: "RetryRequested", Details: map[string]string{"token": "t"}}}
	retryBag(t, filepath.Join(root, "bags", "again"))
	if account, _, err = second.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	got = findings(t, root, account)
	if len(got.Missing) != 0 || len(got.Gaps) != 0 || got.Bags[0].Gaps != 0 || got.Retried != (Counts{Exported: 1}) || len(got.Retries) != 1 {
		t.Errorf("nothing is missing any more, but findings are %+v", got)
	}
	if diff := cmp.Diff([]SealRef{{1, digest}, {Number: 2}}, got.Seals); diff != "" {
		t.Errorf("seals (-want +got):\n%s", diff)
	}
}

// findings reads findings; digests of bags are compared elsewhere.
func findings(t *testing.T, root string, account Account) Findings {
	t.Helper()
	f, err := ReadFindings(os.DirFS(root), account)
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Bags {
		f.Bags[i].Digest = ""
	}
	return f
}

// TestFindingsFollowEverySeal: however often something is requested again, what is
// missing is what the last line about it says.
func TestFindingsFollowEverySeal(t *testing.T) {
	reasons := []string{ReasonArchived, ReasonDeleted, ReasonRefused}
	rapid.Check(t, func(t *rapid.T) {
		seals := rapid.IntRange(1, 4).Draw(t, "seals")
		tables := map[string]*strings.Builder{}
		table := func(n int, name string) *strings.Builder {
			path := SealFolder(n) + "/" + name
			if tables[path] == nil {
				tables[path] = &strings.Builder{}
			}
			return tables[path]
		}
		for n := 1; n <= seals; n++ {
			fmt.Fprintln(table(n, recordings), "conversation_id,recording_id,medium,lane,disposition,reason,detail,retried,bag")
			fmt.Fprintln(table(n, conversations), "conversation_id,start,held_at_survey,held_at_sealing,held_at_sealing_time,disposition,reason,retried,bag")
			fmt.Fprintf(table(n, bagTable), "bag,lane,start,end,tagmanifest_sha256,exported,excluded,unavailable,files,bytes\nb%d,Standard,,,,0,0,0,0,0\n", n)
			fmt.Fprintln(table(n, failures), "conversation_id,recording_id,reason,detail")
			fmt.Fprint(table(n, sealLog), "")
			fmt.Fprint(table(n, payloadManifest), "")
		}
		want := map[string]string{} // reason by what is missing
		for i := range rapid.IntRange(0, 30).Draw(t, "lines") {
			conversation := rapid.Bool().Draw(t, "conversation")
			missing := rapid.Bool().Draw(t, "missing")
			for n, retried := rapid.IntRange(1, seals).Draw(t, "seal"), false; n <= seals && (missing || !retried); n, retried = n+1, true {
				if retried && rapid.Bool().Draw(t, "wait") {
					continue
				}
				missing = missing && (!retried || rapid.Bool().Draw(t, "still"))
				disposition, reason := Exported, ""
				delete(want, id(i))
				if missing {
					disposition, reason = Unavailable, rapid.SampledFrom(reasons).Draw(t, "reason")
					want[id(i)] = reason
				}
				if conversation {
					fmt.Fprintf(table(n, conversations), "%s,,false,,,%s,%s,%v,b%d\n", id(i), disposition, reason, retried, n)
				} else {
					fmt.Fprintf(table(n, recordings), "%s,%s,Call,Standard,%s,%s,,%v,b%d\n", id(1000), id(i), disposition, reason, retried, n)
				}
				if !missing {
					break
				}
			}
		}
		root := fstest.MapFS{}
		for path, content := range tables {
			root[path] = &fstest.MapFile{Data: []byte(content.String())}
		}
		got, err := ReadFindings(root, Account{Number: seals})
		if err != nil {
			t.Fatal(err)
		}
		listed, sum, inBags := map[string]string{}, int64(0), int64(0)
		for _, m := range got.Missing {
			listed[max(m.RecordingID, strings.Replace(m.ConversationID, id(1000), "", 1))] = m.Reason
		}
		for _, count := range got.Gaps {
			sum += count.Recordings + count.Conversations
		}
		for _, bag := range got.Bags {
			inBags += bag.Gaps
		}
		if diff := cmp.Diff(want, listed); diff != "" || sum != int64(len(want)) || inBags != sum {
			t.Fatalf("%d gaps by reason, %d in bags; listed (-want +got):\n%s", sum, inBags, diff)
		}
	})
}

// TestListsAreBounded: the first of what is missing is listed, all of it counted.
func TestListsAreBounded(t *testing.T) {
	var lines, held strings.Builder
	fmt.Fprintln(&lines, "conversation_id,recording_id,medium,lane,disposition,reason,detail,retried,bag")
	fmt.Fprintln(&held, "conversation_id,start,held_at_survey,held_at_sealing,held_at_sealing_time,disposition,reason,retried,bag")
	const many = 3 * MostListed
	for n := range many {
		fmt.Fprintf(&lines, "%s,%s,Call,Standard,Unavailable,Deleted,,false,b\n", id(n), id(n))
		fmt.Fprintf(&held, "%s,%s,false,true,,Unavailable,MetadataUnreadable,false,b\n", id(n), stamp(day.Add(time.Duration(n)*time.Second)))
	}
	root := fstest.MapFS{
		"seals/1/bags.csv":          {Data: []byte("bag,lane,start,end,tagmanifest_sha256,exported,excluded,unavailable,files,bytes\n")},
		"seals/1/recordings.csv":    {Data: []byte(lines.String())},
		"seals/1/conversations.csv": {Data: []byte(held.String())},
		"seals/1/failures.csv":      {Data: []byte("conversation_id,recording_id,reason,detail\n")},
		"seals/1/events.jsonl":      {},
	}
	got, err := ReadFindings(root, Account{Number: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Missing) != MostListed || got.Missing[0].ConversationID != id(0) || !slices.IsSortedFunc(got.Missing, func(a, b Missing) int { return a.Start.Compare(b.Start) }) {
		t.Errorf("%d gaps are listed, the first is %+v", len(got.Missing), got.Missing[0])
	}
	if diff := cmp.Diff([]ReasonCount{{"Deleted", many, 0}, {"MetadataUnreadable", 0, many}}, got.Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if len(got.HoldChanges) != MostListed || got.HoldsChanged != many {
		t.Errorf("%d changes of holds are listed, %d counted", len(got.HoldChanges), got.HoldsChanged)
	}
}

func TestFindingsNeedEveryTable(t *testing.T) {
	for _, table := range []string{bagTable, conversations, recordings, failures, sealLog} {
		root := t.TempDir()
		account, _, err := sampleSeal(t, root).Write(t.Context(), os.DirFS(root), creator(root))
		if err != nil {
			t.Fatal(err)
		}
		remove(t, filepath.Join(root, "seals", "1", table))
		if _, err := ReadFindings(os.DirFS(root), account); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("without %s: %v", table, err)
		}
		if err := creator(root)(t.Context(), "seals/1/"+table, bytesWriter([]byte("{\"broken"))); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadFindings(os.DirFS(root), account); err == nil {
			t.Errorf("a broken %s is read", table)
		}
	}
}

// TestDifferences: what each seal's comparison found is counted, and what the
// account does not know is listed.
func TestDifferences(t *testing.T) {
	const table = "conversation_id,recording_id,created,difference,reason\n"
	root := fstest.MapFS{
		"seals/1/second-source.csv": {Data: []byte(table + "c,r,2023-10-01T00:00:00Z,NotInAccount,ConversationUnknown\nd,s,,NotInSecondSource,\n")},
		"seals/3/second-source.csv": {Data: []byte(table + strings.Repeat("c,r,,NotInAccount,RecordingUnknown\n", MostListed+1))},
	}
	r := findingsReader{root: root, seals: 3, differences: map[DifferenceCount]int64{}}
	if err := r.readDifferences(); err != nil {
		t.Fatal(err)
	}
	got := r.finish()
	want := []DifferenceCount{{NotInAccount, ReasonRecordingUnknown, MostListed + 1}, {NotInAccount, ReasonConversationUnknown, 1}, {NotInSecondSource, "", 1}}
	if diff := cmp.Diff(want, got.Differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if first := (Unknown{"c", "r", day, ReasonConversationUnknown, 1}); len(got.Unknown) != MostListed || got.Unknown[0] != first {
		t.Errorf("%d recordings are listed, the first is %+v", len(got.Unknown), got.Unknown[0])
	}
	root["seals/2/second-source.csv"] = &fstest.MapFile{Data: []byte("a,\"broken")}
	if err := r.readDifferences(); err == nil {
		t.Error("a broken table is read")
	}
}

// TestTheReportIsOfTheStoredAccount, whichever attempt drew that up and whether or
// not it is signed, and the manifest covers it.
func TestTheReportIsOfTheStoredAccount(t *testing.T) {
	for _, signed := range []bool{false, true} {
		for writes, done := 0, false; !done; writes++ {
			root, m := t.TempDir(), &memory{t: t}
			seal := sampleSeal(t, root)
			if seal.Signing = m.unsigned(); signed {
				seal.Signing = m.signing()
			}
			_, _, err := seal.Write(t.Context(), os.DirFS(root), crashing(root, writes))
			done = err == nil
			seal.At = day.AddDate(0, 0, 1)
			account, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root))
			if err != nil {
				t.Fatalf("again after %d writes: %v", writes, err)
			}
			folder := filepath.Join(root, "seals", "1")
			says, fileErr := os.ReadFile(filepath.Join(folder, reportFile))
			manifest, manifestErr := os.ReadFile(filepath.Join(folder, payloadManifest))
			if err := errors.Join(fileErr, manifestErr, sha256sum(t, folder, payloadManifest)); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("%s, key %s, 1 bags, 2 missing", stamp(account.SealedAt), account.SigningKey)
			if string(says) != want || signed != (account.SigningKey != "") || !bytes.Contains(manifest, []byte("  report.html\n")) {
				t.Errorf("after %d writes the report says %s, want %s; manifest:\n%s", writes, says, want, manifest)
			}
		}
	}
}

// TestWhatWasSignedWithoutAReport is finished without one: nothing can be added to
// what is signed.
func TestWhatWasSignedWithoutAReport(t *testing.T) {
	root, m := t.TempDir(), &memory{t: t}
	seal := sampleSeal(t, root)
	seal.Signing, seal.Report = m.signing(), nil
	for writes := 0; m.kept == nil; writes++ {
		if _, _, err := seal.Write(t.Context(), os.DirFS(root), crashing(root, writes)); err == nil {
			t.Fatal("nothing is written once it is signed")
		}
	}
	seal.Report = sampleReport
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
		t.Fatal(err)
	}
	if err := followInstructions(t, filepath.Join(root, "seals", "1"), instructions); err != nil {
		t.Error(err)
	}
}
