package recordingexport

import (
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

func TestOverdue(t *testing.T) {
	wait := outcome.Wait(v1alpha1.ReasonGenesysUnavailable, "retrying: it broke", time.Minute)
	tests := map[string]struct {
		lasted time.Duration
		reason string
		after  time.Duration
		says   string
	}{
		"begins":    {0, v1alpha1.ReasonGenesysUnavailable, time.Minute, "retrying: it broke; waiting since 2023-10-01T00:00:00Z, reported as Stalled at 2023-10-02T00:00:00Z if it lasts until then"},
		"ends soon": {day - time.Second, v1alpha1.ReasonGenesysUnavailable, time.Second, "at 2023-10-02T00:00:00Z"},
		"is over":   {day, v1alpha1.ReasonDeadlineExceeded, time.Minute, "this has lasted since 2023-10-01T00:00:00Z: find out why; the operator keeps retrying. retrying: it broke"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := deadlineReached(wait, first, day, first.Add(tt.lasted))
			if got.Reason != tt.reason || got.After != tt.after || !strings.Contains(got.Message, tt.says) {
				t.Errorf("%v, want %s after %v, saying %q", got, tt.reason, tt.after, tt.says)
			}
		})
	}
}

// TestWaitsWithADeadline: a wait that ends by itself has none, and the deadline of a wait begins
// again after anything else.
func TestWaitsWithADeadline(t *testing.T) {
	now := clocktesting.NewFakeClock(first)
	d, s := waitDeadline{now, &exportMemories{}}, &subject{export: wholeExport()}
	broken := outcome.Wait(v1alpha1.ReasonGenesysUnavailable, "it broke", time.Minute)
	expect := func(out outcome.Outcome, want string) {
		t.Helper()
		now.Step(day / 2)
		if got := d.limit(s, out); got.Reason != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
	for _, other := range []outcome.Outcome{outcome.Done(), outcome.Stall(v1alpha1.ReasonCancelled, "", 0), outcome.Wait(v1alpha1.ReasonSurveying, "", 0)} {
		expect(broken, broken.Reason)
		expect(broken, broken.Reason)
		expect(other, other.Reason)
	}
	for range 2 {
		expect(broken, broken.Reason)
	}
	for range 2 {
		expect(broken, v1alpha1.ReasonDeadlineExceeded)
	}
}

// TestAWaitForAServiceEnds: an organisation that nobody has logged in to is waited
// for until retry.deadline; and what it has cost is not counted again later.
func TestAWaitForAServiceEnds(t *testing.T) {
	h := newHarness(t, wholeExport())
	organization := furniture()[0].(*v1alpha1.GenesysOrganization)
	organization.Status.Organization = nil
	h.remove(organization)
	if err := h.api.Create(t.Context(), organization); err != nil {
		t.Fatal(err)
	}
	expect := func(reason string) {
		t.Helper()
		h.reconcile()
		if got := conditions.Reason(h.export()); got != reason {
			t.Errorf("reason %s: %s, want %s", got, conditions.Message(h.export()), reason)
		}
	}
	suspend := func(suspended bool) {
		h.change(func(e *v1alpha1.RecordingExport) { e.Spec.Suspend = suspended })
	}
	expect(v1alpha1.ReasonOrganizationNotReady)
	h.now.Step(day - time.Minute)
	expect(v1alpha1.ReasonOrganizationNotReady)
	suspend(true)
	h.now.Step(time.Minute)
	expect(v1alpha1.ReasonSuspended)
	suspend(false)
	expect(v1alpha1.ReasonOrganizationNotReady)
	h.now.Step(day)
	expect(v1alpha1.ReasonDeadlineExceeded)
}

// TestAnalyticsThatAreBehind are waited for, for a day without a person.
func TestAnalyticsThatAreBehind(t *testing.T) {
	for late, want := range map[time.Duration]outcome.State{0: outcome.Waiting, day - time.Second: outcome.Waiting, day: outcome.Stalled} {
		err := &unsettledError{until: first, available: first.Add(-time.Hour), now: first.Add(late)}
		got := outcome.Of(err, time.Minute)
		if got.State != want || got.Reason != v1alpha1.ReasonAnalyticsBehind || !strings.Contains(got.Message, "2023-09-30T23:00:00Z") {
			t.Errorf("%v late: %v, want %v", late, got, want)
		}
	}
}

// TestEveryReasonToWaitIsListed: who adds a wait says how it ends.
func TestEveryReasonToWaitIsListed(t *testing.T) {
	reasons := testenv.WaitReasons(t, ".")
	if len(reasons) < 10 {
		t.Errorf("only %d waits were found in the source", len(reasons))
	}
	listed := map[string]bool{}
	for reason := range waitEnds {
		listed["Reason"+reason] = true
	}
	for reason := range reasons {
		if !listed[reason] {
			t.Errorf("v1alpha1.%s is waited for, and not listed in waitEnds", reason)
		}
	}
}
