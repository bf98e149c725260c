package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// orphan is one that was created so long after the begin of the day.
func orphan(n int, after time.Duration) genesys.Orphan {
	return genesys.Orphan{ID: id(n), Created: day.Add(after), Medium: genesys.Call, MediaAsReceived: "CALL", Size: 7, FileState: "AVAILABLE", Status: "NO_CONVERSATION"}
}

// noneEarlier says that no earlier seal lists an undated one.
func noneEarlier() (map[string]bool, error) { return nil, nil }

// listedOrphans lists orphans of the day, and returns the lines.
func listedOrphans(t *testing.T, earlier func() (map[string]bool, error), orphans ...genesys.Orphan) (FoundOrphans, []string) {
	t.Helper()
	var out bytes.Buffer
	found, err := ListOrphans(&out, each(orphans...), Span{day, day.AddDate(0, 0, 1)}, earlier)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(out.Bytes()); found.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("the digest of the table is %s", found.SHA256)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if lines[0] != strings.Join(orphanColumns, ",") {
		t.Errorf("columns %q", lines[0])
	}
	return found, lines[1:]
}

func TestOrphansOfAPartOfTheWindow(t *testing.T) {
	undated := orphan(4, 0)
	undated.Created, undated.Size, undated.Medium, undated.MediaAsReceived, undated.ConversationID = time.Time{}, -1, "", "FAX", id(40)
	again := orphan(4, 0)
	again.Created = time.Time{}
	hostile := genesys.Orphan{ID: "=cmd\x00", Created: day, Size: -1, FileState: "+1", Status: "\u202e", ConversationID: "../x"}
	found, lines := listedOrphans(t, noneEarlier,
		orphan(1, -time.Nanosecond), orphan(2, 0), orphan(3, 24*time.Hour-time.Millisecond), undated, orphan(2, time.Hour), again, orphan(5, 24*time.Hour), hostile)
	want := []string{
		id(2) + ",2023-10-01T00:00:00Z,Call,CALL,7,AVAILABLE,NO_CONVERSATION,",
		id(3) + ",2023-10-01T23:59:59.999Z,Call,CALL,7,AVAILABLE,NO_CONVERSATION,",
		id(4) + ",,,FAX,,AVAILABLE,NO_CONVERSATION," + id(40),
		"'=cmd\ufffd,2023-10-01T00:00:00Z,,,,'+1,\ufffd,../x",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if found.Enumerated != 6 || found.Listed != 4 || found.Undated != 1 || !found.From.Equal(day) || !found.Until.Equal(day.AddDate(0, 0, 1)) {
		t.Errorf("found %+v", found)
	}
}

// TestUndatedOrphansAreListedOnce over all seals: earlier seals are read only if there
// are any.
func TestUndatedOrphansAreListedOnce(t *testing.T) {
	undated := func(n int) genesys.Orphan { o := orphan(n, 0); o.Created = time.Time{}; return o }
	reads := 0
	earlier := func() (map[string]bool, error) { reads++; return map[string]bool{id(1): true}, nil }
	if found, lines := listedOrphans(t, earlier, undated(1), undated(2)); len(lines) != 1 || found.Undated != 1 || found.Listed != 1 || reads != 1 {
		t.Errorf("found %+v, after %d readings: %q", found, reads, lines)
	}
	if _, lines := listedOrphans(t, func() (map[string]bool, error) { return nil, errors.New("read without need") }, orphan(1, 0)); len(lines) != 1 {
		t.Errorf("%q", lines)
	}
	broken := errors.New("broken")
	if _, err := ListOrphans(&bytes.Buffer{}, each(undated(1)), Span{}, func() (map[string]bool, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
	failing := func(yield func(genesys.Orphan, error) bool) { yield(genesys.Orphan{}, broken) }
	if _, err := ListOrphans(&bytes.Buffer{}, iter.Seq2[genesys.Orphan, error](failing), Span{}, noneEarlier); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}

// TestTheAccountOfOrphans over several seals: what could not be listed is made up for
// by the next enumeration, and nothing else is counted differently.
func TestTheAccountOfOrphans(t *testing.T) {
	at := func(n int) time.Time { return day.AddDate(0, 0, n) }
	listed := func(from, until int, listed, undated int64) *FoundOrphans {
		return &FoundOrphans{From: at(from), Until: at(until), At: at(until), Enumerated: 9, Listed: listed, Undated: undated}
	}
	refused := func(from, until int, why string) *FoundOrphans {
		return &FoundOrphans{From: at(from), Until: at(until), NotListed: why}
	}
	tests := map[string]struct {
		found []*FoundOrphans
		want  *OrphanAccount
		// next is where what the following seal has to list begins, if the seals cover up
		// to day 3.
		next int
	}{
		"nobody asked":   {[]*FoundOrphans{nil}, nil, 3},
		"listed":         {[]*FoundOrphans{listed(0, 3, 2, 1)}, &OrphanAccount{Listed: 2, Undated: 1, At: at(3), Enumerated: 9}, 3},
		"listed twice":   {[]*FoundOrphans{listed(0, 1, 2, 0), listed(1, 3, 3, 1)}, &OrphanAccount{Listed: 5, Undated: 1, At: at(3), Enumerated: 9}, 3},
		"nothing new":    {[]*FoundOrphans{listed(0, 3, 2, 0), {From: at(3), Until: at(3)}}, &OrphanAccount{Listed: 2, At: at(3), Enumerated: 9}, 3},
		"refused":        {[]*FoundOrphans{refused(0, 3, "no permission")}, &OrphanAccount{NotListed: &OrphansNotListed{at(0), at(3), "no permission"}}, 0},
		"refused, later": {[]*FoundOrphans{listed(0, 1, 2, 0), refused(1, 3, "x")}, &OrphanAccount{Listed: 2, At: at(1), Enumerated: 9, NotListed: &OrphansNotListed{at(1), at(3), "x"}}, 1},
		"refused, and made up for": {
			[]*FoundOrphans{listed(0, 1, 2, 0), refused(1, 2, "x"), refused(1, 3, "y"), listed(1, 3, 4, 0)}, &OrphanAccount{Listed: 6, At: at(3), Enumerated: 9}, 3,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var former *Former
			for _, found := range tt.found {
				former = &Former{Account: Account{Until: at(3), Orphans: found.orphansSoFar(former)}}
			}
			if diff := cmp.Diff(tt.want, former.Account.Orphans); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got := OrphansFrom(former, at(3)); !got.Equal(at(tt.next)) {
				t.Errorf("the next seal lists from %v, want %v", got, at(tt.next))
			}
		})
	}
	if got := OrphansFrom(nil, at(1)); !got.Equal(at(1)) {
		t.Errorf("the first seal lists from %v", got)
	}
}

func TestTheLogTellsOfOrphans(t *testing.T) {
	found := FoundOrphans{From: day, Until: day.Add(time.Hour), At: day.Add(2 * time.Hour), Enumerated: 3, Listed: 2, Undated: 1, SHA256: "x"}
	refused := FoundOrphans{From: day, Until: day.Add(time.Hour), NotListed: "no permission"}
	for want, f := range map[string]FoundOrphans{
		"OrphansListed map[enumerated:3 enumeratedAt:2023-10-01T02:00:00Z from:2023-10-01T00:00:00Z listed:2 sha256:x undated:1 until:2023-10-01T01:00:00Z]": found,
		"OrphansNotListed map[from:2023-10-01T00:00:00Z until:2023-10-01T01:00:00Z why:no permission]":                                                       refused,
	} {
		got := f.Events(day, "m")
		if len(got) != 1 || got[0].Actor != "m" || !got[0].Time.Equal(day) || fmt.Sprint(got[0].Type, " ", got[0].Details) != want {
			t.Errorf("%+v, want %s", got, want)
		}
	}
	if got := (FoundOrphans{From: day, Until: day}).Events(day, "m"); len(got) != 0 {
		t.Errorf("%+v although nobody was asked", got)
	}
}

// TestASealListsOrphans in a table of its own, counts them apart from all sums, and a
// later seal adds up.
func TestASealListsOrphans(t *testing.T) {
	root := t.TempDir()
	var table bytes.Buffer
	undated := orphan(31, 0)
	undated.Created = time.Time{}
	found, err := ListOrphans(&table, each(orphan(30, 0), undated), Span{day, day.AddDate(0, 0, 1)}, noneEarlier)
	if err != nil {
		t.Fatal(err)
	}
	if err := creator(root)(t.Context(), ".work/orphans.csv", bytesWriter(table.Bytes())); err != nil {
		t.Fatal(err)
	}
	found.At, found.Table = day, ".work/orphans.csv"
	seal := sampleSeal(t, root)
	plain, _, err := seal.Write(t.Context(), os.DirFS(root), creator(t.TempDir()))
	if plain.Orphans != nil {
		t.Errorf("an account %+v, %v, although nobody asked", plain.Orphans, err)
	}
	seal.Orphans = &found
	account, digest, err := seal.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&OrphanAccount{Listed: 2, Undated: 1, At: day, Enumerated: 2}, account.Orphans); diff != "" {
		t.Errorf("account (-want +got):\n%s", diff)
	}
	plain.Export, account.Orphans = account.Export, nil
	if diff := cmp.Diff(plain, account); diff != "" {
		t.Errorf("they are counted elsewhere, too (-without +with):\n%s", diff)
	}
	stored, err := os.ReadFile(filepath.Join(root, "seals", "1", "orphans.csv"))
	if err != nil || !bytes.Equal(stored, table.Bytes()) {
		t.Errorf("orphans.csv holds %q, %v", stored, err)
	}
	if err := sha256sum(t, filepath.Join(root, "seals", "1"), "manifest-sha256.txt"); err != nil {
		t.Error(err)
	}
	undatedIDs, err := UndatedOrphans(os.DirFS(root), 2)
	if diff := cmp.Diff(map[string]bool{id(31): true}, undatedIDs); diff != "" || err != nil {
		t.Errorf("undated (-want +got):\n%s, %v", diff, err)
	}
	sealed, _, err := ReadSeal(os.DirFS(root), 1)
	if err != nil {
		t.Fatal(err)
	}
	got := findings(t, root, sealed).Orphans
	want := []FoundOrphan{
		{ID: id(30), Created: day, Medium: genesys.Call, MediaAsReceived: "CALL", FileState: "AVAILABLE", Status: "NO_CONVERSATION", Seal: 1},
		{ID: id(31), Medium: genesys.Call, MediaAsReceived: "CALL", FileState: "AVAILABLE", Status: "NO_CONVERSATION", Seal: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	next := sealOfSample(t)
	next.Number, next.Bags, next.Unbatched, next.Surveyed = 2, nil, nil, 0
	next.Former = &Former{Account: sealed, Digest: digest}
	next.Orphans = &FoundOrphans{From: sealed.Until, Until: sealed.Until.Add(time.Hour), NotListed: "no permission"}
	later, _, err := next.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil || later.Orphans.Listed != 2 || later.Orphans.NotListed == nil {
		t.Errorf("the next account %+v, %v", later.Orphans, err)
	}
	if _, err := os.Stat(filepath.Join(root, "seals", "2", "orphans.csv")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a seal without a list has a table: %v", err)
	}
}
