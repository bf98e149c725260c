package recordingexport

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestEachConversationIsPlannedOnce: whatever the width of parts against that of
// days, each conversation becomes known with one day, and not before its whole
// part is surveyed.
func TestEachConversationIsPlannedOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := window(
			time.Duration(rapid.IntRange(0, 48*60).Draw(t, "from"))*time.Minute,
			time.Duration(rapid.IntRange(48*60+1, 200*60).Draw(t, "to"))*time.Minute)
		spec.Width = time.Duration(rapid.IntRange(1, 100*60).Draw(t, "width")) * time.Minute
		spec.Daily = rapid.Bool().Draw(t, "daily")
		var surveys []artifacts.Survey
		total := 0
		for at := spec.Start.Truncate(day); at.Before(spec.End); at = at.Add(day) {
			survey := artifacts.Survey{Day: at}
			from, to := plan.DayInWindow(spec, at)
			for n := range rapid.IntRange(0, 5).Draw(t, "conversations") {
				offset := rapid.Int64Range(0, int64(to.Sub(from))-1).Draw(t, "offset")
				survey.Conversations = append(survey.Conversations, slicing.Conversation{
					ID: fmt.Sprintf("%d-%d", at.Day(), n), Start: from.Add(time.Duration(offset)),
				})
				total++
			}
			surveys = append(surveys, survey)
		}
		planned := map[string]bool{}
		for i, survey := range surveys {
			for _, c := range conversationsKnownWith(spec, survey.Day, surveys[:i+1]) {
				_, end, _ := spec.Part(c.Start)
				if planned[c.ID] || i+1 < len(surveys) && surveys[i+1].Day.Before(end) {
					t.Fatalf("%s at %v is planned with day %v", c.ID, c.Start, survey.Day)
				}
				if spec.Daily && !c.Start.UTC().Truncate(day).Equal(survey.Day) {
					t.Fatalf("%s at %v is planned with day %v, not with its own", c.ID, c.Start, survey.Day)
				}
				planned[c.ID] = true
			}
		}
		if len(planned) != total {
			t.Fatalf("%d of %d conversations are planned", len(planned), total)
		}
	})
}

// drawnArchive is an archive from which any entry about a batch may follow: its slice, the
// answers about its legal holds, the metadata of its conversations and what became of them.
type drawnArchive struct {
	planner
	store *planStore
	slice artifacts.Slice
}

// drawArchive draws one. The batch is "b", of the group "g".
func drawArchive(t *rapid.T) drawnArchive {
	store := &planStore{MapFS: fstest.MapFS{}}
	a := drawnArchive{store: store, planner: planner{recorder: recorder{processA, store}, export: "case-1", spec: window(0, day)}}
	a.spec.MaxConversations = rapid.IntRange(1, 3).Draw(t, "max")
	a.slice = artifacts.Slice{
		Lane:  rapid.SampledFrom([]slicing.Lane{slicing.Standard, slicing.LegalHold, slicing.LegalHoldScreen}).Draw(t, "lane"),
		Start: first, End: first.Add(time.Hour), Group: "g", Stay: rapid.Bool().Draw(t, "stay"),
	}
	hold := artifacts.Hold{Stamp: a.stamp(), Asked: rapid.Bool().Draw(t, "asked"), Late: rapid.Bool().Draw(t, "no answer at all")}
	outcome := artifacts.Inventory{Inventory: evidence.Inventory{Lane: a.slice.Lane}}
	for n := range rapid.IntRange(1, 9).Draw(t, "conversations") {
		c := evidence.Conversation{ID: id(n), Start: first.Add(time.Duration(n) * time.Minute), Held: evidence.HoldAnswer{Held: a.slice.Lane != slicing.Standard, At: first}}
		if rapid.Bool().Draw(t, "held now") {
			hold.Held = append(hold.Held, c.ID)
		}
		if rapid.IntRange(0, 3).Draw(t, "hold unknown") == 0 {
			hold.Unknown = append(hold.Unknown, genesys.UnknownHold{ConversationID: c.ID, Why: "HTTP 500"})
		}
		m := artifacts.Metadata{ConversationID: c.ID}
		if rapid.IntRange(0, 2).Draw(t, "metadata unknown") == 0 {
			m.Reason, m.Late = evidence.ReasonMovedToIsolated, rapid.Bool().Draw(t, "late")
		}
		a.put(t, artifacts.MetadataKey("g", c.ID), m)
		outcome.Recordings = append(outcome.Recordings, evidence.Recording{
			ConversationID: c.ID, RecordingID: fmt.Sprint("r", n), Reason: rapid.SampledFrom([]string{"", evidence.ReasonMovedToIsolated, evidence.ReasonRefused}).Draw(t, "recording"),
		})
		a.slice.Conversations = append(a.slice.Conversations, c)
	}
	a.put(t, artifacts.SliceKey("b"), a.slice)
	a.put(t, artifacts.HoldKey("g"), hold)
	a.put(t, artifacts.OutcomeKey("b"), outcome)
	return a
}

func (a drawnArchive) put(t *rapid.T, key string, value any) {
	if _, err := artifacts.Put(t.Context(), a.store, key, value); err != nil {
		t.Fatal(err)
	}
}

// read returns a slice as it is stored, nothing if it is not.
func (a drawnArchive) read(name string) string {
	file := a.store.MapFS[artifacts.SliceKey(name)]
	if file == nil {
		return ""
	}
	return string(file.Data)
}

