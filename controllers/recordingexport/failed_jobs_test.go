package recordingexport

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// hasty is a clock on which waiting takes no time: it sets itself forward.
type hasty struct{ *clocktesting.FakeClock }

func (c hasty) NewTimer(d time.Duration) clock.Timer {
	c.Step(d)
	over := make(chan time.Time, 1)
	over <- c.Now()
	return passed{over}
}

// passed is a wait that is over.
type passed struct{ over chan time.Time }

func (p passed) C() <-chan time.Time    { return p.over }
func (passed) Stop() bool               { return false }
func (passed) Reset(time.Duration) bool { return false }

// newFailingSurvey is the survey of the first day, with an archive of its own.
func newFailingSurvey(t *testing.T, cloud *fakeCloud) *surveyWork {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	now := hasty{clocktesting.NewFakeClock(first.Add(90 * day))}
	return &surveyWork{
		planner: planner{
			recorder: recorder{process{now, "m"}, store}, export: "case-1", spec: slicing.Spec{Start: first, End: first.Add(day), Width: day, MaxConversations: 100, Other: true},
		},
		cloud: cloud, intervals: DefaultIntervals(), DueSurvey: plan.DueSurvey{Day: first, Purpose: plan.PurposeFirst},
		openDeadline: 720 * time.Hour, deadline: func() time.Duration { return 2 * time.Hour }, retryCommand: "kubectl annotate",
	}
}

// endless are the ways in which a job gives no answer, and what is said of each.
func endless() map[string]struct {
	cloud *fakeCloud
	says  string
} {
	return map[string]struct {
		cloud *fakeCloud
		says  string
	}{
		"pending":       {&fakeCloud{state: genesys.JobPending}, "polled for 2 h and was still PENDING"},
		"queued":        {&fakeCloud{state: genesys.JobQueued}, "still QUEUED"},
		"unheard of":    {&fakeCloud{state: "WAITING"}, "still WAITING"},
		"circle":        {&fakeCloud{page: func(string) genesys.SurveyPage { return listingPage("again", 1) }}, "leads back"},
		"endless pages": {&fakeCloud{page: func(cursor string) genesys.SurveyPage { return listingPage(cursor+"x", 1) }}, "list nothing new"},
	}
}

// TestJobsThatGiveNoAnswer: each is ended, three are started, and then a person is
// told. After an hour, or on a retry request, there are three more, and once one
// answers the day is surveyed and nothing is recorded any more.
func TestJobsThatGiveNoAnswer(t *testing.T) {
	for name, tt := range endless() {
		t.Run(name, func(t *testing.T) {
			w := newFailingSurvey(t, tt.cloud)
			w.expectExhausted(t, 3, tt.says)
			w.expectExhausted(t, 3, tt.says)
			w.clock.(hasty).Step(seriesPause)
			w.expectExhausted(t, 6, tt.says)
			w.request = "now"
			w.expectExhausted(t, 9, tt.says)
			w.request = "now, really"
			tt.cloud.state, tt.cloud.page = "", nil
			if err := w.surveyDay(t.Context(), transfer.Try{}); err != nil {
				t.Fatal(err)
			}
			w.expectEnded(t, 10)
			if keys, err := artifacts.Keys(t.Context(), w.store, artifacts.FailedJobFolder(0, first)); err != nil || len(keys) > 0 {
				t.Errorf("still recorded: %v, %v", keys, err)
			}
		})
	}
}

// TestAnAnswerAfterAFailure: the notes of jobs that failed before are removed.
func TestAnAnswerAfterAFailure(t *testing.T) {
	cloud := &fakeCloud{state: genesys.JobPending}
	w := newFailingSurvey(t, cloud)
	if err := w.surveyDay(t.Context(), transfer.Try{}); genesys.KindOf(err) != genesys.KindTransient {
		t.Fatalf("run: %v", err)
	}
	cloud.state = ""
	if err := w.surveyDay(t.Context(), transfer.Try{}); err != nil {
		t.Fatal(err)
	}
	w.expectEnded(t, 2)
	if keys, err := artifacts.Keys(t.Context(), w.store, artifacts.FailedJobFolder(0, first)); err != nil || len(keys) > 0 {
		t.Errorf("still recorded: %v, %v", keys, err)
	}
}

// expectExhausted attempts the survey until no attempt may be made, and expects so
// many jobs in all.
func (w *surveyWork) expectExhausted(t *testing.T, jobs int, says string) {
	t.Helper()
	var exhausted *exhaustedError
	for n := 0; !errors.As(w.surveyDay(t.Context(), transfer.Try{Failures: n}), &exhausted); n++ {
		if n > 2*seriesLength {
			t.Fatal("it is attempted without end")
		}
	}
	if !strings.Contains(exhausted.Error(), says) {
		t.Errorf("%q does not say %q", exhausted, says)
	}
	w.expectEnded(t, jobs)
}

// expectEnded expects that so many jobs were started, and that none is left.
func (w *surveyWork) expectEnded(t *testing.T, jobs int) {
	t.Helper()
	cloud := w.cloud.(*fakeCloud)
	if cloud.started != jobs {
		t.Errorf("%d jobs were started, want %d", cloud.started, jobs)
	}
	for n := range cloud.started {
		if !slices.Contains(cloud.ended, id(n+1)) {
			t.Errorf("job %d was not ended", n+1)
		}
	}
	if keys, err := artifacts.Keys(t.Context(), w.store, artifacts.JobFolder); err != nil || len(keys) > 0 {
		t.Errorf("jobs are still recorded: %v, %v", keys, err)
	}
}

