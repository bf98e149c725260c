package recordingexportbatch

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/slicing"
)

func newBatch() *v1alpha1.RecordingExportBatch {
	return &v1alpha1.RecordingExportBatch{
		ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "legal", Generation: 1},
		Spec:       v1alpha1.RecordingExportBatchSpec{Lane: v1alpha1.LaneStandard, Conversations: 2},
	}
}

// inventory is of one recording for each disposition.
func inventory(dispositions ...evidence.Disposition) *evidence.Inventory {
	i := &evidence.Inventory{Lane: slicing.Standard}
	for n, d := range dispositions {
		i.Recordings = append(i.Recordings, evidence.Recording{ConversationID: "c", RecordingID: ref(n).RecordingID, Disposition: d})
	}
	return i
}

func steps(batch *v1alpha1.RecordingExportBatch) string {
	out := ""
	for _, kind := range []string{"MetadataFetched", "Submitted", "Completed"} {
		for _, c := range batch.Status.Conditions {
			if c.Type == kind {
				out += string(c.Status[0])
			}
		}
	}
	return out
}

func TestSummarize(t *testing.T) {
	slice := artifacts.Slice{Group: "g", Conversations: make([]evidence.Conversation, 2)}
	requested := []artifacts.Request{{Refs: []genesys.RecordingRef{ref(0)}}}
	stored := []artifacts.StoredFile{{File: evidence.File{ConversationID: "c", RecordingID: "0", Size: 7}, Number: 1}}
	sealed := &evidence.Summary{Digest: "d", Gaps: 1, Bytes: 7, Media: map[genesys.Medium]*evidence.Counts{
		genesys.Call: {Exported: 1, Excluded: 1, Unavailable: 1},
	}}
	waiting := outcome.Wait("Working", "running", 0)
	tests := map[string]struct {
		state    batchArtifacts
		out      outcome.Outcome
		steps    string
		progress string
		metadata int32
		reason   string
	}{
		"metadata missing":   {batchArtifacts{slice: slice, missingMetadata: []string{"x"}}, waiting, "FUU", "0/0", 1, "Working"},
		"metadata there":     {batchArtifacts{slice: slice, inventory: inventory(evidence.Wanted, evidence.Excluded, evidence.Unavailable)}, waiting, "TFU", "0/2", 2, "Working"},
		"requested":          {batchArtifacts{slice: slice, inventory: inventory(evidence.Wanted), requests: requested}, waiting, "TTF", "0/1", 2, "Working"},
		"nothing to request": {batchArtifacts{slice: slice, inventory: inventory(evidence.Excluded)}, waiting, "TTF", "0/0", 2, "Working"},
		"stored":             {batchArtifacts{slice: slice, inventory: inventory(evidence.Wanted, evidence.Unavailable), requests: requested, files: stored}, waiting, "TTF", "1/2", 2, "Working"},
		"settled": {batchArtifacts{slice: slice, inventory: inventory(evidence.Wanted), outcome: inventory(evidence.Unavailable)},
			waiting, "TTF", "0/1", 2, "Working"},
		"split":   {batchArtifacts{slice: slice, inventory: inventory(evidence.Wanted, evidence.Wanted), split: true}, outcome.Done(), "TTT", "0/2", 2, v1alpha1.ReasonSplit},
		"sealed":  {batchArtifacts{sealed: sealed}, outcome.Done(), "TTT", "1/2", 2, v1alpha1.ReasonCompleteWithGaps},
		"stalled": {batchArtifacts{slice: slice}, outcome.Stall(v1alpha1.ReasonPermissionMissing, "give it", 0), "FUU", "0/0", 2, v1alpha1.ReasonPermissionMissing},
		"suspended": {batchArtifacts{slice: slice}, outcome.Wait(v1alpha1.ReasonSuspended, "the export is suspended", 0),
			"FUU", "0/0", 2, v1alpha1.ReasonSuspended},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &evaluation{batch: newBatch(), state: tt.state.summary(), location: "legal/evidence/case-1"}
			summarize(s, tt.out, time.Unix(0, 0))
			got := s.batch.Status
			if steps(s.batch) != tt.steps || got.Progress != tt.progress || got.Metadata != tt.metadata || conditions.Reason(s.batch) != tt.reason {
				t.Errorf("steps %s, progress %s, metadata %d, reason %s; want %s, %s, %d, %s",
					steps(s.batch), got.Progress, got.Metadata, conditions.Reason(s.batch), tt.steps, tt.progress, tt.metadata, tt.reason)
			}
			if err := conditions.Check(s.batch); err != nil {
				t.Error(err)
			}
			if (got.Bag != nil) != (tt.state.sealed != nil) || got.Bag != nil && got.Bag.Path != "legal/evidence/case-1/bags/b" {
				t.Errorf("bag %+v", got.Bag)
			}
		})
	}
}

