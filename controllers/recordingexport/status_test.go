package recordingexport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

func newExport() *v1alpha1.RecordingExport {
	return &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Name: "case-1", Namespace: "legal", Generation: 2}}
}

// batch is one with so many recordings exported, of as many and two.
func batch(ordinal int32, lane v1alpha1.Lane, exported int64, sealed bool) v1alpha1.RecordingExportBatch {
	b := v1alpha1.RecordingExportBatch{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint(lane, ordinal)}, Spec: v1alpha1.RecordingExportBatchSpec{Ordinal: ordinal, Lane: lane},
		Status: v1alpha1.RecordingExportBatchStatus{
			Recordings: v1alpha1.RecordingCounts{Total: exported + 2, Exported: exported, Unavailable: 2}, Gaps: 2, Bytes: 10 * exported,
		},
	}
	if sealed {
		b.Status.Bag = &v1alpha1.BagStatus{}
	}
	return b
}

// steps writes the conditions of an export's steps as one letter each.
func steps(export *v1alpha1.RecordingExport) string {
	out := ""
	for _, kind := range []string{"Surveyed", "BatchesCreated", "BatchesCompleted", "Sealed"} {
		for _, c := range export.Status.Conditions {
			if c.Type == kind {
				out += string(c.Status[0])
			}
		}
	}
	return out
}

