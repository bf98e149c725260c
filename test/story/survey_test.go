package story

import (
	"net/http"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestAnAnalyticsJobThatNeverEnds is ended after surveyDeadline, and so are two more.
// Then a person is told, who gives them more time; and a retry request has the day
// surveyed.
func TestAnAnalyticsJobThatNeverEnds(t *testing.T) {
	const delay = 100 * time.Hour
	w := newStory(t, func(o *simulator.Options) { o.AnalyticsDelay = delay })
	w.CreateReferences()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Retry.SurveyDeadline = &metav1.Duration{Duration: 4 * time.Second}
	})
	w.Create(export)
	stop := w.Start()
	w.Await(export, v1alpha1.ReasonSurveyFailed)
	w.says(export, "the survey of 2023-10-01 failed 3 times in a row", "still QUEUED", "kubectl annotate rex case-1 -n "+w.Namespace+" --overwrite recording.gcexport.dev/retry-requested-at=")
	w.expectJobs(3, 3)
	stop()
	w.Start()
	w.Await(export, v1alpha1.ReasonSurveyFailed)
	w.expectJobs(3, 3)

	patch := client.MergeFrom(export.DeepCopy())
	export.Spec.Retry.SurveyDeadline = &metav1.Duration{Duration: 2 * time.Hour}
	if err := w.Client.Patch(w.Context(), export, patch); err != nil {
		t.Fatal(err)
	}
	w.annotate(export, v1alpha1.AnnotationRetry, "now")
	passed := 3
	testenv.Eventually(t, "the export is complete", func() bool {
		if jobs := w.Sim.Journal().Count(simulator.RouteDetailsSubmit, 0); jobs > passed {
			passed = jobs
			w.Clock.Advance(delay)
		}
		w.Refresh(export)
		return conditions.Reason(export) == v1alpha1.ReasonComplete
	})
	w.judge(w.exportable())
	w.expectJobs(5, 5)
}

// expectJobs expects that so many analytics jobs were started, and so many ended.
func (w *story) expectJobs(started, ended int) {
	w.Helper()
	journal := w.Sim.Journal()
	if s, e := journal.Count(simulator.RouteDetailsSubmit, 0), journal.Count(simulator.RouteDetailsDelete, http.StatusNoContent); s != started || e != ended {
		w.Errorf("%d analytics jobs were started and %d ended, want %d and %d", s, e, started, ended)
	}
}
