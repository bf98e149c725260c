package story

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// account is what the tests read of a seal's account.
type account struct {
	Number int
	Former *struct {
		Number int
		Digest string
	}
	Until         time.Time
	Gaps          int64
	Conversations struct{ Surveyed, Batched, Excluded, Unavailable, Deferred int64 }
	Recordings    []struct{ Exported, Unavailable int64 }
}

func (a account) exported() (n int64) {
	for _, r := range a.Recordings {
		n += r.Exported
	}
	return n
}

// accounts reads the accounts of all seals, and checks that each names the one before.
func (w *story) accounts() []account {
	w.Helper()
	var all []account
	for _, seal := range w.seals() {
		content, err := os.ReadFile(filepath.Join(seal, "account.json"))
		if err != nil {
			w.Fatal(err)
		}
		var a account
		if err := json.Unmarshal(content, &a); err != nil {
			w.Fatal(err)
		}
		if n := len(all); a.Number != n+1 || (a.Former == nil) != (n == 0) || n > 0 && a.Former.Number != n {
			w.Errorf("seal %s is number %d and names %+v as the one before", seal, a.Number, a.Former)
		}
		all = append(all, a)
	}
	return all
}

// follow is an export without an end, from the first day of the data on, that
// takes a day as soon as it is over.
func (w *story) follow(change func(*v1alpha1.RecordingExportSpec)) *v1alpha1.RecordingExport {
	return w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Window.Start, s.Window.End = metav1.NewTime(w.Sim.Options().Start), nil
		s.SettleAfter = &metav1.Duration{}
		if change != nil {
			change(s)
		}
	})
}

// begin is a midnight some days before that of the next noon.
func begin(days int) time.Time {
	return time.Now().UTC().Add(12*time.Hour).Truncate(24*time.Hour).AddDate(0, 0, -days)
}

// noon sets the clock forward to noon, some days after a midnight that begin gave:
// what a story sees does not depend on the time of day at which it is run.
func (w *story) noon(midnight time.Time, days int) {
	w.Clock.Advance(midnight.AddDate(0, 0, days).Add(12 * time.Hour).Sub(w.Clock.Now()))
}

// TestAWindowWithoutAnEnd: what has settled is exported and sealed, then each day
// as it passes; a week without the operator is made up for; an end that is set
// ends the export.
func TestAWindowWithoutAnEnd(t *testing.T) {
	start := begin(2)
	w := newStory(t, func(o *simulator.Options) { o.Start, o.Days, o.Conversations, o.SettleLag = start, 12, 20, 0 })
	w.noon(start, 2)
	w.CreateReferences()
	stop := w.Start()
	export := w.follow(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCaughtUp)
	w.expectUntil(export, start.AddDate(0, 0, 2), 1)
	w.expectKstatusOf(export, status.CurrentStatus)

	w.Clock.Advance(24 * time.Hour)
	w.awaitSecondSeal(export)
	w.expectUntil(export, start.AddDate(0, 0, 3), 2)

	stop()
	w.Clock.Advance(7 * 24 * time.Hour)
	w.Start()
	testenv.Eventually(t, "the week is made up for", func() bool {
		w.Refresh(export)
		return export.Status.Seal.Until.Equal(&metav1.Time{Time: start.AddDate(0, 0, 10)})
	})
	w.Await(export, v1alpha1.ReasonCaughtUp)
	w.expectUntil(export, start.AddDate(0, 0, 10), 3)
	if n := w.Sim.Journal().Throttled(); n != 0 {
		t.Errorf("%d calls were throttled", n)
	}

	w.Refresh(export)
	export.Spec.Window.End = &metav1.Time{Time: start.AddDate(0, 0, 11).Add(12 * time.Hour)}
	w.Update(export)
	w.Await(export, v1alpha1.ReasonAwaitingSettlement)
	w.Clock.Advance(36 * time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.Sim.Dataset().Started(start, start.AddDate(0, 0, 11).Add(12*time.Hour)).Recordings())
	w.expectReport(w.seals()[0], "with no end when the archive was created", "This report does not include later conversations.")
	last := w.accounts()
	if got := last[len(last)-1]; got.exported() != export.Status.Recordings.Exported || got.Conversations.Deferred != 0 {
		t.Errorf("the last account says %+v, the status %+v", got, export.Status.Recordings)
	}
}

func (w *story) awaitSecondSeal(export *v1alpha1.RecordingExport) {
	w.Helper()
	testenv.Eventually(w, "there is another seal", func() bool {
		w.Refresh(export)
		return export.Status.Seal != nil && export.Status.Seal.Number >= 2
	})
	w.Await(export, v1alpha1.ReasonCaughtUp)
}

// expectUntil: the seals cover the window up to an instant, and contain all of it.
func (w *story) expectUntil(export *v1alpha1.RecordingExport, until time.Time, seals int) {
	w.Helper()
	w.says(export, until.Format(time.RFC3339))
	if got := len(w.accounts()); got < seals {
		w.Errorf("%d seals, want at least %d", got, seals)
	}
	w.judge(w.Sim.Dataset().Started(w.Sim.Options().Start, until).Recordings())
}

