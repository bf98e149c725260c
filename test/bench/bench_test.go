// Package bench measures what an export costs: calls to Genesys Cloud against
// the least that the same work can do with, writes to the API server, and how well
// a small request budget is used. Nothing here is a test: "make bench" prints the figures.
package bench

import (
	"flag"
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/callcount"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

var server *rest.Config

func TestMain(m *testing.M) {
	if flag.Parse(); flag.Lookup("test.bench").Value.String() == "" {
		return // nothing will be measured, so nothing need be started
	}
	testenv.Main(m, func(config *rest.Config) { server = config })
}

// export exports the simulator's day at the manager's own paces, and returns the
// world afterwards.
func export(b *testing.B, change func(*simulator.Options)) (*world.World, *v1alpha1.RecordingExport) {
	b.Helper()
	w := world.New(b, server, change)
	return w, exportDay(b, w)
}

// exportDay exports the simulator's day in a world, and returns the export once it is done.
func exportDay(b *testing.B, w *world.World, change ...func(*v1alpha1.RecordingExportSpec)) *v1alpha1.RecordingExport {
	b.Helper()
	w.Create(w.Secret(simulator.DefaultClientSecret))
	organization := w.Organization()
	for _, other := range w.Sim.Options().Clients[1:] {
		secret := w.Secret(other.Secret)
		secret.Name, secret.StringData["clientId"] = "oauth-"+other.ID, other.ID
		w.Create(secret)
		organization.Spec.Credentials = append(organization.Spec.Credentials, v1alpha1.OAuthClient{SecretRef: v1alpha1.LocalReference{Name: secret.Name}})
	}
	organization.Spec.RequestsPerMinute = int32(w.Sim.Options().RequestsPerMinute)
	w.Create(organization)
	w.Create(w.Destination())
	done := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Slicing.Width = &metav1.Duration{Duration: time.Hour}
		for _, c := range change {
			c(s)
		}
	})
	w.Create(done)
	stop := w.Start(func(o *operator.Options) { o.Intervals = operator.DefaultIntervals() })
	defer stop()
	for !conditions.IsReady(done) {
		<-time.After(time.Second)
		w.Refresh(done)
	}
	if done.Status.Gaps != 0 {
		b.Fatalf("%d gaps", done.Status.Gaps)
	}
	return done
}

// calls counts the calls that weigh on the request budget.
func calls(journal *simulator.Journal) int {
	return journal.Count("", 0) - journal.Count(simulator.RouteLogin, 0) - journal.Count(simulator.RouteDownload, 0)
}

// least is the least number of calls for the work that was done.
func least(b *testing.B, w *world.World, spec v1alpha1.RecordingExportSpec) callcount.Counts {
	b.Helper()
	cut := exportspec.Slicing(spec)
	var conversations []callcount.Conversation
	for _, c := range w.Sim.Dataset().Started(cut.Start, cut.End).Conversations {
		known := callcount.Conversation{Conversation: slicing.Conversation{ID: c.ID, Start: c.Start, Held: c.Held}}
		for _, r := range c.Recordings {
			if r.Medium == simulator.Screen {
				known.Screens++
			} else {
				known.Others++
			}
		}
		conversations = append(conversations, known)
	}
	counts, err := callcount.Minimum(cut, conversations)
	if err != nil {
		b.Fatal(err)
	}
	return counts
}

// BenchmarkCalls exports a day of 600 conversations with latencies like Genesys
// Cloud's in small.
func BenchmarkCalls(b *testing.B) {
	for b.Loop() {
		w, done := export(b, func(o *simulator.Options) {
			*o = simulator.Defaults()
			o.RequestsPerMinute = 3000
		})
		journal, minimum := w.Sim.Journal(), least(b, w, done.Spec)
		recordings := float64(done.Status.Recordings.Exported)
		b.ReportMetric(float64(calls(journal))/recordings, "calls/recording")
		b.ReportMetric(float64(minimum.Total())/recordings, "least-calls/recording")
		b.ReportMetric(float64(calls(journal))/float64(minimum.Total()), "calls/least")
		b.ReportMetric(float64(journal.Throttled()), "429s")
		b.ReportMetric(float64(journal.ServerErrors()), "5xxs")
		b.ReportMetric(float64(journal.Peak(simulator.NotHeldLoad)), "peak-metadata-Standard")
		b.ReportMetric(float64(max(journal.Peak(simulator.HeldLoad), journal.Peak(simulator.HeldScreenLoad))), "peak-metadata-held")
	}
}

// BenchmarkBudgets exports a day that takes several minutes of a budget of 300
// requests a minute, with one OAuth client and with two. The last minute of each does
// not count: there the work runs out.
func BenchmarkBudgets(b *testing.B) {
	clients := []simulator.Client{{ID: simulator.DefaultClientID, Secret: simulator.DefaultClientSecret}, {ID: "second", Secret: "secret"}}
	for n := 1; n <= len(clients); n++ {
		b.Run(fmt.Sprintf("clients=%d", n), func(b *testing.B) { benchmarkBudget(b, clients[:n]) })
	}
}

func benchmarkBudget(b *testing.B, clients []simulator.Client) {
	const perMinute = 300
	for b.Loop() {
		w, _ := export(b, func(o *simulator.Options) {
			*o = simulator.Defaults()
			o.Conversations, o.RequestsPerMinute, o.RateScope, o.Clients = 900*len(clients), perMinute, simulator.PerClient, clients
		})
		minutes := map[string][]int{}
		for _, window := range w.Sim.Journal().Windows() {
			minutes[window.ClientID] = append(minutes[window.ClientID], window.Used)
		}
		used, full, lowest := 0, 0, perMinute
		for _, of := range minutes {
			for _, n := range of[:len(of)-1] {
				used, full, lowest = used+n, full+1, min(lowest, n)
			}
		}
		b.ReportMetric(100*float64(used)/float64(full*perMinute), "%-of-budget")
		b.ReportMetric(100*float64(lowest)/perMinute, "%-in-the-lowest-minute")
		b.ReportMetric(float64(full)/float64(len(clients)), "full-minutes")
		b.ReportMetric(float64(w.Sim.Journal().Throttled()), "429s")
	}
}
