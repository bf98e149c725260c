package recordingexport

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
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
		reason string
	}{
		"all are done":   {answers{done, done, done, done, done}, "", append(all[:4:4], "idle"), ""},
		"sealing":        {answers{wait(v1alpha1.ReasonSealing), done, done, done, done}, "", all, v1alpha1.ReasonSealing},
		"planning":       {answers{done, wait(v1alpha1.ReasonPlanning), done, done, done}, "", all, v1alpha1.ReasonPlanning},
		"surveying":      {answers{done, done, wait(v1alpha1.ReasonSurveying), done, done}, "", all, v1alpha1.ReasonSurveying},
		"next survey":    {answers{done, done, wait(v1alpha1.ReasonAwaitingSettlement), done, done}, "", append(all[:4:4], "idle"), v1alpha1.ReasonAwaitingSettlement},
		"behind":         {answers{done, done, wait(v1alpha1.ReasonAnalyticsBehind), done, done}, "", all, v1alpha1.ReasonAnalyticsBehind},
		"not idle":       {answers{done, done, done, done, wait(v1alpha1.ReasonEndingJobs)}, "", append(all[:4:4], "idle"), v1alpha1.ReasonEndingJobs},
		"a step fails":   {answers{done, done, done, done, done}, "follow-ups", all[:2], ""},
		"the last fails": {answers{done, done, done, done, done}, "batches", all, ""},
		"idle fails":     {answers{done, done, done, done, done}, "idle", append(all[:4:4], "idle"), ""},
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
			s := sealedOnce(t, "")
			out, ended, err := steps.reconcile(t.Context(), s)
			if (err != nil) != (tt.fails != "") || out.Reason != tt.reason || ended != (name == "all are done") {
				t.Errorf("%v, %v, ended: %t", out, err, ended)
			}
			if !slices.Equal(ran, tt.ran) {
				t.Errorf("%v have run, want %v", ran, tt.ran)
			}
		})
	}
}

// TestWhenAnExportHasEnded: its steps are satisfied, and all of a window with an end is in a seal
// that is written.
func TestWhenAnExportHasEnded(t *testing.T) {
	done := stepFunc[loaded](func(context.Context, *loaded) (outcome.Outcome, error) { return outcome.Done(), nil })
	idle := stepFunc[clients](func(context.Context, *clients) (outcome.Outcome, error) { return outcome.Done(), nil })
	for name, tt := range map[string]struct {
		change func(*loaded)
		ended  bool
	}{
		"sealed":              {func(*loaded) {}, true},
		"a retry has begun":   {func(s *loaded) { s.plan = sealedOnce(t, "", retriedOnce).plan }, false},
		"no seal":             {func(s *loaded) { s.sealed = nil }, false},
		"the last is missing": {func(s *loaded) { s.sealed.Account.Number = 0 }, false},
		"no end":              {func(s *loaded) { s.export.Spec.Window.End = nil }, false},
	} {
		s := sealedOnce(t, "")
		tt.change(s)
		out, ended, err := (&independentSteps{sealing: done, followUps: done, survey: done, batches: done, idle: idle}).reconcile(t.Context(), s)
		if err != nil || !out.IsDone() || ended != tt.ended {
			t.Errorf("%s: %v, %v, ended: %t", name, out, err, ended)
		}
	}
}