// TestAnEndlessExportCreatedAgain adopts its archive: nothing is fetched again, and
// its numbers are the old ones.
func TestAnEndlessExportCreatedAgain(t *testing.T) {
	start := begin(2)
	w := newStory(t, func(o *simulator.Options) { o.Start, o.Days, o.Conversations, o.SettleLag = start, 4, 20, 0 })
	w.noon(start, 2)
	w.CreateReferences()
	w.Start()
	export := w.follow(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCaughtUp)
	before := export.Status
	w.Delete(export)
	fetched := w.Sim.Journal().Count(simulator.RouteDownload, 0)

	again := w.follow(nil)
	w.Create(again)
	w.Await(again, v1alpha1.ReasonCaughtUp)
	if now := w.Sim.Journal().Count(simulator.RouteDownload, 0); now != fetched {
		t.Errorf("%d recordings were fetched again", now-fetched)
	}
	if again.Status.Progress != before.Progress || again.Status.Bytes != before.Bytes || again.Status.Batches != before.Batches {
		t.Errorf("status %+v, want that of before, %+v", again.Status, before)
	}
	w.Clock.Advance(24 * time.Hour)
	w.awaitSecondSeal(again)
	w.judge(w.Sim.Dataset().Started(start, start.AddDate(0, 0, 3)).Recordings())
}

// TestAnEndlessExportDoesNotWaitForOneConversation: its day is sealed without it,
// and it comes in a later seal once it has ended.
func TestAnEndlessExportDoesNotWaitForOneConversation(t *testing.T) {
	start := begin(1)
	w := newStory(t, func(o *simulator.Options) {
		o.Start, o.Days, o.Conversations, o.SettleLag, o.Edges.Open = start, 4, 20, 0, 1
	})
	w.noon(start, 1)
	w.CreateReferences()
	w.Start()
	export := w.follow(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCaughtUp)
	w.says(export, "not ended yet: 1 conversation")
	for _, c := range w.Sim.Dataset().Conversations {
		if c.End.IsZero() {
			if err := w.Sim.EndConversation(c.ID, w.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Clock.Advance(24 * time.Hour)
	w.awaitSecondSeal(export)
	w.judge(w.Sim.Dataset().Started(start, start.AddDate(0, 0, 2)).Recordings())
	if last := w.accounts()[1]; last.Conversations.Deferred != 0 || last.Gaps != 0 {
		t.Errorf("account %+v", last)
	}
}

// heldReview is a review before sealing that cannot begin.
type heldReview struct{ *story }

// holdReview lets no analytics job but the first be made: that of the review.
func (w *story) holdReview() heldReview {
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteDetailsSubmit, Nth: 2, Status: http.StatusServiceUnavailable})
	return heldReview{w}
}

// await waits until everything is stored, and the review due.
func (r heldReview) await() {
	r.Helper()
	testenv.Eventually(r, "the review is due", func() bool {
		return r.Sim.Journal().Count(simulator.RouteDetailsSubmit, http.StatusServiceUnavailable) > 0
	})
}

// release lets the review begin.
func (r heldReview) release() { r.Sim.ClearFaults() }

// TestWhatIsListedLate: a conversation that analytics lists only after the survey
// is found by the review before sealing, and comes in a batch of its own.
func TestWhatIsListedLate(t *testing.T) {
	w := newStory(t, nil)
	late := w.plainCalls()[0].ConversationID
	if err := w.Sim.SetListed(late, false); err != nil {
		t.Fatal(err)
	}
	review := w.holdReview()
	w.CreateReferences()
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	review.await()
	if err := w.Sim.SetListed(late, true); err != nil {
		t.Fatal(err)
	}
	review.release()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if bags, _ := filepath.Glob(filepath.Join(w.Archive(), "bags", "*-d*", "data", "recordings", late)); len(bags) != 1 {
		t.Errorf("the conversation is in %v, want one bag of its own", bags)
	}
}

// TestAHoldThatChangesBeforeSealing: the answer at sealing is evidence, and the
// recordings stay where they are.
func TestAHoldThatChangesBeforeSealing(t *testing.T) {
	w := newStory(t, nil)
	c := w.plainCalls()[0].ConversationID
	review := w.holdReview()
	w.CreateReferences()
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	review.await()
	if err := w.Sim.SetProtected(c, true); err != nil {
		t.Fatal(err)
	}
	review.release()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	for _, r := range readCSV(t, w.Archive()+"/seals/1/conversations.csv") {
		if want := r["held_at_survey"] == "true" || r["conversation_id"] == c; (r["held_at_sealing"] == "true") != want || r["held_at_sealing_time"] == "" {
			t.Errorf("conversation %v", r)
		}
	}
	events, err := os.ReadFile(w.Archive() + "/seals/1/events.jsonl")
	if err != nil || !strings.Contains(string(events), `"HoldChanged"`) {
		t.Errorf("the seal's log does not tell of the change: %v", err)
	}
}