func TestSummarizeKeepsWhatWasKnown(t *testing.T) {
	s := &evaluation{batch: newBatch(), state: (&batchArtifacts{inventory: inventory(evidence.Excluded)}).summary()}
	summarize(s, outcome.Wait("Working", "running", 0), time.Unix(0, 0))
	blind := &evaluation{batch: s.batch}
	summarize(blind, outcome.Stall(v1alpha1.ReasonExportNotFound, "create it", 0), time.Unix(0, 0))
	if steps(s.batch) != "TTF" || !conditions.IsStalled(s.batch) || s.batch.Status.Metadata != 2 {
		t.Errorf("steps %s, status %+v; want what was known, and Stalled", steps(s.batch), s.batch.Status)
	}
	fresh := &evaluation{batch: newBatch()}
	summarize(fresh, outcome.Stall(v1alpha1.ReasonExportNotFound, "create it", 0), time.Unix(0, 0))
	if steps(fresh.batch) != "FUU" {
		t.Errorf("steps %s, want them there from the first evaluation", steps(fresh.batch))
	}
}

// TestWhatIsUsedUpIsRemembered: an evaluation that runs no step, such as while the export is
// suspended, leaves in the status how often a step has failed, and how much of
// retry.deadline is used up.
func TestWhatIsUsedUpIsRemembered(t *testing.T) {
	retry := &v1alpha1.RetryStatus{Step: v1alpha1.StepSubmission, Failures: 3, Used: metav1.Duration{Duration: time.Hour}}
	tests := map[string]struct {
		of   evaluation
		want bool
	}{
		"suspended":           {evaluation{}, true},
		"the step works":      {evaluation{work: workReport{started: true}}, false},
		"the step fails":      {evaluation{work: workReport{started: true, retry: retry}}, true},
		"the batch is sealed": {evaluation{state: &batchState{sealed: &evidence.Summary{}}}, false},
	}
	for name, tt := range tests {
		s := tt.of
		s.batch = newBatch()
		s.batch.Status.Retry = retry
		summarize(&s, outcome.Wait("Suspended", "", 0), time.Unix(0, 0))
		if kept := s.batch.Status.Retry != nil; kept != tt.want {
			t.Errorf("%s: %+v", name, s.batch.Status.Retry)
		}
	}
}

// TestWhatTheStepsOfAFinishedBatchSay: a batch that was split requested nothing and has no bag.
func TestWhatTheStepsOfAFinishedBatchSay(t *testing.T) {
	tests := map[string]struct {
		state                batchState
		submitted, completed string
	}{
		"sealed": {batchState{sealed: &evidence.Summary{}}, "every recording has been requested", "the bag is sealed"},
		"split":  {batchState{inventory: &inventoryCounts{}, split: true}, splitMessage, splitMessage},
	}
	for name, tt := range tests {
		e := &evaluation{batch: newBatch(), state: &tt.state}
		summarize(e, outcome.Done(), time.Unix(0, 0))
		submitted := meta.FindStatusCondition(e.batch.Status.Conditions, v1alpha1.ConditionSubmitted)
		completed := meta.FindStatusCondition(e.batch.Status.Conditions, v1alpha1.ConditionCompleted)
		if submitted.Message != tt.submitted || completed.Message != tt.completed {
			t.Errorf("%s: %q, %q; want %q, %q", name, submitted.Message, completed.Message, tt.submitted, tt.completed)
		}
	}
}
