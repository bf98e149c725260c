package story

import (
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// TestRestartsInTheMiddle stops the operator again and again while an export is in
// progress. The operator requests nothing again that it has found out, except for
// requests that were in flight at a stop.
func TestRestartsInTheMiddle(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	restarts := 0
	for _, calls := range []int{3, 20, 60, 100, 150} {
		stop := w.Start()
		testenv.Eventually(t, "some more calls", func() bool { return w.Sim.Journal().Count("", 0) >= calls })
		stop()
		restarts++
	}
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())

	const inFlight = 4 + 2 + 1
	for route, key := range map[string]func(simulator.Entry) string{
		simulator.RouteMetadata: func(e simulator.Entry) string { return e.ConversationID },
		simulator.RouteDownload: func(e simulator.Entry) string { return e.Path },
	} {
		if again := w.askedAgain(route, key); again > restarts*inFlight {
			t.Errorf("%s: %d were asked for again after %d restarts, more than were in flight", route, again, restarts)
		}
	}
	if n := w.Sim.Journal().Count(simulator.RouteDetailsSubmit, 0); n > 2+restarts {
		t.Errorf("%d analytics jobs were made", n)
	}
}

// askedAgain counts the requests of a route for something that was requested before.
func (w *story) askedAgain(route string, key func(simulator.Entry) string) int {
	seen, again := map[string]bool{}, 0
	for _, e := range w.Sim.Journal().Entries() {
		if e.Route != route {
			continue
		}
		if seen[key(e)] {
			again++
		}
		seen[key(e)] = true
	}
	return again
}

// TestSuspendAndResume: nothing is asked of Genesys Cloud while an export is suspended.
func TestSuspendAndResume(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Suspend = true })
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonSuspended)
	if n := w.Sim.Journal().Count(simulator.RouteDetailsSubmit, 0); n != 0 {
		t.Errorf("%d analytics jobs were made", n)
	}
	w.Sim.InjectFault(noneReady)
	w.suspend(export, false)
	w.Await(export, v1alpha1.ReasonBatchesInProgress)
	w.suspend(export, true)
	w.Await(export, v1alpha1.ReasonSuspended)
	w.Sim.ClearFaults()
	w.suspend(export, false)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

func (w *story) suspend(export *v1alpha1.RecordingExport, suspend bool) {
	w.Helper()
	patch := client.MergeFrom(export.DeepCopy())
	export.Spec.Suspend = suspend
	if err := w.Client.Patch(w.Context(), export, patch); err != nil {
		w.Fatal(err)
	}
}

// TestDeletedWhileSurveying: the analytics job at Genesys Cloud is ended before
// the finalizer of the export is removed.
func TestDeletedWhileSurveying(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.AnalyticsDelay = time.Hour })
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	testenv.Eventually(t, "an analytics job is running", func() bool { return w.Sim.Journal().Count(simulator.RouteDetailsJob, 0) > 0 })
	w.Refresh(export)
	if !slices.Contains(export.Finalizers, v1alpha1.Finalizer) {
		t.Errorf("finalizers %v", export.Finalizers)
	}
	w.Delete(export)
	if n := w.Sim.Journal().Count(simulator.RouteDetailsDelete, http.StatusNoContent); n != 1 {
		t.Errorf("%d analytics jobs were ended, want 1", n)
	}
}

// TestDeletedWithEverythingItNeeds: an export whose organisation is gone, as when
// a namespace is deleted, is removed at once, and says what it could not do.
func TestDeletedWithEverythingItNeeds(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.AnalyticsDelay = time.Hour })
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	testenv.Eventually(t, "an analytics job is running", func() bool { return w.Sim.Journal().Count(simulator.RouteDetailsJob, 0) > 0 })
	w.Delete(w.Organization())
	w.Delete(export)
	w.expectEvents(export, "AnalyticsJobLeft")
}

// TestAConversationThatEndsLater comes in a batch of its own.
func TestAConversationThatEndsLater(t *testing.T) {
	day := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -2)
	w := newStory(t, func(o *simulator.Options) { o.Start, o.Edges.Open, o.SettleLag = day, 1, 0 })
	w.CreateReferences()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.SettleAfter = &metav1.Duration{}
		s.Window = world.Window(day, day.AddDate(0, 0, 1))
	})
	w.Create(export)
	// It is not checked again before the clock says so, however slow the machine is.
	w.Start(func(o *operator.Options) { o.Intervals.Export.Reask = time.Hour })
	w.Await(export, v1alpha1.ReasonAwaitingConversationEnd)
	if export.Status.Survey.Deferred != 1 {
		t.Errorf("survey %+v", export.Status.Survey)
	}
	all := w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1))
	for _, c := range all.Conversations {
		if c.End.IsZero() {
			if err := w.Sim.EndConversation(c.ID, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Clock.Advance(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(all.Recordings())
	if bags, _ := filepath.Glob(filepath.Join(w.Archive(), "bags", "*-d*")); len(bags) == 0 {
		t.Error("there is no bag of a later round")
	}
}

// TestAWindowThatIsNotOldEnough is not surveyed.
func TestAWindowThatIsNotOldEnough(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		now := time.Now().Truncate(time.Second)
		s.Window = world.Window(now, now.Add(time.Hour))
	})
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonAwaitingSettlement)
	w.says(export, "settleAfter")
	if n := w.Sim.Journal().Count(simulator.RouteAvailability, 0); n != 0 {
		t.Errorf("Genesys Cloud was asked %d times", n)
	}
}

