package bench

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/test/world"
)

// standstill is longer than any first request for metadata waits.
const standstill = 20 * time.Second

// BenchmarkIsolation measures the promise that locked media never delay the
// rest: how long the Standard lane takes when no metadata of a held conversation
// can be read at all, against how long it takes without the hold lanes.
func BenchmarkIsolation(b *testing.B) {
	for b.Loop() {
		alone, batches := standardLane(b, v1alpha1.HoldExclude, 0)
		beside, _ := standardLane(b, v1alpha1.HoldInclude, batches)
		b.ReportMetric(alone.Seconds(), "s-alone")
		b.ReportMetric(beside.Seconds(), "s-beside-stalled-lanes")
		b.ReportMetric(100*(beside.Seconds()/alone.Seconds()-1), "%-slower")
	}
}

// standardLane exports a day with a budget of 300 requests a minute while the
// metadata of held conversations make no progress, until so many of the Standard
// lane's batches are finished, all of the export's if 0. It returns how long it
// took to fetch what is not under hold, and how many batches that were.
func standardLane(b *testing.B, scope v1alpha1.HoldScope, batches int32) (time.Duration, int32) {
	b.Helper()
	w := world.New(b, server, func(o *simulator.Options) {
		*o = simulator.Defaults()
		o.Conversations, o.RequestsPerMinute, o.HeldShare = 300, 300, 0.2
	})
	for _, c := range w.Sim.Dataset().Held().Conversations {
		w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: c.ID, Delay: standstill})
	}
	w.Create(w.Secret(simulator.DefaultClientSecret))
	organization := w.Organization()
	organization.Spec.RequestsPerMinute = 300
	w.Create(organization)
	w.Create(w.Destination())
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.LegalHold.Scope = scope
		s.Slicing.Width = &metav1.Duration{Duration: time.Hour}
	})
	w.Create(export)
	stop := w.Start(func(o *operator.Options) { o.Intervals = operator.DefaultIntervals() })
	defer stop()
	for !conditions.IsReady(export) && (batches == 0 || finished(export) < batches) {
		<-time.After(time.Second)
		w.Refresh(export)
	}
	return fetched(w), finished(export)
}

// finished counts the finished batches of the Standard lane.
func finished(export *v1alpha1.RecordingExport) int32 {
	for _, lane := range export.Status.Lanes {
		if lane.Lane == v1alpha1.LaneStandard {
			return lane.Batches
		}
	}
	return 0
}

// fetched is how long it took from the first request to the last download of
// what is not under hold.
func fetched(w *world.World) time.Duration {
	var first, last time.Time
	for _, e := range w.Sim.Journal().Entries() {
		if first.IsZero() || e.Time.Before(first) {
			first = e.Time
		}
		c, known := w.Sim.Dataset().Conversation(e.ConversationID)
		if e.Route == simulator.RouteDownload && known && !c.Held && e.Time.After(last) {
			last = e.Time
		}
	}
	return last.Sub(first)
}
