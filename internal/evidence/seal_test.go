package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// sampleSeal seals an export of one bag, one excluded and one open conversation.
func sampleSeal(t *testing.T, root string) Seal {
	t.Helper()
	folder := filepath.Join(root, "bags", "b")
	if _, err := sampleBag(t, folder).Seal(t.Context(), os.DirFS(folder), creator(folder)); err != nil {
		t.Fatal(err)
	}
	return sealOfSample(t)
}

// sealOfSample seals what sampleSeal has made the bag of.
func sealOfSample(t *testing.T) Seal {
	t.Helper()
	record, err := NewExportRecord("legal", "case-1", "cluster", "organisation", map[string]int{"b": 1, "a": 2}, day)
	if err != nil {
		t.Fatal(err)
	}
	return Seal{
		Number: 1, Record: record, At: day, Surveyed: 3,
		Unbatched: []Conversation{
			{ID: id(2), Disposition: Excluded, Reason: ReasonHoldScope},
			{ID: id(3), Disposition: Unavailable, Reason: ReasonConversationOpen},
		},
		Bags:   []BagRef{{Name: "b", Lane: slicing.Standard}},
		Events: []Event{{Time: day, Type: "Surveyed", Actor: "m"}},
		Report: sampleReport,
	}
}

// sampleReport reports what it is told, and what it finds.
func sampleReport(w io.Writer, root fs.FS, of Reported) error {
	f, err := ReadFindings(root, of.Account)
	if err == nil {
		_, err = fmt.Fprintf(w, "%s, key %s, %d bags, %d missing", stamp(of.Account.SealedAt), of.Account.SigningKey, len(f.Bags), len(f.Missing))
	}
	return err
}

func TestSealHoldsTheAccount(t *testing.T) {
	root := t.TempDir()
	account, digest, err := sampleSeal(t, root).Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	if want := (ConversationAccount{Surveyed: 3, Batched: 1, Excluded: 1, Unavailable: 1}); account.Conversations != want {
		t.Errorf("conversations %+v, want %+v", account.Conversations, want)
	}
	wantRecordings := []RecordingAccount{
		{slicing.Standard, genesys.Call, Counts{Exported: 1, Unavailable: 1}},
		{slicing.Standard, genesys.Chat, Counts{Excluded: 1}},
	}
	if diff := cmp.Diff(wantRecordings, account.Recordings); diff != "" {
		t.Errorf("recordings (-want +got):\n%s", diff)
	}
	if account.Gaps != 2 || account.Bags != 1 || account.Bytes != 10 {
		t.Errorf("account %+v", account)
	}
	folder := filepath.Join(root, "seals", "1")
	if err := errors.Join(sha256sum(t, folder, "manifest-sha256.txt"), sha256sum(t, folder, "bags-sha256.txt")); err != nil {
		t.Error(err)
	}
	stored, storedDigest, err := ReadSeal(os.DirFS(root), 1)
	if err != nil || storedDigest != digest || stored.Totals() != account.Totals() || stored.Export.Mismatch(account.Export) != "" {
		t.Errorf("stored seal %+v, %s, %v", stored, storedDigest, err)
	}
	for file, lines := range map[string]int{"conversations.csv": 4, "recordings.csv": 4, "bags.csv": 2, "events.jsonl": 1} {
		content, err := os.ReadFile(filepath.Join(folder, file))
		if got := strings.Count(string(content), "\n"); err != nil || got != lines {
			t.Errorf("%s has %d lines, %v; want %d", file, got, err, lines)
		}
	}
}

// TestASealSurvivesACrashAtEachWrite: whatever was stored before, the next attempt
// makes one seal of it, all of which reports the same time.
func TestASealSurvivesACrashAtEachWrite(t *testing.T) {
	for writes := range 40 {
		root := t.TempDir()
		seal := sampleSeal(t, root)
		seal.Signing = (&memory{t: t}).unsigned()
		if _, _, err := seal.Write(t.Context(), os.DirFS(root), crashing(root, writes)); err == nil {
			if writes < 10 {
				t.Errorf("only %d writes", writes)
			}
			return
		}
		seal.At = day.AddDate(0, 0, 1)
		account, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root))
		if err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
			continue
		}
		folder := filepath.Join(root, "seals", "1")
		if err := sha256sum(t, folder, "manifest-sha256.txt"); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
		}
		draft, err := os.ReadFile(filepath.Join(folder, certified))
		if err != nil || !strings.Contains(string(draft), "made at "+stamp(account.SealedAt)) {
			t.Errorf("after %d writes the draft is not about what was sealed at %s, %v", writes, stamp(account.SealedAt), err)
		}
	}
	t.Error("sealing never ended")
}

