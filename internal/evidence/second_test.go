package evidence

import (
	"encoding/csv"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/genesys"
)

// each yields values without an error.
func each[T any](values ...T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range values {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// retained is recording n of conversation c, created that long after the day began.
func retained(c, n int, after time.Duration) genesys.Retained {
	return genesys.Retained{RecordingRef: genesys.RecordingRef{ConversationID: id(c), RecordingID: id(n)}, Created: day.Add(after)}
}

// line is a line of an index about recording n of conversation c.
func line(c, n int, d Disposition) Recording {
	return Recording{ConversationID: id(c), RecordingID: id(n), Disposition: d}
}

// theDay knows nothing of the day yet.
func theDay() *AccountIndex { return NewAccountIndex(day, day.AddDate(0, 0, 1), day.AddDate(0, 0, 2)) }

// compare compares, and returns the differences as one word each.
func compare(t interface{ Fatal(...any) }, k *AccountIndex, enumeration []genesys.Retained, exported []Recording) (SecondSource, []string) {
	var table strings.Builder
	found, err := k.Compare(&table, each(enumeration...), each(exported...))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(table.String())).ReadAll()
	if err != nil || !slices.Equal(rows[0], secondColumns) {
		t.Fatal(err, rows)
	}
	var differences []string
	for _, row := range rows[1:] {
		differences = append(differences, strings.Join(append([]string{row[3], row[4]}, row[:2]...), " "))
	}
	return found, differences
}

func TestCompare(t *testing.T) {
	const hour = time.Hour
	lost := func(reason string, c, n int) []string {
		return []string{"NotInAccount " + reason + " " + id(c) + " " + id(n)}
	}
	tests := map[string]struct {
		know        func(*AccountIndex)
		enumeration []genesys.Retained
		exported    []Recording
		// listed, matched and those in no second source
		numbers     [3]int64
		differences []string
	}{
		"nothing at all": {},
		"agreement": {
			know:        func(k *AccountIndex) { k.addRecording(line(1, 11, Exported), false) },
			enumeration: []genesys.Retained{retained(1, 11, hour)}, exported: []Recording{line(1, 11, Exported)},
			numbers: [3]int64{1, 1, 0},
		},
		"known, whenever it was created": {
			know:        func(k *AccountIndex) { k.addRecording(line(1, 11, Exported), false) },
			enumeration: []genesys.Retained{retained(1, 11, 1000*hour)}, exported: []Recording{line(1, 11, Exported)},
			numbers: [3]int64{1, 1, 0},
		},
		"listed twice": {
			know:        func(k *AccountIndex) { k.addRecording(line(1, 11, Exported), false) },
			enumeration: []genesys.Retained{retained(1, 11, hour), retained(1, 11, hour), retained(2, 21, hour), retained(2, 21, hour)},
			numbers:     [3]int64{2, 1, 0}, differences: lost(ReasonConversationUnknown, 2, 21),
		},
		"in other letters": {
			know: func(k *AccountIndex) {
				k.addRecording(Recording{ConversationID: "ABCDEF00-0000-4000-8000-000000000001", RecordingID: id(11)}, false)
			},
			enumeration: []genesys.Retained{{RecordingRef: genesys.RecordingRef{ConversationID: "abcdef00-0000-4000-8000-000000000001", RecordingID: id(11)}, Created: day}},
			numbers:     [3]int64{1, 1, 0},
		},
		"excluded and unavailable ones are known": {
			know: func(k *AccountIndex) {
				k.addRecording(line(1, 11, Excluded), false)
				k.addRecording(line(1, 12, Unavailable), false)
			},
			enumeration: []genesys.Retained{retained(1, 11, hour)}, exported: []Recording{line(1, 11, Excluded), line(1, 12, Unavailable)},
			numbers: [3]int64{1, 1, 0},
		},
		"a conversation that analytics did not list": {
			enumeration: []genesys.Retained{retained(9, 91, 0), retained(9, 92, 24*hour-1)},
			numbers:     [3]int64{2, 0, 0}, differences: append(lost(ReasonConversationUnknown, 9, 91), lost(ReasonConversationUnknown, 9, 92)...),
		},
		"a conversation of other days": {enumeration: []genesys.Retained{retained(9, 91, -1), retained(9, 92, 24*hour)}},
		"a recording that the metadata did not list": {
			know:        func(k *AccountIndex) { k.addConversation(Conversation{ID: id(1), Start: day, Home: true}, false) },
			enumeration: []genesys.Retained{retained(1, 11, 30*hour)},
			numbers:     [3]int64{1, 0, 0}, differences: lost(ReasonRecordingUnknown, 1, 11),
		},
		"metadata that could not be read": {
			know: func(k *AccountIndex) {
				k.addConversation(Conversation{ID: id(1), Start: day, Home: true, Disposition: Unavailable}, false)
			},
			enumeration: []genesys.Retained{retained(1, 11, hour)},
			numbers:     [3]int64{1, 0, 0}, differences: lost(ReasonMetadataUnreadable, 1, 11),
		},
		"a conversation in no bag is accounted for": {
			know:        func(k *AccountIndex) { k.MarkAccounted(id(1)) },
			enumeration: []genesys.Retained{retained(1, 11, hour), retained(1, 12, -100*hour)},
			numbers:     [3]int64{2, 2, 0},
		},
		"another seal's": {
			know: func(k *AccountIndex) {
				k.MarkElsewhere(id(1))
				k.addConversation(Conversation{ID: id(2), Start: day, Home: true}, true)
				k.addConversation(Conversation{ID: id(3), Start: day, Home: true, Retried: true}, false)
				k.addConversation(Conversation{ID: id(4), Start: day}, false)
				k.addRecording(line(5, 51, Exported), true)
			},
			enumeration: []genesys.Retained{retained(1, 11, hour), retained(2, 21, hour), retained(3, 31, hour), retained(4, 41, hour), retained(5, 51, hour)},
		},
		"at home in one of two lanes": {
			know: func(k *AccountIndex) {
				k.addConversation(Conversation{ID: id(1), Start: day, Home: true}, false)
				k.addConversation(Conversation{ID: id(1), Start: day}, false)
			},
			enumeration: []genesys.Retained{retained(1, 11, hour)},
			numbers:     [3]int64{1, 0, 0}, differences: lost(ReasonRecordingUnknown, 1, 11),
		},
		"what was asked for again": {
			know: func(k *AccountIndex) {
				k.addRecording(line(1, 11, Unavailable), true)
				k.addRecording(Recording{ConversationID: id(1), RecordingID: id(11), Disposition: Exported, Retried: true}, false)
			},
			enumeration: []genesys.Retained{retained(1, 11, hour)}, exported: []Recording{line(1, 11, Exported)},
		},
		"isolated when it was asked for again": {
			know: func(k *AccountIndex) {
				k.addRecording(line(1, 11, Unavailable), true)
				k.addRecording(line(1, 11, Exported), false)
				k.addRecording(line(1, 12, Exported), false)
			},
			enumeration: []genesys.Retained{retained(1, 11, hour), retained(1, 12, hour)}, exported: []Recording{line(1, 11, Exported), line(1, 12, Exported)},
			numbers: [3]int64{1, 1, 0},
		},
		"not in the second source": {
			know: func(k *AccountIndex) {
				k.addRecording(line(1, 11, Exported), false)
				k.addConversation(Conversation{ID: id(2), Start: day.AddDate(0, 0, 2), Home: true}, false)
			},
			enumeration: []genesys.Retained{retained(9, 91, -hour)}, exported: []Recording{line(1, 11, Exported), line(2, 21, Exported)},
			numbers:     [3]int64{0, 0, 2},
			differences: []string{"NotInSecondSource  " + id(1) + " " + id(11), "NotInSecondSource TooRecent " + id(2) + " " + id(21)},
		},
		"an empty enumeration": {
			know:     func(k *AccountIndex) { k.addRecording(line(1, 11, Exported), false) },
			exported: []Recording{line(1, 11, Exported)}, numbers: [3]int64{0, 0, 1},
			differences: []string{"NotInSecondSource EnumerationEmpty " + id(1) + " " + id(11)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			known := theDay()
			if tt.know != nil {
				tt.know(known)
			}
			found, differences := compare(t, known, tt.enumeration, tt.exported)
			if got := [3]int64{found.Listed, found.Matched, found.NotInSecondSource}; got != tt.numbers || found.Enumerated != int64(len(tt.enumeration)) {
				t.Errorf("found %+v, want %v", found, tt.numbers)
			}
			if diff := cmp.Diff(tt.differences, differences); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCompareNamesIDsThatAreNone, fit to be shown, as the index of a bag has them.
func TestCompareNamesIDsThatAreNone(t *testing.T) {
	known := theDay()
	known.addConversation(Conversation{ID: id(1), Start: day, Home: true}, false)
	known.addRecording(Recording{ConversationID: id(1), RecordingID: cell(Printable("=a\n", 80)), Disposition: Unavailable}, false)
	found, differences := compare(t, known, []genesys.Retained{
		{RecordingRef: genesys.RecordingRef{ConversationID: id(1), RecordingID: "=a\n"}, Created: day},
		{RecordingRef: genesys.RecordingRef{ConversationID: id(1), RecordingID: "../../b"}, Created: day},
		{RecordingRef: genesys.RecordingRef{ConversationID: "=c", RecordingID: id(3)}, Created: day},
	}, nil)
	want := []string{"NotInAccount InvalidID " + id(1) + " ../../b", "NotInAccount InvalidID '=c " + id(3)}
	if diff := cmp.Diff(want, differences); diff != "" || found.Matched != 1 {
		t.Errorf("found %+v, differences (-want +got):\n%s", found, diff)
	}
}

func TestCompareTellsOfAnEnumerationThatFails(t *testing.T) {
	broken := errors.New("broken")
	failing := func(yield func(genesys.Retained, error) bool) { yield(genesys.Retained{}, broken) }
	if _, err := theDay().Compare(&strings.Builder{}, failing, each[Recording]()); !errors.Is(err, broken) {
		t.Errorf("Compare: %v", err)
	}
}

// TestEveryRecordingIsCountedOnce: whatever is listed and exported, in whatever
// order and how often, the numbers add up and every difference has its line.
func TestEveryRecordingIsCountedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known, truth := theDay(), map[string]bool{}
		var enumeration []genesys.Retained
		var exported []Recording
		for n := range rapid.IntRange(0, 20).Draw(t, "recordings") {
			c := rapid.IntRange(1, 5).Draw(t, "conversation")
			if rapid.Bool().Draw(t, "exported") {
				r := line(c, 100+n, Exported)
				exported = append(exported, r)
				known.addRecording(r, false)
			}
			for range rapid.IntRange(0, 2).Draw(t, "listed") {
				r := retained(c, 100+n, time.Duration(rapid.IntRange(-30, 60).Draw(t, "hour"))*time.Hour)
				enumeration = append(enumeration, r)
				truth[r.RecordingID] = true
			}
		}
		enumeration = rapid.Permutation(enumeration).Draw(t, "order")
		found, differences := compare(t, known, enumeration, exported)
		missing := 0
		for _, r := range exported {
			if !truth[r.RecordingID] {
				missing++
			}
		}
		if found.Listed != found.Matched+found.NotInAccount || int(found.NotInSecondSource) != missing || int(found.Matched) != len(exported)-missing {
			t.Errorf("found %+v, want %d exported and not listed of %d", found, missing, len(exported))
		}
		if len(differences) != int(found.NotInAccount+found.NotInSecondSource) || len(slices.Compact(slices.Sorted(slices.Values(differences)))) != len(differences) {
			t.Errorf("%d differences for %+v: %v", len(differences), found, differences)
		}
	})
}

// TestKnownReadsBags, and Indexes does.
func TestKnownReadsBags(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	known := theDay()
	if err := known.AddBag(os.DirFS(root), "b", false); err != nil {
		t.Fatal(err)
	}
	found, err := known.Compare(&strings.Builder{}, each(retained(1, 12, 0), retained(1, 13, 0), retained(1, 14, 0)), Indexes(os.DirFS(root), seal.Bags))
	if want := (SecondSource{Enumerated: 3, Listed: 3, Matched: 2, NotInAccount: 1, NotInSecondSource: 1}); err != nil || found != want {
		t.Errorf("found %+v, %v; want %+v", found, err, want)
	}
	if err := theDay().AddBag(os.DirFS(root), "none", false); err == nil {
		t.Error("a bag that is not there is read")
	}
	for r, err := range Indexes(os.DirFS(root), seal.Bags) {
		if err != nil || r.ConversationID != id(1) {
			t.Errorf("the first line is %+v, %v", r, err)
		}
		break
	}
	for _, err := range Indexes(os.DirFS(root), []BagRef{{Name: "none"}}) {
		if err == nil {
			t.Error("an index that is not there is read")
		}
	}
}

// TestASealNamesTheDifferences: they are a file of it, under its manifest, and the
// account counts them, together with those of the seals before.
func TestASealNamesTheDifferences(t *testing.T) {
	root := t.TempDir()
	table := "conversation_id,recording_id,created,difference,reason\n" + id(9) + "," + id(91) + ",,NotInAccount,ConversationUnknown\n"
	if err := os.MkdirAll(filepath.Join(root, ".work"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, ".work", "table.csv"), []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	first := sampleSeal(t, root)
	first.Compared = &Compared{SecondSource{Source: "Retention", At: day, Enumerated: 9, Listed: 4, Matched: 3, NotInAccount: 1}, ".work/table.csv"}
	account, digest, err := first.Write(t.Context(), os.DirFS(root), creator(root))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(root, "seals", "1")
	stored, err := os.ReadFile(filepath.Join(folder, "second-source.csv"))
	if err != nil || string(stored) != table {
		t.Errorf("stored %q, %v", stored, err)
	}
	manifest, err := os.ReadFile(filepath.Join(folder, payloadManifest))
	if err != nil || !strings.Contains(string(manifest), "second-source.csv") {
		t.Errorf("manifest %q, %v", manifest, err)
	}
	if err := sha256sum(t, folder, payloadManifest); err != nil {
		t.Error(err)
	}
	second := Seal{
		Number: 2, Record: first.Record, At: day, Former: &Former{account, digest},
		Compared: &Compared{SecondSource{Source: "Retention", At: day.Add(time.Hour), Enumerated: 10, Listed: 1, Matched: 1, NotInSecondSource: 2}, ".work/table.csv"},
	}
	now, _, err := second.Write(t.Context(), os.DirFS(root), creator(root))
	want := SecondSource{Source: "Retention", At: day.Add(time.Hour), Enumerated: 10, Listed: 5, Matched: 4, NotInAccount: 1, NotInSecondSource: 2}
	if err != nil || *now.SecondSource != want {
		t.Errorf("account %+v, %v; want %+v", now.SecondSource, err, want)
	}
	if read, _, err := ReadSeal(os.DirFS(root), 2); err != nil || *read.SecondSource != want {
		t.Errorf("read %+v, %v", read.SecondSource, err)
	}
}

func TestASealRefusesAComparisonThatDoesNotAddUp(t *testing.T) {
	root := t.TempDir()
	seal := sampleSeal(t, root)
	seal.Compared = &Compared{SecondSource{Listed: 2, Matched: 1}, "none"}
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, ErrUnbalanced) {
		t.Errorf("Write: %v, want ErrUnbalanced", err)
	}
	seal.Compared.NotInAccount = 1
	if _, _, err := seal.Write(t.Context(), os.DirFS(root), creator(root)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Write: %v, want that there is no table", err)
	}
}