func TestSummarize(t *testing.T) {
	waiting := outcome.Wait(v1alpha1.ReasonBatchesInProgress, "30 of 50 batches done, 14 running", 0)
	stalled := outcome.Stall(v1alpha1.ReasonArchiveMismatch, "use another name", 0)
	planned := surveyedDay(1, 0, plan.PurposeFirst)
	planned.Slices = []plan.Slice{plannedSlice("Standard0", "g"), plannedSlice("Standard1", "g")}
	two := logOf(t, window(0, day), planned)
	none := logOf(t, window(0, day))
	former := &evidence.Former{Account: evidence.Account{Number: 1, Until: first.Add(day)}, Digest: "d"}
	tests := map[string]struct {
		state  *loaded
		ended  bool
		out    outcome.Outcome
		steps  string
		reason string
	}{
		"nothing seen yet":     {nil, false, stalled, "FUUU", v1alpha1.ReasonArchiveMismatch},
		"surveying":            {&loaded{plan: two}, false, waiting, "FUUU", v1alpha1.ReasonBatchesInProgress},
		"creating batches":     {&loaded{plan: two, surveyed: true}, false, waiting, "TFUU", v1alpha1.ReasonBatchesInProgress},
		"batches running":      {&loaded{plan: two, surveyed: true, batches: []v1alpha1.RecordingExportBatch{batch(0, "Standard", 1, false), batch(1, "Standard", 1, false)}}, false, waiting, "TTFU", v1alpha1.ReasonBatchesInProgress},
		"an export of nothing": {&loaded{plan: none, surveyed: true}, false, outcome.Wait(v1alpha1.ReasonSealing, "sealing", 0), "TTTF", v1alpha1.ReasonSealing},
		"sealed":               {&loaded{plan: two, sealed: former}, true, outcome.Done(), "TTTT", v1alpha1.ReasonComplete},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := claimedFor(newExport(), nil)
			s.export.Spec.Window.End = &metav1.Time{Time: first.Add(day)}
			if tt.state != nil {
				tt.state.claimed = s
			}
			(&evaluation{subject: s.subject, state: tt.state, ended: tt.ended}).summarize(tt.out, time.Unix(0, 0))
			if got := steps(s.export); got != tt.steps {
				t.Errorf("steps %s, want %s", got, tt.steps)
			}
			if got := conditions.Reason(s.export); got != tt.reason {
				t.Errorf("reason %s, want %s", got, tt.reason)
			}
			if err := conditions.Check(s.export); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSummarizeKeepsWhatWasKnown(t *testing.T) {
	s := loadedFor(newExport(), logOf(t, window(0, day)))
	s.surveyed = true
	(&evaluation{subject: s.subject, state: s}).summarize(outcome.Wait(v1alpha1.ReasonSealing, "sealing", 0), time.Unix(0, 0))
	(&evaluation{subject: s.subject}).summarize(outcome.Stall(v1alpha1.ReasonDestinationNotFound, "create it", 0), time.Unix(0, 0))
	if got := steps(s.export); got != "TTTF" || !conditions.IsStalled(s.export) {
		t.Errorf("steps %s, conditions %+v; want what was known, and Stalled", got, s.export.Status.Conditions)
	}
}

func TestSummarizeCountsEveryBatchOnce(t *testing.T) {
	entry := surveyedDay(1, 0, plan.PurposeFirst)
	entry.Slices = []plan.Slice{
		plannedSlice("Standard0", "g"), laneSlice(slicing.LegalHold, "LegalHold0", "h"),
		plannedSlice("Standard1", "i"), laneSlice(slicing.LegalHoldScreen, "LegalHoldScreen0", "h"),
	}
	s := loadedFor(newExport(), logOf(t, window(0, day), entry))
	s.batches = []v1alpha1.RecordingExportBatch{
		batch(0, "Standard", 5, true), batch(0, "LegalHold", 3, true), batch(1, "Standard", 1, false), batch(0, "LegalHoldScreen", 0, false),
	}
	for range 3 {
		var err error
		if s.counted, err = countFinishedBatches(s.plan, &s.export.Status, s.batches); err != nil {
			t.Fatal(err)
		}
		(&evaluation{subject: s.subject, state: s}).summarize(outcome.Wait("R", "m", 0), time.Unix(0, 0))
	}
	got := s.export.Status
	if got.Progress != "9/17" || got.Gaps != 8 || got.Bytes != 90 || got.Batches.Completed != 2 || got.Batches.Planned != 4 {
		t.Errorf("status %+v", got)
	}
	if len(got.Lanes) != 2 || got.Lanes[0].Lane != "Standard" || got.Lanes[0].Recordings.Exported != 5 || got.Lanes[1].Gaps != 2 ||
		got.Lanes[0].CompletedOrdinals != "0" || got.Lanes[1].CompletedOrdinals != "0" {
		t.Errorf("lanes %+v", got.Lanes)
	}
}

func TestCountingRefusesAStatusThatIsNotOurs(t *testing.T) {
	status := v1alpha1.RecordingExportStatus{Lanes: []v1alpha1.LaneStatus{{Lane: "Standard", CompletedOrdinals: "all"}}}
	if _, err := countFinishedBatches(logOf(t, window(0, day)), &status, nil); err == nil || !strings.Contains(err.Error(), "completedOrdinals") {
		t.Errorf("countFinishedBatches: %v, want an error that names the field", err)
	}
}

// TestABatchIsCountedOnceThePlanHoldsItsFollowUps: only then may it be deleted.
func TestABatchIsCountedOnceThePlanHoldsItsFollowUps(t *testing.T) {
	log := logOf(t, window(0, day), plan.Entry{
		Surveyed: &plan.Surveyed{Day: first, To: first.Add(day)},
		Slices:   []plan.Slice{plannedSlice("Standard0", "g"), plannedSlice("Standard1", "h")},
	})
	moved, split := batch(0, "Standard", 1, true), batch(1, "Standard", 1, false)
	moved.Status.Moved, split.Status.Split = 1, true
	batches := []v1alpha1.RecordingExportBatch{moved, split}
	var status v1alpha1.RecordingExportStatus
	for _, want := range []string{"", "0", "0-1"} {
		if counted, err := countFinishedBatches(log, &status, batches); err != nil || counted[slicing.Standard].String() != want {
			t.Errorf("counted %v, %v; want %s", counted, err, want)
		}
		for i := range batches {
			if entry, follows := followUp(log, &batches[i]); follows {
				_ = log.Append(withSlices(entry, 2), first, "a")
				break
			}
		}
	}
	if !isDeletable(log.Log, &batches[0], countedOf(2)) || isDeletable(log.Log, &batches[1], countedOf(2)) || !isDeletable(log.Log, &batches[1], countedOf(6)) {
		t.Error("a batch that was cut in two is deletable only once its halves are counted")
	}
}

func TestARetryReplacesWhatWasUnavailable(t *testing.T) {
	b := batch(0, "Standard", 3, false)
	b.Status.Recordings, b.Status.Gaps = v1alpha1.RecordingCounts{Total: 5, Exported: 3}, 0
	b.Status.Replaces = v1alpha1.ReplacedCounts{Recordings: 5}
	if got := recordingsOf(&b); got != (v1alpha1.RecordingCounts{Exported: 3, Unavailable: -3}) || gapsOf(&b) != -3 {
		t.Errorf("while running it adds %+v and %d gaps", got, gapsOf(&b))
	}
	b.Status.Bag, b.Status.Gaps, b.Status.Recordings.Unavailable = &v1alpha1.BagStatus{}, 2, 2
	if got := recordingsOf(&b); got != (v1alpha1.RecordingCounts{Exported: 3, Unavailable: -3}) || gapsOf(&b) != -3 {
		t.Errorf("in the end it adds %+v and %d gaps", got, gapsOf(&b))
	}
}

func TestCombine(t *testing.T) {
	done := outcome.Done()
	surveying := outcome.Wait(v1alpha1.ReasonSurveying, "s", 5*time.Second)
	refused := outcome.Stall(v1alpha1.ReasonPermissionMissing, "p", time.Minute)
	running := outcome.Wait(v1alpha1.ReasonBatchesInProgress, "b", 0)
	stalled := outcome.Stall(v1alpha1.ReasonBatchesStalled, "b", 0)
	sealing := outcome.Wait(v1alpha1.ReasonSealing, "s", time.Second)
	planning := outcome.Wait(v1alpha1.ReasonPlanning, "p", 0)
	tests := []struct {
		sealing, followUps, survey, batches outcome.Outcome
		reason                              string
		after                               time.Duration
	}{
		{done, done, done, done, "", 0},
		{done, done, done, running, v1alpha1.ReasonBatchesInProgress, 0},
		{done, done, done, stalled, v1alpha1.ReasonBatchesStalled, 0},
		{done, done, surveying, done, v1alpha1.ReasonSurveying, 5 * time.Second},
		{done, done, surveying, running, v1alpha1.ReasonBatchesInProgress, 5 * time.Second},
		{done, done, surveying, stalled, v1alpha1.ReasonSurveying, 5 * time.Second},
		{done, done, refused, running, v1alpha1.ReasonPermissionMissing, time.Minute},
		{done, planning, done, done, v1alpha1.ReasonPlanning, 0},
		{done, refused, done, running, v1alpha1.ReasonPermissionMissing, time.Minute},
		{sealing, done, surveying, done, v1alpha1.ReasonSealing, time.Second},
	}
	s := loadedFor(newExport(), logOf(t, window(0, day)))
	for _, tt := range tests {
		if got := s.combineOutcomes(tt.sealing, tt.followUps, tt.survey, tt.batches); got.Reason != tt.reason || got.After != tt.after {
			t.Errorf("%v, %v, %v and %v make %v, want %s after %v", tt.sealing, tt.followUps, tt.survey, tt.batches, got, tt.reason, tt.after)
		}
	}
}

func TestProgressOfBatches(t *testing.T) {
	s := loadedFor(newExport(), logOf(t, window(0, day), withSlices(surveyedDay(1, 0, plan.PurposeFirst), 60)))
	many := make([]string, maxStalled+1)
	tests := []struct {
		counted int
		stalled []string
		want    string
	}{
		{60, nil, ""},
		{59, nil, v1alpha1.ReasonBatchesInProgress},
		{58, []string{"b: fix it"}, v1alpha1.ReasonBatchesInProgress},
		{59, []string{"b: fix it"}, v1alpha1.ReasonBatchesStalled},
		{0, many, v1alpha1.ReasonTooManyBatchesStalled},
	}
	for _, tt := range tests {
		s.counted = countedOf(tt.counted)
		if got := progressOf(s, tt.stalled); got.Reason != tt.want {
			t.Errorf("%d counted, %d stalled: %v, want %s", tt.counted, len(tt.stalled), got, tt.want)
		}
	}
}

// TestANamespaceAtItsBound has its exports seal what has come, and create no batch.
func TestANamespaceAtItsBound(t *testing.T) {
	s := loadedFor(newExport(), logOf(t, window(0, day), withSlices(surveyedDay(1, 0, plan.PurposeFirst), 60)))
	full := outcome.Stall(v1alpha1.ReasonNamespaceFull, "make room", 0)
	loop.Mark(&s.destination, full, "", "")
	if out := usable(&s.destination, true, "NotReady", "ExportDestination"); !out.IsDone() {
		t.Errorf("the destination: %v", out)
	}
	out, err := (&batchStep{}).Reconcile(t.Context(), s)
	if err != nil || out.State != outcome.Stalled || out.Reason != v1alpha1.ReasonDestinationNotReady || !strings.Contains(out.Message, "make room") {
		t.Errorf("batches are missing: %v, %v", out, err)
	}
	sealing := outcome.Wait(v1alpha1.ReasonSealing, "", time.Second)
	if got := s.combineOutcomes(sealing, outcome.Done(), outcome.Done(), out); got.Reason != v1alpha1.ReasonSealing {
		t.Errorf("while it seals: %v", got)
	}
	s.counted = countedOf(60)
	if out, err := (&batchStep{}).Reconcile(t.Context(), s); err != nil || !out.IsDone() {
		t.Errorf("all batches are done: %v, %v", out, err)
	}
	loop.Mark(&s.destination, outcome.Stall(v1alpha1.ReasonDestinationFull, "make room", 0), "", "")
	if out := usable(&s.destination, true, "NotReady", "ExportDestination"); out.State != outcome.Stalled {
		t.Errorf("a destination that is full: %v", out)
	}
}
