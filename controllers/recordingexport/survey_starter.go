package recordingexport

import (
	"context"
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// surveyWorks begins the keys of surveys, after the export's prefix.
const surveyWorks = "survey/"

// surveyStarter has the pool survey days.
type surveyStarter struct {
	planning   planning
	finalizers finalizers
	jobs       jobEnding
	memories   *exportMemories
	intervals  Intervals
}

// startSurvey has the pool survey a day. The finalizer is there while it may have an
// analytics job at Genesys Cloud.
func (w *surveyStarter) startSurvey(ctx context.Context, s *loaded, due plan.DueSurvey) (outcome.Outcome, error) {
	if !w.jobs.stopEnding(s.subject) {
		return outcome.Wait(v1alpha1.ReasonEndingJobs, "ending earlier analytics jobs at Genesys Cloud", stopInterval), nil
	}
	if err := w.finalizers.setOn(ctx, s.export); err != nil {
		return outcome.Outcome{}, err
	}
	memory, spec := w.memories.memoryOf(s.export), s.export.Spec
	memory.setSurveyDeadline(exportspec.SurveyDeadline(spec))
	key := fmt.Sprintf("%s%s/%d", surveyWorks, due.Day.Format(time.DateOnly), due.Pass)
	work := &surveyWork{
		planner: w.planning.planner(s), cloud: s.cloud, retrier: w.planning.pool.retrier(s.subject, key), intervals: w.intervals,
		DueSurvey: due, entry: s.plan.EntryCount(), scope: exportspec.Scope(spec),
		settleAfter: exportspec.SettleAfter(spec), openDeadline: exportspec.OpenDeadline(spec), deadline: memory.getSurveyDeadline,
		request: s.lastRequest(), retryCommand: retryCommand(s.export),
	}
	task := loop.Task{
		Key: key, Dependency: s.organizationDependency(), Work: work.surveyDay,
		Reason: v1alpha1.ReasonSurveying, Message: "listing the conversations of " + due.Day.Format(time.DateOnly) + surveyTimeLimit(spec),
	}
	if due.Purpose == plan.PurposeReview {
		task.Reason, task.Message = v1alpha1.ReasonReviewing, "surveying "+due.Day.Format(time.DateOnly)+" once more, with its legal holds, before it is sealed"+surveyTimeLimit(spec)
	}
	return w.planning.pool.start(s.subject, task), nil
}

// surveyTimeLimit says how long an analytics job is waited for.
func surveyTimeLimit(spec v1alpha1.RecordingExportSpec) string {
	return fmt.Sprintf("; each analytics job is polled for up to %s", words.Duration(exportspec.SurveyDeadline(spec)))
}