// mortal is an archive whose process ends at one of its writes: before it, or after.
type mortal struct {
	archive.Store
	left   int
	before bool
}

var errEnded = errors.New("this process has ended")

func (m *mortal) write(do func() error) error {
	m.left--
	if m.left < 0 || m.left == 0 && m.before {
		return errEnded
	}
	if err := do(); err != nil {
		return err
	}
	if m.left == 0 {
		return errEnded
	}
	return nil
}

func (m *mortal) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	return m.write(func() error { return m.Store.Create(ctx, key, write) })
}

func (m *mortal) Remove(ctx context.Context, key string) error {
	return m.write(func() error { return m.Store.Remove(ctx, key) })
}

// TestAProcessThatEndsWhileAJobFails, before or after any of its writes: no job is
// left, none is started beyond the third, and the next process knows what happened.
func TestAProcessThatEndsWhileAJobFails(t *testing.T) {
	for n := range 12 {
		for _, before := range []bool{true, false} {
			cloud := &fakeCloud{state: genesys.JobPending}
			w := newFailingSurvey(t, cloud)
			whole := w.store
			w.store = &mortal{whole, n + 1, before}
			for attempt := 0; !errors.Is(w.surveyDay(t.Context(), transfer.Try{Failures: attempt}), errEnded) && attempt < 6; attempt++ {
			}
			w.store = whole
			var exhausted *exhaustedError
			for attempt := 0; !errors.As(w.surveyDay(t.Context(), transfer.Try{Failures: attempt}), &exhausted); attempt++ {
				if attempt > 6 {
					t.Fatalf("write %d: it is attempted without end", n+1)
				}
			}
			if cloud.started > seriesLength+1 {
				t.Errorf("write %d: %d jobs were started", n+1, cloud.started)
			}
			w.expectEnded(t, cloud.started)
		}
	}
}

// TestAPollThatFailsDoesNotBeginTheWaitAgain, nor does it count.
func TestAPollThatFailsDoesNotBeginTheWaitAgain(t *testing.T) {
	cloud := &fakeCloud{state: genesys.JobPending}
	w := newFailingSurvey(t, cloud)
	flaky := &flakyCloud{fakeCloud: cloud}
	w.cloud = flaky
	pool := transfer.NewPool(transfer.Capacity{Total: 1}, w.clock, func(error, int) transfer.Pause { return transfer.Pause{Wait: time.Minute, Counts: true} })
	w.retrier = pool.Retrier("survey")
	err := w.awaitJob(t.Context(), genesys.Ticket{ID: id(1)})
	var broken *brokenJobError
	if !errors.As(err, &broken) || !strings.Contains(err.Error(), "polled for 2 h") {
		t.Fatalf("await: %v", err)
	}
	if took, least := w.clock.Since(first.Add(90*day)), 2*time.Hour+time.Duration(flaky.failed)*time.Minute; flaky.failed == 0 || took != least {
		t.Errorf("it took %v with %d polls that failed, want %v", took, flaky.failed, least)
	}
}

// flakyCloud fails every third poll.
type flakyCloud struct {
	*fakeCloud
	polls, failed int
}

func (c *flakyCloud) SurveyState(ctx context.Context, job genesys.Ticket) (genesys.JobState, error) {
	if c.polls++; c.polls%3 == 0 {
		c.failed++
		return "", &genesys.Error{Op: "poll", Kind: genesys.KindTransient}
	}
	return c.fakeCloud.SurveyState(ctx, job)
}

// TestADeadlineThatIsChanged counts for a job that is being polled.
func TestADeadlineThatIsChanged(t *testing.T) {
	w := newFailingSurvey(t, &fakeCloud{state: genesys.JobPending})
	w.deadline = func() time.Duration {
		if w.clock.Since(first.Add(90*day)) > time.Minute {
			return 10 * time.Minute
		}
		return 168 * time.Hour
	}
	if err := w.awaitJob(t.Context(), genesys.Ticket{}); err == nil || !strings.Contains(err.Error(), "polled for 10 min") {
		t.Errorf("await: %v", err)
	}
}

// TestASurveyThatFails stalls its export, and a retry request begins it again at
// once, whether or not something is sealed already.
func TestASurveyThatFails(t *testing.T) {
	h := newHarness(t, wholeExport())
	h.cloud.page = func(string) genesys.SurveyPage { return listingPage("again", 1) }
	stalled := func() bool {
		h.now.Step(time.Second)
		return conditions.IsStalled(h.export()) && conditions.Reason(h.export()) == v1alpha1.ReasonSurveyFailed
	}
	h.reconcileUntil("the export is stalled", stalled)
	if message := conditions.Message(h.export()); !strings.Contains(message, "the survey of 2023-10-01 failed") || !strings.Contains(message, "-n legal") {
		t.Errorf("it says %q", message)
	}
	if h.cloud.jobs() != 3 {
		t.Errorf("%d jobs were started, want 3", h.cloud.jobs())
	}
	h.change(func(e *v1alpha1.RecordingExport) {
		e.Annotations = map[string]string{v1alpha1.AnnotationRetry: "now"}
	})
	h.reconcileUntil("three more have failed", func() bool { return stalled() && h.cloud.jobs() == 6 })
	h.cloud.answer()
	h.now.Step(2 * seriesPause)
	h.reconcileUntil("the day is surveyed", func() bool { h.now.Step(time.Second); return h.export().Status.Survey.DaysSurveyed == 1 })
}