// TestScopes: what the scope of legalHold leaves out is excluded, with its reason.
func TestScopes(t *testing.T) {
	for scope, held := range map[v1alpha1.HoldScope]bool{v1alpha1.HoldExclude: false, v1alpha1.HoldOnly: true} {
		t.Run(string(scope), func(t *testing.T) {
			w := newStory(t, nil)
			w.CreateReferences()
			export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.LegalHold.Scope = scope })
			w.Create(export)
			w.Start()
			w.Await(export, v1alpha1.ReasonComplete)
			all := w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1))
			wanted, left := all.NotHeld(), all.Held()
			if held {
				wanted, left = left, wanted
			}
			w.judge(wanted.Recordings())
			if n := w.reasons("conversations.csv")["HoldScope"]; n != len(left.Conversations) {
				t.Errorf("%d conversations are excluded, want %d", n, len(left.Conversations))
			}
		})
	}
}

// TestMediaThatWereNotAskedFor are listed as excluded, and their lane is not made.
func TestMediaThatWereNotAskedFor(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.MediaTypes = []v1alpha1.Medium{v1alpha1.MediumScreen} })
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	var wanted []simulator.Recording
	others := 0
	for _, r := range w.exportable() {
		if r.Medium == simulator.Screen {
			wanted = append(wanted, r)
		} else {
			others++
		}
	}
	w.judge(wanted)
	if n := w.reasons("recordings.csv")["MediumNotRequested"]; n != others || export.Status.Recordings.Excluded != int64(others) {
		t.Errorf("%d recordings are excluded, status says %d, want %d", n, export.Status.Recordings.Excluded, others)
	}
	if bags, _ := filepath.Glob(filepath.Join(w.Archive(), "bags", "*-legalhold-*")); len(bags) != 0 {
		t.Errorf("there are bags of lane LegalHold: %v", bags)
	}
}

// TestParkedMetadata: held conversations that time out do not delay the
// others, are asked last, and are exported in the end.
func TestParkedMetadata(t *testing.T) {
	w := newStory(t, nil)
	held := w.Sim.Dataset().Held().Started(day, day.AddDate(0, 0, 1)).Conversations
	for _, c := range held[:3] {
		w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: c.ID, Status: http.StatusGatewayTimeout, Count: 2})
	}
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if n := w.Sim.Journal().Count(simulator.RouteMetadata, http.StatusGatewayTimeout); n != 6 {
		t.Errorf("%d time-outs, want 6", n)
	}
	if peak := w.Sim.Journal().Peak(simulator.HeldScreenLoad); peak != 1 {
		t.Errorf("%d held conversations with screens were asked for at once, want 1", peak)
	}
}

