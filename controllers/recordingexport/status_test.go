package recordingexport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

func newExport() *v1alpha1.RecordingExport {
	return &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Name: "case-1", Namespace: "legal", Generation: 2}}
}

// batch is one with so many recordings exported, of as many and two.
func batch(ordinal int32, lane v1alpha1.Lane, exported int64, sealed bool) v1alpha1.RecordingExportBatch {
	b := v1alpha1.RecordingExportBatch{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint(ordinal)}, Spec: v1alpha1.RecordingExportBatchSpec{Ordinal: ordinal, Lane: lane},
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
	waiting := outcome.Wait(v1alpha1.ReasonBatchesRunning, "batches are at work", 0)
	stalled := outcome.Stall(v1alpha1.ReasonArchiveMismatch, "use another name", 0)
	two := &book{slices: make([]artifacts.PlannedSlice, 2)}
	account := &evidence.Account{
		Gaps: 1, Bytes: 70,
		Recordings: []evidence.RecordingAccount{{Lane: slicing.Standard, Medium: genesys.Call, Counts: evidence.Counts{Exported: 7, Unavailable: 1}}},
	}
	tests := map[string]struct {
		scope  scope
		out    outcome.Outcome
		steps  string
		reason string
	}{
		"nothing seen yet":     {scope{}, stalled, "FUUU", v1alpha1.ReasonArchiveMismatch},
		"surveying":            {scope{book: two}, waiting, "FUUU", v1alpha1.ReasonBatchesRunning},
		"creating batches":     {scope{book: two, surveyed: true}, waiting, "TFUU", v1alpha1.ReasonBatchesRunning},
		"batches at work":      {scope{book: two, surveyed: true, batches: []v1alpha1.RecordingExportBatch{batch(0, "Standard", 1, false), batch(1, "Standard", 1, false)}}, waiting, "TTFU", v1alpha1.ReasonBatchesRunning},
		"an export of nothing": {scope{book: &book{}, surveyed: true}, outcome.Wait(v1alpha1.ReasonSealing, "sealing", 0), "TTTF", v1alpha1.ReasonSealing},
		"sealed":               {scope{book: two, account: account, digest: "d"}, outcome.Done(), "TTTT", v1alpha1.ReasonCompleteWithGaps},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := tt.scope
			s.export = newExport()
			s.summarize(tt.out, time.Unix(0, 0))
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
	s := scope{export: newExport(), book: &book{}, surveyed: true}
	s.summarize(outcome.Wait(v1alpha1.ReasonSealing, "sealing", 0), time.Unix(0, 0))
	blind := scope{export: s.export}
	blind.summarize(outcome.Stall(v1alpha1.ReasonDestinationNotFound, "create it", 0), time.Unix(0, 0))
	if got := steps(s.export); got != "TTTF" || !conditions.IsStalled(s.export) {
		t.Errorf("steps %s, conditions %+v; want what was known, and Stalled", got, s.export.Status.Conditions)
	}
}

func TestSummarizeCountsEveryBatchOnce(t *testing.T) {
	s := scope{export: newExport(), book: &book{slices: make([]artifacts.PlannedSlice, 4)}}
	s.batches = []v1alpha1.RecordingExportBatch{
		batch(0, "Standard", 5, true), batch(1, "LegalHold", 3, true), batch(2, "Standard", 1, false), batch(3, "LegalHoldScreen", 0, false),
	}
	for range 3 {
		if _, err := fold(&s.export.Status, s.batches); err != nil {
			t.Fatal(err)
		}
		s.summarize(outcome.Wait("R", "m", 0), time.Unix(0, 0))
	}
	got := s.export.Status
	if got.Progress != "9/17" || got.Gaps != 8 || got.Bytes != 90 || got.Batches.CompletedOrdinals != "0-1" || got.Batches.Planned != 4 {
		t.Errorf("status %+v", got)
	}
	if len(got.Lanes) != 2 || got.Lanes[0].Lane != "Standard" || got.Lanes[0].Recordings.Exported != 5 || got.Lanes[1].Gaps != 2 {
		t.Errorf("lanes %+v", got.Lanes)
	}
}

func TestFoldRefusesAStatusThatIsNotOurs(t *testing.T) {
	status := v1alpha1.RecordingExportStatus{Batches: v1alpha1.BatchCounts{CompletedOrdinals: "all"}}
	if _, err := fold(&status, nil); err == nil || !strings.Contains(err.Error(), "completedOrdinals") {
		t.Errorf("fold: %v, want an error that names the field", err)
	}
}

func TestCombine(t *testing.T) {
	done := outcome.Done()
	surveying := outcome.Wait(v1alpha1.ReasonSurveying, "s", 5*time.Second)
	refused := outcome.Stall(v1alpha1.ReasonPermissionMissing, "p", time.Minute)
	running := outcome.Wait(v1alpha1.ReasonBatchesRunning, "b", 0)
	stalled := outcome.Stall(v1alpha1.ReasonBatchesStalled, "b", 0)
	tests := []struct {
		survey, batches outcome.Outcome
		reason          string
		after           time.Duration
	}{
		{done, done, "", 0},
		{done, running, v1alpha1.ReasonBatchesRunning, 0},
		{done, stalled, v1alpha1.ReasonBatchesStalled, 0},
		{surveying, done, v1alpha1.ReasonSurveying, 5 * time.Second},
		{surveying, running, v1alpha1.ReasonBatchesRunning, 5 * time.Second},
		{surveying, stalled, v1alpha1.ReasonSurveying, 5 * time.Second},
		{refused, running, v1alpha1.ReasonPermissionMissing, time.Minute},
	}
	for _, tt := range tests {
		if got := combine(tt.survey, tt.batches); got.Reason != tt.reason || got.After != tt.after {
			t.Errorf("%v and %v make %v, want %s after %v", tt.survey, tt.batches, got, tt.reason, tt.after)
		}
	}
}

func TestProgressOfBatches(t *testing.T) {
	s := &scope{book: &book{slices: make([]artifacts.PlannedSlice, 60)}}
	many := make([]string, maxStalled+1)
	tests := []struct {
		counted int
		stalled []string
		want    string
	}{
		{60, nil, ""},
		{59, nil, v1alpha1.ReasonBatchesRunning},
		{58, []string{"b: mend it"}, v1alpha1.ReasonBatchesRunning},
		{59, []string{"b: mend it"}, v1alpha1.ReasonBatchesStalled},
		{0, many, v1alpha1.ReasonTooManyStalled},
	}
	for _, tt := range tests {
		if got := progressOf(s, slicing.FirstOrdinals(tt.counted), tt.stalled); got.Reason != tt.want {
			t.Errorf("%d counted, %d stalled: %v, want %s", tt.counted, len(tt.stalled), got, tt.want)
		}
	}
}