// slicesOf returns the slices of an entry, with the names that each batch must have alone.
func (a drawnArchive) slicesOf(t *rapid.T, number int, entry plan.Entry) []namedSlice {
	slices, err := a.planner.slicesOf(t.Context(), number, entry)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, s := range slices {
		if names[s.name] || s.name == "" || len(s.Conversations) == 0 && entry.Halved == nil {
			t.Fatalf("%d slices, one of them %q of %d conversations", len(slices), s.name, len(s.Conversations))
		}
		names[s.name] = true
	}
	return slices
}

// conversationsOf are the ids of the conversations of slices, in their order.
func conversationsOf(slices []namedSlice) (ids []string) {
	for _, s := range slices {
		for _, c := range s.Conversations {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// entriesOfBatch are entries of every kind that leads to slices of a batch.
func entriesOfBatch() map[string]plan.Entry {
	return map[string]plan.Entry{
		"moved":               {Moved: &plan.Moved{Group: "g", Batch: "b", Day: first}},
		"halved":              {Halved: &plan.Halved{Batch: "b", Day: first}},
		"isolated":            {Isolated: &plan.Isolated{Group: "g", Batch: "b", Day: first}},
		"isolated recordings": {Isolated: &plan.Isolated{Group: "g", Batch: "b", Day: first, Recordings: true}},
	}
}

// TestSlicesAreRewrittenAsTheyWere: whoever finds an entry without its slices writes the same
// ones, also if the plan has grown since, and in another process.
func TestSlicesAreRewrittenAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArchive(t)
		entries := entriesOfBatch()
		entries["surveyed"] = surveyedDay(1, 0, plan.PurposeFirst)
		entries["surveyed again"] = surveyedDay(1, 1, plan.PurposeReview)
		for pass := range 2 {
			survey := artifacts.Survey{Day: first, Pass: pass, HeldAt: first.Add(time.Duration(pass) * time.Hour)}
			for n := range rapid.IntRange(0, 5).Draw(t, "surveyed") {
				survey.Conversations = append(survey.Conversations, slicing.Conversation{ID: id(10*pass + n), Start: first.Add(time.Duration(n) * time.Hour), Held: rapid.Bool().Draw(t, "held")})
			}
			a.put(t, artifacts.SurveyKey(pass, first), survey)
		}
		for i, kind := range slices.Sorted(maps.Keys(entries)) {
			number, entry := i+1, entries[kind]
			before := a.slicesOf(t, number, entry)
			if err := a.appendEntry(t.Context(), number, entry); err != nil {
				t.Fatal(err)
			}
			written := map[string]string{}
			for _, s := range before {
				written[s.name] = a.read(s.name)
				delete(a.store.MapFS, artifacts.SliceKey(s.name))
			}
			a.put(t, artifacts.SurveyKey(2+i, first), artifacts.Survey{Day: first, Pass: 2 + i, Conversations: []slicing.Conversation{{ID: id(99), Start: first}}})
			if err := a.rewriteSlices(t.Context(), number, entry); err != nil {
				t.Fatal(err)
			}
			for name, content := range written {
				if got := a.read(name); content == "" || got != content {
					t.Fatalf("%s: slice %s was\n%s\nand is\n%s", kind, name, content, got)
				}
			}
			if diff := cmp.Diff(before, a.slicesOf(t, number, entry), cmp.AllowUnexported(namedSlice{})); diff != "" {
				t.Fatalf("%s (-want +got):\n%s", kind, diff)
			}
		}
	})
}

// TestHalvesMakeUpTheWhole: they have all conversations, in order, and share everything else.
func TestHalvesMakeUpTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArchive(t)
		halves := a.slicesOf(t, 7, entriesOfBatch()["halved"])
		if len(halves) != 2 {
			t.Fatalf("%d halves", len(halves))
		}
		got := halves[0].Slice
		got.Conversations = slices.Concat(got.Conversations, halves[1].Conversations)
		if diff := cmp.Diff(a.slice, got, cmpopts.IgnoreTypes(artifacts.Stamp{})); diff != "" {
			t.Fatalf("together (-want +got):\n%s", diff)
		}
		if n, m := len(halves[0].Conversations), len(halves[1].Conversations); m-n < 0 || m-n > 1 || halves[0].Group != halves[1].Group || halves[0].Lane != halves[1].Lane {
			t.Fatalf("halves of %d and %d conversations: %+v", n, m, halves)
		}
	})
}

// TestNoConversationLeavesABatchTwice: of those that leave it, each is moved to another lane or
// isolated, and has one slice. Moved are all others whose legal hold has changed.
func TestNoConversationLeavesABatchTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawArchive(t)
		hold, err := artifacts.Get[artifacts.Hold](t.Context(), a.store, artifacts.HoldKey("g"))
		if err != nil {
			t.Fatal(err)
		}
		moved := a.slicesOf(t, 7, entriesOfBatch()["moved"])
		isolated := conversationsOf(a.slicesOf(t, 8, entriesOfBatch()["isolated"]))
		left := map[string]int{}
		for _, id := range slices.Concat(conversationsOf(moved), isolated) {
			left[id]++
		}
		for _, c := range hold.Answer(a.slice.Conversations) {
			want := 0
			if c.Drifted() || slices.Contains(isolated, c.ID) {
				want = 1
				if a.slice.Lane == slicing.Standard && !slices.Contains(isolated, c.ID) {
					want = 2 // one slice in each of the two hold lanes
				}
			}
			if left[c.ID] != want {
				t.Fatalf("%s has left %d times, want %d: hold %+v", c.ID, left[c.ID], want, hold)
			}
		}
		for _, s := range moved {
			if !s.Stay || (s.Lane == slicing.Standard) != (a.slice.Lane != slicing.Standard) {
				t.Fatalf("moved from %s: %+v", a.slice.Lane, s)
			}
		}
	})
}
