package recordingexport

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// TestWhichArtifactsASealLists: what is new since the seal before, and needed after it.
func TestWhichArtifactsASealLists(t *testing.T) {
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	p := planner{recorder: recorder{store: store}}
	plan := []plan.Entry{
		withSlices(surveyedDay(1, 0, plan.PurposeFirst), 1), surveyedDay(2, 0, plan.PurposeFirst), surveyedDay(1, 1, plan.PurposeReview),
		{Sealing: &plan.Sealing{Number: 1, Until: first.Add(day), Entries: "0,2"}},
		surveyedDay(2, 1, plan.PurposeReview),
		{Sealing: &plan.Sealing{Number: 2, Until: first.Add(2 * day), Entries: "1,4"}},
	}
	for number, entry := range plan {
		put(t, p, artifacts.EntryKey(number), artifacts.Entry{Entry: entry})
		if s := entry.Surveyed; s != nil {
			put(t, p, artifacts.SurveyKey(s.Pass, s.Day), artifacts.Survey{Day: s.Day, Pass: s.Pass})
		}
	}
	owners := []artifacts.Owner{{ClusterID: "b", Former: "a"}, {ClusterID: "c", Former: "b"}}
	for i, line := range owners {
		put(t, p, artifacts.OwnerKey(i+1), line)
	}
	log := logOf(t, window(0, 2*day), plan...)
	dayOne, dayTwo := first, first.Add(day)
	tests := map[int][]string{
		1: {
			artifacts.EntryKey(0), artifacts.EntryKey(2), artifacts.EntryKey(3), artifacts.OwnerKey(1), artifacts.OwnerKey(2),
			artifacts.SurveyKey(0, dayOne), artifacts.SurveyKey(1, dayOne),
		},
		2: {
			artifacts.EntryKey(1), artifacts.EntryKey(4), artifacts.EntryKey(5), artifacts.OwnerKey(2),
			artifacts.SurveyKey(0, dayTwo), artifacts.SurveyKey(1, dayTwo),
		},
	}
	for number, want := range tests {
		w := &sealWork{recorder: recorder{store: store}, owners: owners}
		if number > 1 {
			w.former = &evidence.Former{Account: evidence.Account{TakenOver: []evidence.TakeOver{owners[0].TakeOver()}}}
		}
		w.sealing, w.closedBy = log.Seal(number), log.ClosedBy(number)
		if err := w.readEntries(t.Context()); err != nil {
			t.Fatal(err)
		}
		var seal evidence.Seal
		if err := w.listArtifacts(t.Context(), &seal); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(seal.Artifacts))); diff != "" {
			t.Errorf("seal %d (-want +got):\n%s", number, diff)
		}
		digests, err := artifacts.Digests(t.Context(), store, want)
		if err != nil || cmp.Diff(digests, seal.Artifacts) != "" {
			t.Errorf("seal %d: %v, want %v, %v", number, seal.Artifacts, digests, err)
		}
	}
}
