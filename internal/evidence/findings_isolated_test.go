package evidence

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sealOf is the tables of a seal, each from the lines below its head.
func sealOf(root fstest.MapFS, number int, bags, ofConversations, ofRecordings string, events ...Event) {
	log := &strings.Builder{}
	_ = WriteLog(log, events)
	for name, content := range map[string]string{
		bagTable:        "bag,lane,start,end,tagmanifest_sha256,exported,excluded,unavailable,files,bytes\n" + bags,
		conversations:   "conversation_id,start,held_at_survey,disposition,reason,retried,bag\n" + ofConversations,
		recordings:      "conversation_id,recording_id,medium,lane,disposition,reason,detail,retried,bag\n" + ofRecordings,
		failures:        "conversation_id,recording_id,reason,detail\n",
		sealLog:         log.String(),
		payloadManifest: "",
	} {
		root[SealFolder(number)+"/"+name] = &fstest.MapFile{Data: []byte(content)}
	}
}

// TestWhatWasIsolated: conversations and recordings are counted by what became of
// them at last, each once. Lines about what left its bag count as nothing else.
func TestWhatWasIsolated(t *testing.T) {
	root := fstest.MapFS{}
	bag := func(name, lane string) string { return fmt.Sprintf("%s,%s,,,,0,0,0,0,0\n", name, lane) }
	of := func(n int, bag string, d Disposition, reason string, retried bool) string {
		return fmt.Sprintf("%s,,false,%s,%s,%v,%s\n", id(n), d, reason, retried, bag)
	}
	rec := func(n int, bag, lane string, d Disposition, reason string, retried bool) string {
		return fmt.Sprintf("%s,%s,Call,%s,%s,%s,,%v,%s\n", id(n/10), id(n), lane, d, reason, retried, bag)
	}
	sealOf(root, 1, bag("s", "Standard")+bag("i1", "Isolated")+bag("i2", "Isolated")+bag("i3", "Isolated"),
		of(1, "s", Exported, "", false)+of(2, "i1", Exported, "", false)+of(3, "i2", Unavailable, ReasonMetadataUnreadable, false)+
			of(4, "i3", Unavailable, ReasonMetadataUnreadable, false),
		rec(11, "s", "Standard", Exported, "", false)+rec(12, "s", "Standard", Unavailable, ReasonRefused, false)+
			rec(13, "s", "Standard", Unavailable, ReasonRefused, false)+rec(21, "i1", "Isolated", Exported, "", false)+
			rec(22, "i1", "Isolated", Excluded, ReasonMediumNotRequested, false)+rec(14, "i4", "Isolated", Unavailable, ReasonRefused, false),
		Event{Time: hour(3), Type: "ConversationsIsolated"}, Event{Time: hour(4), Type: "RecordingsIsolated"})
	sealOf(root, 2, bag("r", "Standard")+bag("r3", "Isolated")+bag("i5", "Isolated"),
		of(3, "r3", Exported, "", true),
		rec(12, "r", "Standard", Excluded, ReasonMovedToIsolated, true)+rec(13, "r", "Standard", Excluded, ReasonMovedToIsolated, true)+
			rec(31, "r3", "Isolated", Exported, "", false)+rec(12, "i5", "Isolated", Exported, "", false)+rec(13, "i5", "Isolated", Unavailable, ReasonRefused, false),
		Event{Time: hour(5), Type: "RecordingsIsolated"})
	got, err := ReadFindings(root, Account{Number: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := Isolation{
		Conversations: 3, Unread: 1, OfConversations: Counts{Exported: 2, Excluded: 1}, Alone: Counts{Exported: 1, Unavailable: 2},
		First: hour(3), Last: hour(5),
	}
	if diff := cmp.Diff(want, got.Isolated); diff != "" || want.AllRecordings() != (Counts{Exported: 3, Excluded: 1, Unavailable: 2}) {
		t.Errorf("isolated (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]ReasonCount{{ReasonMediumNotRequested, 1, 0}}, got.Excluded); diff != "" {
		t.Errorf("excluded (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]ReasonCount{{ReasonRefused, 2, 0}, {ReasonMetadataUnreadable, 0, 1}}, got.Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if want := (Counts{Exported: 2, Unavailable: 1}); got.Retried != want {
		t.Errorf("retried %+v, want %+v", got.Retried, want)
	}
	if len(got.Missing) != 3 || got.Missing[0].Bag == "r" {
		t.Errorf("missing %+v", got.Missing)
	}
}

// TestNothingIsolated reads no table for it.
func TestNothingIsolated(t *testing.T) {
	r := findingsReader{Findings: Findings{Bags: []FoundBag{{}}}, root: fstest.MapFS{}, seals: 1}
	if err := r.readIsolated(); err != nil || r.Isolated != (Isolation{}) {
		t.Errorf("%+v, %v", r.Isolated, err)
	}
	var i Isolation
	i.at(day.Add(time.Hour))
	i.at(day)
	if !i.First.Equal(day) || !i.Last.Equal(day.Add(time.Hour)) {
		t.Errorf("isolated from %v to %v", i.First, i.Last)
	}
}
