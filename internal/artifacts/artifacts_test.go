package artifacts

import (
	"errors"
	"io"
	"io/fs"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
)

var day = time.Date(2023, 10, 1, 0, 0, 0, 0, time.UTC)

func openStore(t *testing.T) archive.Store {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "evidence")
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestTheFirstArtifactCounts(t *testing.T) {
	store := openStore(t)
	first := Hold{Stamp: Stamp{At: day, By: "a"}, Held: []string{"x"}}
	got, err := Put(t.Context(), store, HoldKey("b"), first)
	if diff := cmp.Diff(first, got); err != nil || diff != "" {
		t.Errorf("Put: %v (-want +got):\n%s", err, diff)
	}
	got, err = Put(t.Context(), store, HoldKey("b"), Hold{Stamp: Stamp{By: "b"}})
	if diff := cmp.Diff(first, got); err != nil || diff != "" {
		t.Errorf("second Put: %v (-want +got):\n%s", err, diff)
	}
}

func TestWhatIsMissingIsSaidToBe(t *testing.T) {
	store := openStore(t)
	if _, err := Get[Hold](t.Context(), store, HoldKey("b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get: %v, want fs.ErrNotExist", err)
	}
	if there, err := Exists(t.Context(), store, HoldKey("b")); there || err != nil {
		t.Errorf("Exists: %v, %v", there, err)
	}
	if all, err := All[Request](t.Context(), store, RequestFolder("b")); len(all) != 0 || err != nil {
		t.Errorf("All: %v, %v", all, err)
	}
}

func TestWhatIsBrokenIsAnError(t *testing.T) {
	store := openStore(t)
	err := store.Create(t.Context(), HoldKey("b"), func(w io.Writer) error {
		_, err := io.WriteString(w, `{"held": [`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Get[Hold](t.Context(), store, HoldKey("b")); !errors.Is(err, evidence.ErrCorrupt) {
		t.Errorf("Get: %v, want evidence.ErrCorrupt", err)
	}
}

func TestAllReadsInOrder(t *testing.T) {
	store := openStore(t)
	for _, n := range []int{2, 0, 10, 1} {
		if _, err := Put(t.Context(), store, RequestKey("b", 0, n), Request{Ticket: genesys.Ticket{ID: string(rune('a' + n))}}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := All[Request](t.Context(), store, RequestFolder("b"))
	var got string
	for _, r := range all {
		got += r.Ticket.ID
	}
	if err != nil || got != "abck" {
		t.Errorf("All: %q, %v", got, err)
	}
}

// TestMetadataIsKeptByteForByte: an answer that is not even text survives.
func TestMetadataIsKeptByteForByte(t *testing.T) {
	store := openStore(t)
	want := Metadata{Body: []byte("[ {\"id\" : \"\xff\xfe\" } ]\n"), Recordings: []genesys.Recording{{ID: "x", Medium: genesys.Call}}}
	if _, err := Put(t.Context(), store, MetadataKey("g", "c"), want); err != nil {
		t.Fatal(err)
	}
	got, err := Get[Metadata](t.Context(), store, MetadataKey("g", "c"))
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Get: %v (-want +got):\n%s", err, diff)
	}
}

// TestKeysCanBeUsed: every key that is made is one that a store takes.
func TestKeysCanBeUsed(t *testing.T) {
	ref := genesys.RecordingRef{ConversationID: "00000000-0000-4000-8000-000000000001", RecordingID: "00000000-0000-4000-8000-000000000002"}
	for _, key := range []string{
		SurveyKey(0, day), JobKey(1, day), FailedJobKey(1, day, 2), OwnerKey(1), EntryKey(2), MetadataKey("held-20231001t000000z", ref.ConversationID),
		SliceKey("x.y-1"), InventoryKey("b"), HoldKey("held-20231001t000000z"), OutcomeKey("b"), RequestKey("b", 1, 2), FileKey("b", ref, 1), RunKey("b", "r"),
		ComparisonKey(1), ComparisonTable(1, "m.host.x"), PageKey(DayFolder(ref.ConversationID, day), 0, 12345), EndKey(DayFolder(ref.ConversationID, day), 1), SharedArchive,
		BulkAttemptKey("b", "0-500", 0), BulkCreatedKey("b", "0-500", 0), BulkEndKey("b", "0-500", 0), BulkDoneKey("b"), BulkRunningKey("b", "0-500", 0),
		BulkRefusedKey("b", ref, "s3://bucket/key", `"etag"`),
	} {
		if err := archive.CheckKey(key); err != nil {
			t.Error(err)
		}
	}
}

func TestArtifactsOfALaterReleaseAreRefused(t *testing.T) {
	store := openStore(t)
	if _, err := Put(t.Context(), store, HoldKey("b"), Hold{Stamp: Stamp{At: day, Version: Version + 1}, Asked: true}); err != nil {
		t.Fatal(err)
	}
	var newer *NewerError
	if _, err := Get[Hold](t.Context(), store, HoldKey("b")); !errors.As(err, &newer) || newer.Version != Version+1 || newer.Key != HoldKey("b") {
		t.Errorf("Get: %v, want a NewerError", err)
	}
}
