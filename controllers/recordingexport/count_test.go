package recordingexport

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

// TestALaneThatIsFarBehind: however far the lanes are apart, the status notes few
// intervals, and says the same when it is read again.
func TestALaneThatIsFarBehind(t *testing.T) {
	counted := plan.SliceSet{
		slicing.Standard: slicing.FirstOrdinals(40_000), slicing.LegalHold: slicing.FirstOrdinals(20_000),
		slicing.LegalHoldScreen: slicing.FirstOrdinals(3).With(7), slicing.Isolated: {},
	}
	var status v1alpha1.RecordingExportStatus
	noteCounted(&status, counted)
	want := []v1alpha1.LaneStatus{
		{Lane: "Standard", CompletedOrdinals: "0-39999"}, {Lane: "LegalHold", CompletedOrdinals: "0-19999"}, {Lane: "LegalHoldScreen", CompletedOrdinals: "0-2,7"},
	}
	if diff := cmp.Diff(want, status.Lanes); diff != "" || status.Batches.Completed != 60_004 {
		t.Errorf("%d completed, lanes (-want +got):\n%s", status.Batches.Completed, diff)
	}
	if again, err := countedIn(status); err != nil || !again.ContainsAll(counted) || !counted.ContainsAll(again) {
		t.Errorf("read again: %v, %v", again, err)
	}
}

// TestCountingFromASeal: a status that does not know what is sealed, because the export was
// created again under its old name, counts exactly what the last seal takes in, with the sums of
// its account. A status that knows more stays as it is.
func TestCountingFromASeal(t *testing.T) {
	entry := func(day int, slices ...plan.Slice) plan.Entry {
		e := surveyedDay(day, 0, plan.PurposeFirst)
		e.Slices = slices
		return e
	}
	log := logOf(t, window(0, 3*day),
		entry(1, plannedSlice("Standard0", "a"), laneSlice(slicing.LegalHold, "LegalHold0", "b")),
		entry(2, plannedSlice("Standard1", "c")),
		plan.Entry{Sealing: &plan.Sealing{Number: 1, Until: first.Add(day), Entries: "0"}},
		plan.Entry{Sealing: &plan.Sealing{Number: 2, Until: first.Add(2 * day), Entries: "1"}},
		entry(3, plannedSlice("Standard2", "d"), laneSlice(slicing.LegalHold, "LegalHold1", "e")),
		plan.Entry{Sealing: &plan.Sealing{Number: 3, Until: first.Add(3 * day), Entries: "4"}}, // is not written yet
	)
	account := evidence.Account{
		Number: 2,
		Lanes:  []evidence.LaneAccount{{Lane: slicing.Standard, Bags: 2, Gaps: 3, Bytes: 70}, {Lane: slicing.LegalHold, Bags: 1, Bytes: 5}},
		Recordings: []evidence.RecordingAccount{
			{Lane: slicing.Standard, Medium: genesys.Call, Counts: evidence.Counts{Exported: 6, Unavailable: 2}},
			{Lane: slicing.Standard, Medium: genesys.Screen, Counts: evidence.Counts{Exported: 1, Unavailable: 1, Excluded: 4}},
			{Lane: slicing.LegalHold, Medium: genesys.Call, Counts: evidence.Counts{Exported: 1}},
		},
	}
	lane := func(name v1alpha1.Lane, ordinals string, batches int32, exported int64) v1alpha1.LaneStatus {
		return v1alpha1.LaneStatus{
			Lane: name, CompletedOrdinals: ordinals, Batches: batches, Recordings: v1alpha1.RecordingCounts{Total: exported, Exported: exported},
		}
	}
	sealed := []v1alpha1.LaneStatus{
		{Lane: "Standard", CompletedOrdinals: "0-1", Batches: 2, Gaps: 3, Bytes: 70, Recordings: v1alpha1.RecordingCounts{Total: 10, Exported: 7, Excluded: 4, Unavailable: 3}},
		{Lane: "LegalHold", CompletedOrdinals: "0", Batches: 1, Bytes: 5, Recordings: v1alpha1.RecordingCounts{Total: 1, Exported: 1}},
	}
	more := []v1alpha1.LaneStatus{lane("Standard", "0-2", 3, 9), lane("LegalHold", "0", 1, 2)}
	tests := map[string]struct {
		stored  []v1alpha1.LaneStatus
		want    []v1alpha1.LaneStatus
		waiting []string
	}{
		"an empty status":          {nil, sealed, []string{"Standard2", "LegalHold1"}},
		"an older status":          {[]v1alpha1.LaneStatus{lane("Standard", "0", 1, 9)}, sealed, []string{"Standard2", "LegalHold1"}},
		"a status of another lane": {[]v1alpha1.LaneStatus{lane("Standard", "0-1", 2, 9)}, sealed, []string{"Standard2", "LegalHold1"}},
		"a status with a gap":      {[]v1alpha1.LaneStatus{lane("Standard", "1-2", 2, 9), lane("LegalHold", "0-1", 2, 9)}, sealed, []string{"Standard2", "LegalHold1"}},
		"a status that knows more": {more, more, []string{"LegalHold1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := loadedFor(newExport(), log)
			s.sealed = &evidence.Former{Account: account}
			s.export.Status.Lanes = tt.stored
			if err := s.adoptSealed(); err != nil {
				t.Fatal(err)
			}
			var err error
			if s.counted, err = countFinishedBatches(log, &s.export.Status, nil); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, s.export.Status.Lanes); diff != "" {
				t.Errorf("lanes (-want +got):\n%s", diff)
			}
			var waiting []string
			for _, lane := range slicing.AllLanes {
				for id := range log.SlicesWithout(s.counted, lane) {
					waiting = append(waiting, log.SliceAt(id).Name)
				}
			}
			if diff := cmp.Diff(tt.waiting, waiting); diff != "" {
				t.Errorf("slices that still get a batch (-want +got):\n%s", diff)
			}
			if want := int32(5 - len(tt.waiting)); s.export.Status.Batches.Completed != want {
				t.Errorf("%d batches completed, want %d", s.export.Status.Batches.Completed, want)
			}
		})
	}
}
