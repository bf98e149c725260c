package evidence

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestWhatHeldConversationsNeed is what is theirs, and what proves it.
func TestWhatHeldConversationsNeed(t *testing.T) {
	files := map[string]bool{
		RecordingPath(id(1), id(11), 1, "wav"):  true,
		MetadataPath(id(1)):                     true,
		RestoredPath(id(1)):                     true,
		RecordingPath(id(2), id(11), 1, "wav"):  false,
		RecordingPath(id(2), id(1), 1, "wav"):   false,
		MetadataPath(id(2)):                     false,
		RestoredPath(id(2)):                     false,
		ConversationsTable:                      true,
		IndexTable:                              true,
		FilesTable:                              true,
		payloadManifest:                         true,
		tagManifest:                             true,
		bagInfo:                                 true,
		bagLog:                                  true,
		BagDeclaration:                          true,
		"custody/attestation.sigstore.json":     true,
		RecordingsFolder + "/" + id(1) + "0/x":  false,
		metadataFolder + "/" + id(1) + "0.json": false,
	}
	for file, want := range files {
		if got := (HeldConversations{id(1): true}).Needs(file); got != want {
			t.Errorf("%s: %v, want %v", file, got, want)
		}
		if (HeldConversations{}).Needs(file) {
			t.Errorf("%s is needed by nobody", file)
		}
	}
}

// TestHeldHere: whoever stays in a batch of the Standard lane though the last
// answer was that it is held.
func TestHeldHere(t *testing.T) {
	now := HoldAnswer{Held: true, At: day}
	tests := map[string]struct {
		lane slicing.Lane
		c    Conversation
		want bool
	}{
		"held since, and stays":   {slicing.Standard, Conversation{HeldLater: now, Disposition: Exported}, true},
		"held at last, unread":    {slicing.Standard, Conversation{HeldLater: now, Disposition: Unavailable}, true},
		"nobody was asked":        {slicing.Standard, Conversation{Disposition: Exported}, false},
		"not held":                {slicing.Standard, Conversation{HeldLater: HoldAnswer{At: day}, Disposition: Exported}, false},
		"it has moved":            {slicing.Standard, Conversation{HeldLater: now, Disposition: Excluded, Reason: ReasonMovedToHold}, false},
		"the scope leaves it out": {slicing.Standard, Conversation{HeldLater: now, Disposition: Excluded, Reason: ReasonHoldScope}, false},
		"its lane is all held":    {slicing.LegalHold, Conversation{HeldLater: now, Disposition: Exported}, false},
	}
	for name, tt := range tests {
		tt.c.ID = id(1)
		got := Inventory{Lane: tt.lane, Conversations: []Conversation{tt.c}}.HeldHere()
		if got[id(1)] != tt.want || (len(got) > 0) != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// TestHeldIn: the answer at sealing counts; what was requested again is held in the
// bags of earlier seals too.
func TestHeldIn(t *testing.T) {
	root := t.TempDir()
	first := sampleSeal(t, root)
	expect := func(seal Seal, held []string, want map[string]HeldConversations) {
		t.Helper()
		seal.HeldAtSealing = func(id string) HoldAnswer { return HoldAnswer{Held: slices.Contains(held, id), At: day} }
		if got, err := seal.HeldIn(os.DirFS(root)); err != nil || cmp.Diff(want, got) != "" {
			t.Errorf("HeldIn with %v held: %v, %v; want %v", held, got, err, want)
		}
	}
	expect(first, nil, map[string]HeldConversations{})
	expect(first, []string{id(1), id(2)}, map[string]HeldConversations{"b": {id(1): true}})
	inHoldLane := first
	inHoldLane.Bags = []BagRef{{Name: "b", Lane: slicing.LegalHold}}
	expect(inHoldLane, []string{id(1)}, map[string]HeldConversations{})

	account, digest, err := first.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	second := first
	second.Number, second.Former, second.Bags = 2, &Former{account, digest}, []BagRef{{Name: "again", Lane: slicing.Standard}}
	retryBag(t, filepath.Join(root, "bags", "again"))
	expect(second, []string{id(3)}, map[string]HeldConversations{"again": {id(3): true}})
	expect(second, []string{id(1)}, map[string]HeldConversations{"again": {id(1): true}, "b": {id(1): true}})
}

// TestHeldInByTheAnswerBeforeTransfer: it counts for conversations whose legal hold was
// not queried again at sealing.
func TestHeldInByTheAnswerBeforeTransfer(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	c := conversation(false)
	c.HeldLater = HoldAnswer{Held: true, At: day}
	stays := policy(genesys.Call)
	stays.Stay = true
	bag := Bag{
		Metadata:  func(string) ([]byte, error) { return nil, nil },
		Inventory: TakeInventory(stays, slicing.Standard, []Conversation{c}, knows()),
	}
	folder := filepath.Join(root, "bags", "held")
	if _, err := bag.Seal(t.Context(), os.DirFS(folder), creator(folder)); err != nil {
		t.Fatal(err)
	}
	seal.Bags = append(seal.Bags, BagRef{Name: "held", Lane: slicing.Standard})
	want := map[string]HeldConversations{"held": {id(1): true}}
	if got, err := seal.HeldIn(os.DirFS(root)); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("HeldIn: %v, %v; want %v", got, err, want)
	}
}

// TestEach goes to what is needed alone, and stops at the first error.
func TestEach(t *testing.T) {
	bag := fstest.MapFS{}
	for _, file := range []string{
		RecordingPath(id(1), id(11), 1, "wav"), RecordingPath(id(1), id(12), 2, "webm"), RecordingPath(id(2), id(21), 1, "wav"),
		MetadataPath(id(1)), MetadataPath(id(2)), IndexTable, payloadManifest,
	} {
		bag[file] = &fstest.MapFile{}
	}
	held := HeldConversations{id(1): true}
	var files []string
	err := held.Each(t.Context(), bag, func(_ context.Context, file string) error { files = append(files, file); return nil })
	want := []string{IndexTable, MetadataPath(id(1)), RecordingPath(id(1), id(11), 1, "wav"), RecordingPath(id(1), id(12), 2, "webm"), payloadManifest}
	if err != nil || cmp.Diff(want, files) != "" {
		t.Errorf("Each: %v, %v; want %v", files, err, want)
	}
	refused, calls := errors.New("refused"), 0
	err = held.Each(t.Context(), bag, func(context.Context, string) error { calls++; return refused })
	if !errors.Is(err, refused) || calls != 1 {
		t.Errorf("Each: %v after %d calls, want %v after one", err, calls, refused)
	}
}