// TestALaterSeal contains what is new, and the numbers of everything.
func TestALaterSeal(t *testing.T) {
	root := t.TempDir()
	first := sampleSeal(t, root)
	account, digest, err := first.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	gaps, err := ReadGaps(os.DirFS(root), 1)
	if want := []Gap{{ConversationID: id(1), Start: day, Lane: slicing.Standard, Recordings: []string{id(13)}, Media: []genesys.Medium{genesys.Call}}}; err != nil || cmp.Diff(want, gaps) != "" {
		t.Fatalf("gaps %+v, %v; want %+v", gaps, err, want)
	}
	second := first
	second.Number, second.Former = 2, &Former{account, digest}
	second.Surveyed, second.Reopened, second.Unbatched = 0, 1, nil
	second.Bags = []BagRef{{Name: "again", Lane: slicing.Standard}}
	retryBag(t, filepath.Join(root, "bags", "again"))
	now, _, err := second.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	if want := (SealRef{1, digest}); *now.Former != want || now.Gaps != 0 || now.Bags != 2 || now.Totals() != (Counts{Exported: 3, Excluded: 1}) {
		t.Errorf("account %+v, totals %+v", now, now.Totals())
	}
	if want := (ConversationAccount{Surveyed: 3, Batched: 2, Excluded: 1}); now.Conversations != want {
		t.Errorf("conversations %+v, want %+v", now.Conversations, want)
	}
	if gaps, err := ReadGaps(os.DirFS(root), 2); err != nil || len(gaps) != 0 {
		t.Errorf("gaps %+v, %v; want none", gaps, err)
	}
}

// retryBag is a bag of what the sample's seal has as unavailable: a recording, and
// a conversation that had not ended.
func retryBag(t *testing.T, folder string) {
	t.Helper()
	again, late := conversation(false), conversation(false)
	again.Only, late.ID = []string{id(13)}, id(3)
	known := map[string]Metadata{
		id(1): {Recordings: []genesys.Recording{recording(13, genesys.Call, genesys.FileRestored)}},
		id(3): {Recordings: []genesys.Recording{recording(31, genesys.Call, genesys.FileAvailable)}},
	}
	inventory := TakeInventory(policy(genesys.Call), slicing.Standard, []Conversation{again, late}, func(id string) Metadata { return known[id] })
	bag := Bag{
		Metadata: func(string) ([]byte, error) { return nil, nil },
		Inventory: inventory.Settle(map[genesys.RecordingRef]Outcome{
			{ConversationID: id(1), RecordingID: id(13)}: {Files: 1}, {ConversationID: id(3), RecordingID: id(31)}: {Files: 1},
		}),
	}
	if _, err := bag.Seal(t.Context(), os.DirFS(folder), creator(folder)); err != nil {
		t.Fatal(err)
	}
}

func TestSealRefusesAnAccountThatDoesNotAddUp(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	seal.Surveyed = 4
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, ErrUnbalanced) {
		t.Errorf("Write: %v, want ErrUnbalanced", err)
	}
	if _, err := os.Stat(filepath.Join(root, "seals")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("something was sealed")
	}
}

func TestSealRefusesAMissingBag(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	seal.Bags = append(seal.Bags, BagRef{Name: "c", Lane: slicing.Standard})
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Write: %v, want fs.ErrNotExist", err)
	}
}

func TestSealWriteSurvivesACrashAtEachWrite(t *testing.T) {
	crash := errors.New("crash")
	for writes := range 20 {
		root := t.TempDir()
		seal, left := sampleSeal(t, root), writes
		seal.Signing = (&memory{t: t}).unsigned()
		_, _, err := seal.Write(t.Context(), os.DirFS(root), func(ctx context.Context, path string, write func(io.Writer) error) error {
			if left == 0 {
				return crash
			}
			left--
			return creator(root)(ctx, path, write)
		})
		if err == nil {
			return
		}
		if _, _, err := ReadSeal(os.DirFS(root), 1); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after %d writes: %v, want no seal", writes, err)
		}
		seal.At = day.AddDate(0, 0, 1)
		if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
		}
		if err := sha256sum(t, filepath.Join(root, "seals", "1"), payloadManifest); err != nil {
			t.Errorf("again after %d writes: %v", writes, err)
		}
	}
	t.Error("sealing never ended")
}

func TestExportRecordTellsExportsApart(t *testing.T) {
	record := func(name string, spec map[string]int) ExportRecord {
		r, err := NewExportRecord("legal", name, "cluster", "organisation", spec, day)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := record("case-1", map[string]int{"a": 1, "b": 2})
	if got := first.Mismatch(record("case-1", map[string]int{"b": 2, "a": 1})); got != "" {
		t.Errorf("the same spec is told apart: %s", got)
	}
	for want, other := range map[string]ExportRecord{
		"name": record("case-2", map[string]int{"a": 1, "b": 2}), "spec": record("case-1", map[string]int{"a": 1}),
	} {
		if got := first.Mismatch(other); !strings.Contains(got, want) {
			t.Errorf("mismatch %q does not name the %s", got, want)
		}
	}
}
