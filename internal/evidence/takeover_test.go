package evidence

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestTakeOversAreInTheAccount: a seal lists those of its own log, after those of the
// seals before.
func TestTakeOversAreInTheAccount(t *testing.T) {
	root := t.TempDir()
	one := TakeOver{"a", "b", day.Add(time.Minute)}
	two, three := TakeOver{"b", "c", day.Add(time.Hour)}, TakeOver{"c", "a", day.Add(2 * time.Hour)}
	seal := sampleSeal(t, root)
	seal.Events = append(seal.Events, one.Event("m"))
	first, digest, err := seal.Write(t.Context(), os.DirFS(root), creator(root))
	if diff := cmp.Diff([]TakeOver{one}, first.TakenOver); err != nil || diff != "" {
		t.Fatalf("Write: %v (-want +got):\n%s", err, diff)
	}
	for _, test := range []struct {
		events []Event
		want   []TakeOver
	}{
		{nil, []TakeOver{one}},
		{[]Event{three.Event("m"), two.Event("m")}, []TakeOver{one, two, three}},
	} {
		seal.Number, seal.Former, seal.Events = seal.Number+1, &Former{first, digest}, test.events
		seal.Surveyed, seal.Reopened, seal.Unbatched, seal.Bags = 0, 0, nil, nil
		account, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root))
		if diff := cmp.Diff(test.want, account.TakenOver); err != nil || diff != "" {
			t.Errorf("Write: %v (-want +got):\n%s", err, diff)
		}
	}
}

// TestALogIsNotWrittenTwice: whoever finishes a seal tells what the one before has told,
// or is refused.
func TestALogIsNotWrittenTwice(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	for writes := 0; ; writes++ {
		if _, err := os.Stat(filepath.Join(root, SealFolder(1), sealLog)); err == nil {
			break
		}
		if _, _, err := seal.Write(t.Context(), os.DirFS(root), crashing(root, writes)); err == nil {
			t.Fatal("there is no write after the log")
		}
	}
	seal.Events = append(seal.Events, TakeOver{"a", "b", day.Add(time.Minute)}.Event("m"))
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("%v, want ErrCorrupt", err)
	}
}
