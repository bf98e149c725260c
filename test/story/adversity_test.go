package story

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestAnswersThatTakeLongerThanTheSDKWaits are waited for: what takes 17 s every
// time is given more time, and then done.
func TestAnswersThatTakeLongerThanTheSDKWaits(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations, o.HeldShare = 50, 0 })
	// The survey's query, and the request of one recording.
	slow := w.plainCalls()[0]
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteProtectionQuery, Delay: 17 * time.Second, Count: 2})
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, RecordingID: slow.ID, Delay: 17 * time.Second})
	w.CreateReferences()
	w.Start()
	export := w.exportWithin(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestAConversationWithALimitOfItsOwn: a 429 far below the OAuth client's allowance
// is that conversation's alone. Nobody else waits for it.
func TestAConversationWithALimitOfItsOwn(t *testing.T) {
	w := newStory(t, nil)
	held := w.Sim.Dataset().Held().Started(day, day.AddDate(0, 0, 1)).Conversations[0]
	w.Sim.InjectFault(simulator.Fault{
		Route: simulator.RouteMetadata, ConversationID: held.ID, Status: http.StatusTooManyRequests, OwnLimit: true, RetryAfter: time.Hour,
	})
	w.CreateReferences()
	w.Start()
	export := w.exportWithin(24 * time.Hour)
	w.awaitIsolated(export, 1)
	if n := w.Sim.Journal().Count(simulator.RouteMetadata, http.StatusTooManyRequests); n > 2 {
		t.Errorf("it was asked for %d times although it said to wait", n)
	}
	w.Sim.ClearFaults()
	w.annotate(export, v1alpha1.AnnotationRetry, "now")
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestFilesThatAreStillBeingUploaded are waited for, and nothing else waits for them.
func TestFilesThatAreStillBeingUploaded(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Uploading: 3}
	})
	w.CreateReferences()
	w.Start()
	export := w.exportWithin(time.Hour)
	w.awaitIsolated(export, 3)
	for _, r := range w.exportable() {
		if r.FileState == simulator.Uploading {
			if err := w.Sim.SetFileState(r.ConversationID, r.ID, simulator.Available); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestNotFoundIsBelievedInGenesysCloudsWordsOnly: the page of a proxy is not.
func TestNotFoundIsBelievedInGenesysCloudsWordsOnly(t *testing.T) {
	w := newStory(t, nil)
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, Status: http.StatusNotFound, Body: simulator.HTML, Count: 3})
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatchSubmit, Status: http.StatusForbidden, Body: simulator.HTML, Count: 2})
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatch, Status: http.StatusNotFound, Body: simulator.HTML, Count: 2})
	w.CreateReferences()
	w.Start()
	export := w.exportWithin(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestAPageSizeThatIsRefused is found out, and a smaller one used from then on.
func TestAPageSizeThatIsRefused(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Limits.AsyncPageSize, o.Limits.RefuseLargePages = 40, true })
	w.CreateReferences()
	w.Start()
	export := w.exportWithin(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if refused := w.Sim.Journal().Count(simulator.RouteDetailsResults, http.StatusBadRequest); refused == 0 || refused > 5 {
		t.Errorf("%d pages were refused", refused)
	}
}

// TestAddressesThatExpireEarly: at Genesys Cloud only answers take time, so that
// addresses expire after as many of them, however fast this machine is. At most one download
// in ten meets one that has expired, with what was requested before their lifetime was known,
// and everything comes.
func TestAddressesThatExpireEarly(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) {
		o.Conversations, o.HeldShare, o.ResultURLTTL = 120, 0, time.Second
		began, looks := time.Now(), atomic.Int64{}
		o.Now = func() time.Time { return began.Add(time.Duration(looks.Add(1)) * 5 * time.Millisecond) }
	})
	w.CreateReferences()
	w.Start()
	export := w.exportWithin(24 * time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	journal := w.Sim.Journal()
	ok, expired := journal.Count(simulator.RouteDownload, http.StatusOK), journal.Count(simulator.RouteDownload, http.StatusForbidden)
	t.Logf("%d downloads, %d of them of addresses that had expired", ok+expired, expired)
	if expired == 0 || expired > ok/10 {
		t.Errorf("%d files came, and %d addresses had expired when they were used", ok, expired)
	}
}

