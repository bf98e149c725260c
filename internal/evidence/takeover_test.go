package evidence

import (
	"os"
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

// TestATakeOverWhileSealing: the new cluster finishes the seal of the old one. If the
// log was stored already, the account does not claim what the log does not tell.
func TestATakeOverWhileSealing(t *testing.T) {
	over := TakeOver{"a", "b", day.Add(time.Minute)}
	told := map[bool]int{}
	for writes := range 40 {
		root := t.TempDir()
		seal := sampleSeal(t, root)
		if _, _, err := seal.Write(t.Context(), os.DirFS(root), crashing(root, writes)); err == nil {
			break
		}
		seal.Events = append(seal.Events, over.Event("m"))
		account, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root))
		if err != nil {
			t.Fatal(err)
		}
		inLog := 0
		err = eachEvent(os.DirFS(root), SealFolder(1)+"/"+sealLog, func(e Event) {
			if e.Type == ArchiveTakenOver {
				inLog++
			}
		})
		if err != nil || len(account.TakenOver) > 1 {
			t.Fatalf("%v, %v", account.TakenOver, err)
		}
		stored, _, err := ReadSeal(os.DirFS(root), 1)
		if err != nil || len(stored.TakenOver) > inLog {
			t.Errorf("after %d writes the account lists %v, its log tells of %d, %v", writes, stored.TakenOver, inLog, err)
		}
		told[inLog == 1]++
	}
	if told[true] == 0 || told[false] == 0 {
		t.Errorf("the log tells of the take-over in %d cases, and in %d not", told[true], told[false])
	}
}
