package bench

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/test/world"
)

// heldScreens is how many conversations under legal hold have a screen recording.
const heldScreens = 60

// BenchmarkBadItems measures what items that never succeed cost the others: how long
// it takes, and how many calls, until everything else is exported and its bags are
// sealed, with none, 2 and 20 of 60 held screen recordings bad, against none.
func BenchmarkBadItems(b *testing.B) {
	for b.Loop() {
		time0, calls0 := everythingElse(b, 0)
		b.ReportMetric(time0.Seconds(), "s-0-bad")
		b.ReportMetric(float64(calls0), "calls-0-bad")
		for _, bad := range []int{2, 20} {
			took, calls := everythingElse(b, bad)
			b.ReportMetric(took.Seconds()/time0.Seconds(), fmt.Sprintf("time-ratio-%d-bad", bad))
			b.ReportMetric(float64(calls)/float64(calls0), fmt.Sprintf("calls-ratio-%d-bad", bad))
		}
	}
}

// everythingElse exports a day while so many held screen recordings are bad forever,
// and returns how long it takes, and how many calls, until all else is in sealed bags.
func everythingElse(b *testing.B, bad int) (time.Duration, int) {
	b.Helper()
	w := world.New(b, server, func(o *simulator.Options) {
		*o = simulator.Defaults()
		o.RequestsPerMinute, o.HeldShare, o.ScreenShare = 3000, 0.25, 0.5
	})
	spoilScreens(b, w.Sim, bad)
	w.Create(w.Secret(simulator.DefaultClientSecret))
	organization := w.Organization()
	organization.Spec.RequestsPerMinute = 3000
	w.Create(organization)
	w.Create(w.Destination())
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Slicing.Width = &metav1.Duration{Duration: time.Hour} })
	w.Create(export)
	stop := w.Start(func(o *operator.Options) { o.Intervals = operator.DefaultIntervals() })
	defer stop()
	for !othersAreSealed(b, w, export) {
		<-time.After(50 * time.Millisecond)
	}
	entries := w.Sim.Journal().Entries()
	return time.Since(entries[0].Time), calls(w.Sim.Journal())
}

// spoilScreens has held screen recordings be bad: in turn the metadata of one times
// out, and every request with another one is refused.
func spoilScreens(b *testing.B, sim *simulator.Simulator, bad int) {
	b.Helper()
	screens := heldScreensOf(sim.Dataset())
	if len(screens) < heldScreens {
		b.Fatalf("%d held screen recordings, want %d", len(screens), heldScreens)
	}
	for n := range bad {
		of := screens[n*heldScreens/bad]
		fault := simulator.Fault{Route: simulator.RouteMetadata, ConversationID: of.ConversationID, Status: http.StatusGatewayTimeout}
		if n%2 == 1 {
			fault = simulator.Fault{Route: simulator.RouteBatchSubmit, RecordingID: of.ID, Status: http.StatusBadRequest}
		}
		sim.InjectFault(fault)
	}
}

// heldScreensOf are the screen recordings that can be exported, one of each held
// conversation.
func heldScreensOf(all simulator.Dataset) []simulator.Recording {
	var screens []simulator.Recording
	for _, c := range all.Started(world.Day, world.Day.AddDate(0, 0, 1)).Held().Conversations {
		for _, r := range c.Recordings {
			if r.Medium == simulator.Screen && r.FileState == simulator.Available {
				screens = append(screens, r)
				break
			}
		}
	}
	return screens
}

// othersAreSealed reports whether every batch is finished but those of the lane Isolated.
func othersAreSealed(b *testing.B, w *world.World, export *v1alpha1.RecordingExport) bool {
	b.Helper()
	w.Refresh(export)
	if !meta.IsStatusConditionTrue(export.Status.Conditions, v1alpha1.ConditionBatchesCreated) {
		return false
	}
	var batches v1alpha1.RecordingExportBatchList
	if err := w.Client.List(b.Context(), &batches, client.InNamespace(w.Namespace)); err != nil {
		b.Fatal(err)
	}
	for _, batch := range batches.Items {
		if batch.Spec.Lane != v1alpha1.LaneIsolated && !batch.IsFinished() {
			return false
		}
	}
	return true
}