// TestPausesCostNoRecording: whatever keeps an export from asking, and for however
// long, nothing is listed as a gap that could not be requested meanwhile.
func TestPausesCostNoRecording(t *testing.T) {
	const week = 7 * 24 * time.Hour
	// broken keeps every batch in flight: some conversations, one of them every time, and
	// all requests fail.
	broken := func(w *story) {
		one := w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Conversations[0].ID
		w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatch, Status: http.StatusServiceUnavailable})
		w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: one, Status: http.StatusGatewayTimeout})
		w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, Status: http.StatusGatewayTimeout, Probability: 0.3})
	}
	for name, pause := range map[string]func(w *story, export *v1alpha1.RecordingExport, stop func()){
		"suspended for a week": func(w *story, export *v1alpha1.RecordingExport, _ func()) {
			w.suspend(export, true)
			w.Await(export, v1alpha1.ReasonSuspended)
			w.Clock.Advance(week)
			w.suspend(export, false)
		},
		"stopped for a week": func(w *story, _ *v1alpha1.RecordingExport, stop func()) {
			stop()
			w.Clock.Advance(week)
			w.Start()
		},
		"cancelled, and taken up after a week": func(w *story, export *v1alpha1.RecordingExport, _ func()) {
			w.annotate(export, v1alpha1.AnnotationCancel, w.Clock.Now().Format(time.RFC3339))
			w.Await(export, v1alpha1.ReasonCancelled)
			w.Clock.Advance(week)
			w.annotate(export, v1alpha1.AnnotationRetry, w.Clock.Now().Format(time.RFC3339))
		},
		"a week without its secret": func(w *story, export *v1alpha1.RecordingExport, _ func()) {
			w.Delete(w.Secret(""))
			w.Await(export, v1alpha1.ReasonOrganizationNotReady)
			w.Clock.Advance(week)
			w.Create(w.Secret(simulator.DefaultClientSecret))
		},
		"a week with a full disk": func(w *story, _ *v1alpha1.RecordingExport, _ func()) {
			w.keepFree("1Ei")
			w.Await(w.Destination(), v1alpha1.ReasonDestinationFull)
			w.Clock.Advance(week)
			w.keepFree("1Mi")
		},
		"throttled for a week": func(w *story, _ *v1alpha1.RecordingExport, _ func()) {
			w.Sim.InjectFault(simulator.Fault{Status: http.StatusTooManyRequests, RetryAfter: time.Second, Count: 5})
			w.Clock.Advance(week)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, nil)
			broken(w)
			w.CreateReferences()
			stop := w.Start()
			export := w.exportWithin(12 * time.Hour)
			requests, metadata := false, false
			testenv.Eventually(t, "requests and metadata have failed", func() bool {
				batch := &v1alpha1.RecordingExportBatch{}
				requests = requests || w.anyBatch(batch, v1alpha1.ReasonGenesysUnavailable)
				metadata = metadata || w.anyBatch(batch, v1alpha1.ReasonMetadataRetrying)
				return requests && metadata
			})
			pause(w, export, stop)
			w.Sim.ClearFaults()
			w.Await(export, v1alpha1.ReasonComplete)
			w.judge(w.exportable())
		})
	}
}

// keepFree has transfers leave so much free at the destination.
func (w *story) keepFree(floor string) {
	w.Helper()
	destination, quantity := w.Destination(), resource.MustParse(floor)
	w.Refresh(destination)
	destination.Spec.Directory.MinFree = &quantity
	w.Update(destination)
}
