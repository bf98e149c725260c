package recordingexport

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
)

// TestIndependentSteps: none waits for another. Only if the first three have nothing to do is the
// export idle, and only after all of them has it ended.
func TestIndependentSteps(t *testing.T) {
	done, broken := outcome.Done(), errors.New("it is broken")
	wait := func(reason string) outcome.Outcome { return outcome.Wait(reason, "", time.Minute) }
	type answers struct{ sealing, followUps, survey, batches, idle outcome.Outcome }
	all := []string{"sealing", "follow-ups", "survey", "batches"}
	tests := map[string]struct {
		answers
		fails  string
		ran    []string
		ended  bool
		reason string
	}{
		"all are done":   {answers{done, done, done, done, done}, "", append(all[:4:4], "idle"), true, ""},
		"sealing":        {answers{wait(v1alpha1.ReasonSealing), done, done, done, done}, "", all, true, v1alpha1.ReasonSealing},
		"planning":       {answers{done, wait(v1alpha1.ReasonPlanning), done, done, done}, "", all, true, v1alpha1.ReasonPlanning},
		"surveying":      {answers{done, done, wait(v1alpha1.ReasonSurveying), done, done}, "", all, true, v1alpha1.ReasonSurveying},
		"next survey":    {answers{done, done, wait(v1alpha1.ReasonAwaitingSettlement), done, done}, "", append(all[:4:4], "idle"), true, v1alpha1.ReasonAwaitingSettlement},
		"behind":         {answers{done, done, wait(v1alpha1.ReasonAnalyticsBehind), done, done}, "", all, true, v1alpha1.ReasonAnalyticsBehind},
		"not idle":       {answers{done, done, done, done, wait(v1alpha1.ReasonEndingJobs)}, "", append(all[:4:4], "idle"), false, v1alpha1.ReasonEndingJobs},
		"a step fails":   {answers{done, done, done, done, done}, "follow-ups", all[:2], false, ""},
		"the last fails": {answers{done, done, done, done, done}, "batches", all, false, ""},
		"idle fails":     {answers{done, done, done, done, done}, "idle", append(all[:4:4], "idle"), false, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var ran []string
			run := func(name string, out outcome.Outcome) (outcome.Outcome, error) {
				if ran = append(ran, name); name == tt.fails {
					return outcome.Outcome{}, broken
				}
				return out, nil
			}
			as := func(name string, out outcome.Outcome) step[loaded] {
				return stepFunc[loaded](func(context.Context, *loaded) (outcome.Outcome, error) { return run(name, out) })
			}
			steps := &independentSteps{
				sealing: as(all[0], tt.sealing), followUps: as(all[1], tt.followUps), survey: as(all[2], tt.survey), batches: as(all[3], tt.batches),
				idle: stepFunc[clients](func(context.Context, *clients) (outcome.Outcome, error) { return run("idle", tt.idle) }),
			}
			s := loadedFor(wholeExport(), plan.View{})
			s.ended = true // as sealing finds
			out, err := steps.Reconcile(t.Context(), s)
			if (err != nil) != (tt.fails != "") || out.Reason != tt.reason || s.ended != tt.ended {
				t.Errorf("%v, %v, ended: %t", out, err, s.ended)
			}
			if !slices.Equal(ran, tt.ran) {
				t.Errorf("%v have run, want %v", ran, tt.ran)
			}
		})
	}
}
