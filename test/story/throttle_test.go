package story

import (
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// TestThrottledIsNotFailed: whichever call is told to wait, more often than
// anything may fail, it is made again when it may. Nothing is requested again,
// nothing counts as an attempt, and nobody sees an error.
func TestThrottledIsNotFailed(t *testing.T) {
	const times = 4 // a recording has three tries
	for name, route := range map[string]string{
		"login":         simulator.RouteLogin,
		"survey":        simulator.RouteDetailsSubmit,
		"survey state":  simulator.RouteDetailsJob,
		"survey page":   simulator.RouteDetailsResults,
		"holds":         simulator.RouteProtectionQuery,
		"metadata":      simulator.RouteMetadata,
		"batch request": simulator.RouteBatchSubmit,
		"batch status":  simulator.RouteBatch,
		"media":         simulator.RouteDownload,
	} {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, nil)
			w.Sim.InjectFault(simulator.Fault{Route: route, Status: http.StatusTooManyRequests, RetryAfter: time.Second, Count: times})
			w.CreateReferences()
			export, organization := w.Export(nil), w.Organization()
			w.Create(export)
			w.Start()
			w.Await(export, v1alpha1.ReasonComplete)
			w.judge(w.exportable())
			w.Await(organization, v1alpha1.ReasonLoggedIn)

			journal := w.Sim.Journal()
			if n := journal.Count(route, http.StatusTooManyRequests); n != times {
				t.Errorf("throttled %d times, want %d: the story tells nothing", n, times)
			}
			if n := journal.Count(simulator.RouteDetailsSubmit, 0) - journal.Count(simulator.RouteDetailsSubmit, http.StatusTooManyRequests); n != 2 {
				t.Errorf("%d analytics jobs were made, want one for the survey and one for the review", n)
			}
			if n, want := w.allRequested(), len(w.exportable()); n != want {
				t.Errorf("%d recordings were requested, want %d: each once", n, want)
			}
			w.expectNoWarnings()
		})
	}
}

// allRequested counts the recordings that batch requests asked for.
func (w *story) allRequested() int {
	n := 0
	for _, e := range w.Sim.Journal().Entries() {
		if e.Route == simulator.RouteBatchSubmit && e.Status == http.StatusOK {
			n += e.IDs
		}
	}
	return n
}

// expectNoWarnings: all that was to be told is that Genesys Cloud said to wait.
func (w *story) expectNoWarnings() {
	w.Helper()
	var list eventsv1.EventList
	if err := w.Client.List(w.Context(), &list, client.InNamespace(w.Namespace)); err != nil {
		w.Fatal(err)
	}
	trouble := []string{
		v1alpha1.ReasonGenesysUnavailable, v1alpha1.ReasonInternalError, v1alpha1.ReasonMetadataRetrying, v1alpha1.ReasonRecordingsPending,
	}
	for _, e := range list.Items {
		if e.Type == corev1.EventTypeWarning || slices.Contains(trouble, e.Reason) {
			w.Errorf("event about %s: %s %s: %s", e.Regarding.Name, e.Type, e.Reason, e.Note)
		}
	}
	if !slices.ContainsFunc(list.Items, func(e eventsv1.Event) bool { return e.Reason == v1alpha1.ReasonThrottled }) {
		w.Error("no event tells that Genesys Cloud said to wait")
	}
}