// TestThrottling is waited out: nothing fails and nothing is lost.
func TestThrottling(t *testing.T) {
	w := newStory(t, nil)
	for _, route := range []string{simulator.RouteMetadata, simulator.RouteBatchSubmit, simulator.RouteBatch, simulator.RouteDetailsSubmit} {
		w.Sim.InjectFault(simulator.Fault{Route: route, Status: http.StatusTooManyRequests, RetryAfter: time.Second, Nth: 2, Count: 1})
	}
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestResultsThatCannotBeFetched are requested again, and error pages are never
// taken for recordings.
func TestResultsThatCannotBeFetched(t *testing.T) {
	w := newStory(t, nil)
	spoil := []simulator.Fault{
		{Status: http.StatusForbidden}, {Body: simulator.HTML}, {Body: simulator.Empty}, {Body: simulator.Truncated}, {Reset: true}, {Status: http.StatusServiceUnavailable},
	}
	for i, r := range w.plainCalls()[:len(spoil)] {
		fault := spoil[i]
		fault.Route, fault.RecordingID, fault.Count = simulator.RouteDownload, r.ID, 2
		w.Sim.InjectFault(fault)
	}
	w.CreateReferences()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestHoldsThatChangeBeforeTransfer: conversations leave their batch for one of
// the other lane, and are exported once.
func TestHoldsThatChangeBeforeTransfer(t *testing.T) {
	for name, scope := range map[string]v1alpha1.HoldScope{"include": v1alpha1.HoldInclude, "exclude": v1alpha1.HoldExclude} {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, nil)
			held := w.Sim.Dataset().Held().Started(day, day.AddDate(0, 0, 1)).Conversations
			i := slices.IndexFunc(held, simulator.Conversation.HasScreens)
			released, seized := held[i].ID, w.plainCalls()[0].ConversationID
			w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, Status: http.StatusServiceUnavailable})
			w.CreateReferences()
			stop := w.Start()
			export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.LegalHold.Scope = scope })
			w.Create(export)
			testenv.Eventually(t, "the survey is done", func() bool { w.Refresh(export); return export.Status.Survey.DaysSurveyed == 1 })
			for id, protected := range map[string]bool{released: false, seized: true} {
				if err := w.Sim.SetProtected(id, protected); err != nil {
					t.Fatal(err)
				}
			}
			// Another process does not know of the failures until now, after which a
			// conversation may be isolated.
			stop()
			w.Sim.ClearFaults()
			w.Start()
			w.Await(export, v1alpha1.ReasonComplete)
			if scope == v1alpha1.HoldExclude {
				w.judge(slices.DeleteFunc(w.Sim.Dataset().NotHeld().Started(day, day.AddDate(0, 0, 1)).Recordings(), func(r simulator.Recording) bool {
					return r.ConversationID == released // it was left out at the survey
				}))
				return
			}
			w.judge(w.exportable())
			w.expectMoved(released, "MovedFromHold", "standard", 2)
			w.expectMoved(seized, "MovedToHold", "legalhold", 1)
		})
	}
}

// expectMoved: a conversation left so many batches for a reason, and is in a later
// bag of the lane that is its own now.
func (w *story) expectMoved(conversation, reason, lane string, batches int) {
	w.Helper()
	tables, err := filepath.Glob(filepath.Join(w.Archive(), "bags", "*", "data", "conversations.csv"))
	if err != nil {
		w.Fatal(err)
	}
	left := 0
	for _, table := range tables {
		for _, r := range readCSV(w, table) {
			if r["conversation_id"] == conversation && r["reason"] == reason {
				left++
			}
		}
	}
	if left != batches {
		w.Errorf("%s left %d batches because of %s, want %d", conversation, left, reason, batches)
	}
	if bags, _ := filepath.Glob(filepath.Join(w.Archive(), "bags", "*-"+lane+"-*-d*", "data", "recordings", conversation)); len(bags) != 1 {
		w.Errorf("%s is in %v, want one later bag of lane %s", conversation, bags, lane)
	}
}

// TestOldBatchesAreDeleted once they are counted; their evidence is not.
func TestOldBatchesAreDeleted(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.RetainBatches = ptr.To[int32](2) })
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	testenv.Eventually(t, "two batches are left", func() bool { return len(w.batches()) == 2 })
	w.judge(w.exportable())
	bags, _ := filepath.Glob(filepath.Join(w.Archive(), "bags", "*"))
	if len(bags) != int(export.Status.Batches.Completed) {
		t.Errorf("%d bags for %d batches", len(bags), export.Status.Batches.Completed)
	}
}

func (w *story) batches() []v1alpha1.RecordingExportBatch {
	w.Helper()
	var list v1alpha1.RecordingExportBatchList
	if err := w.Client.List(w.Context(), &list, client.InNamespace(w.Namespace)); err != nil {
		w.Fatal(err)
	}
	return list.Items
}

// TestBatchesFollowTheRules: their conditions conform at every moment, they are
// owned, and carry nothing of their export's labels.
func TestBatchesFollowTheRules(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	export := w.Export(nil)
	export.Labels = map[string]string{"argocd.argoproj.io/instance": "app"}
	w.Create(export)
	w.Start()
	testenv.Eventually(t, "the export is complete", func() bool {
		w.Refresh(export)
		for _, batch := range w.batches() {
			if err := conditions.Check(&batch); err != nil && batch.Status.ObservedGeneration > 0 {
				t.Error(err)
			}
		}
		return conditions.IsReady(export)
	})
	for _, batch := range w.batches() {
		if !metav1.IsControlledBy(&batch, export) || batch.Labels["argocd.argoproj.io/instance"] != "" || batch.Labels[v1alpha1.LabelExport] != export.Name {
			t.Errorf("batch %s: owners %v, labels %v", batch.Name, batch.OwnerReferences, batch.Labels)
		}
	}
}
