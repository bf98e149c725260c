package attack

import (
	"encoding/csv"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// providerPrivate is a server that only the manager reaches: it counts who asks.
func providerPrivate(t *testing.T) (secure, plain string, asked *atomic.Int32) {
	t.Helper()
	asked = &atomic.Int32{}
	count := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Type", "audio/ogg")
		_, _ = w.Write([]byte("PRIVATE"))
	})
	overTLS, inPlain := httptest.NewTLSServer(count), httptest.NewServer(count)
	t.Cleanup(overTLS.Close)
	t.Cleanup(inPlain.Close)
	return overTLS.URL, inPlain.URL, asked
}

// providerCalls are recordings of conversations that have one, of a call, by the
// slice of the export that they are in: of the results of a request for several
// recordings, only the first fault counts.
func providerCalls(w *world.World) map[int][]simulator.Recording {
	calls := map[int][]simulator.Recording{}
	for _, c := range w.Sim.Dataset().NotHeld().Started(world.Day, world.Day.AddDate(0, 0, 1)).Conversations {
		if len(c.Recordings) == 1 && c.Recordings[0].Medium == simulator.Call && c.Recordings[0].FileState.Downloadable() && !c.End.IsZero() {
			slice := c.Start.Hour() / 4
			calls[slice] = append(calls[slice], c.Recordings[0])
		}
	}
	return calls
}

// providerAllowed is the list of a manager that may ask the simulator, and nothing else
// that is not public.
func providerAllowed(t *testing.T, entries ...string) egress.List {
	t.Helper()
	list, err := egress.ParseList(strings.Join(entries, ","))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// providerLie is a fault, and what the gap that it leads to says.
type providerLie struct {
	fault simulator.Fault
	says  string
}

// TestProviderLies: of an organisation that is otherwise good, some answers lead to
// private addresses, have no end, or are a few kilobytes that become gigabytes. Each
// costs the item that it is about, and nothing else.
func TestProviderLies(t *testing.T) {
	w := world.New(t, testenv.Start(t), func(o *simulator.Options) { o.Conversations, o.HeldShare = 300, 0.1 })
	secure, plain, asked := providerPrivate(t)
	lies := map[string]providerLie{
		"the metadata service": {simulator.Fault{Route: simulator.RouteBatch, ResultBase: "https://169.254.169.254"}, "not at a public address (link-local)"},
		"a private address":    {simulator.Fault{Route: simulator.RouteBatch, ResultBase: secure}, "127.0.0.1 is not at a public address (loopback)"},
		"a name of a private address": {simulator.Fault{Route: simulator.RouteBatch, ResultBase: strings.Replace(secure, "127.0.0.1", "localhost", 1)},
			"localhost is not at a public address (loopback)"},
		"an address without TLS": {simulator.Fault{Route: simulator.RouteBatch, ResultBase: plain}, "has the scheme http, not https"},
		"a redirect":             {simulator.Fault{Route: simulator.RouteDownload, Redirect: plain + "/?sig=SIGNATURE"}, "redirected to another host"},
		"a recording without end": {simulator.Fault{Route: simulator.RouteDownload, Body: simulator.Flood},
			"a file of more than"},
		"metadata that become gigabytes": {simulator.Fault{Route: simulator.RouteMetadata, Body: simulator.Bomb}, "the answer is larger than this call allows"},
		"metadata without a bottom":      {simulator.Fault{Route: simulator.RouteMetadata, Body: simulator.Deep}, "nested more than 64 deep"},
		"metadata that are redirected":   {simulator.Fault{Route: simulator.RouteMetadata, Redirect: plain}, ""},
	}
	calls := providerCalls(w)
	about, slice := map[string]string{}, 0
	for name, lie := range lies {
		in := 5 // the last slice, unless the fault is about an address
		if lie.fault.ResultBase != "" {
			in, slice = slice, slice+1
		}
		if len(calls[in]) == 0 {
			t.Fatalf("no call is left in slice %d", in)
		}
		call := calls[in][0]
		calls[in] = calls[in][1:]
		about[name] = call.ConversationID
		lie.fault.ConversationID, lie.fault.RecordingID = call.ConversationID, call.ID
		if lie.fault.Route == simulator.RouteMetadata {
			lie.fault.RecordingID = ""
		}
		w.Sim.InjectFault(lie.fault)
	}
	w.CreateReferences()
	export := w.Export(func(spec *v1alpha1.RecordingExportSpec) {
		spec.Retry.Deadline = &metav1.Duration{Duration: 3 * time.Second}
	})
	w.Create(export)
	w.Start(func(o *operator.Options) {
		o.Endpoints, o.MaxMedia = providerAllowed(t, "genesys="+w.Endpoint, "media="+w.Endpoint), 4<<20
	})
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	if asked.Load() > 0 {
		t.Errorf("what only the manager reaches was asked %d times", asked.Load())
	}
	if export.Status.Gaps != int64(len(lies)) {
		t.Errorf("%d gaps, want %d", export.Status.Gaps, len(lies))
	}
	details := providerFailures(t, w.Archive())
	for name, lie := range lies {
		detail, ok := details[about[name]]
		if !ok || !strings.Contains(detail, lie.says) {
			t.Errorf("%s: the gap says %q, want %q", name, detail, lie.says)
		}
		if strings.Contains(detail, "Signature=") || strings.Contains(detail, "SIGNATURE") {
			t.Errorf("%s: the gap contains a signed URL: %s", name, detail)
		}
	}
	if total := len(w.Sim.Dataset().Started(world.Day, world.Day.AddDate(0, 0, 1)).Recordings()); int(export.Status.Recordings.Exported) != total-len(lies) {
		t.Errorf("%d recordings are exported, want all but %d of %d", export.Status.Recordings.Exported, len(lies), total)
	}
}

// providerFailures are the details of failures.csv, by conversation.
func providerFailures(t *testing.T, archive string) map[string]string {
	t.Helper()
	file, err := os.Open(filepath.Join(archive, "seals", "1", "failures.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	details := map[string]string{}
	for _, row := range rows[1:] {
		details[row[column["conversation_id"]]] = row[column["detail"]]
	}
	return details
}

// TestProviderIsPrivate: an organisation's endpoint at a private address is asked
// only if it is on the list as what it is; for another purpose it is not.
func TestProviderIsPrivate(t *testing.T) {
	server := testenv.Start(t)
	w := world.New(t, server, nil)
	w.CreateReferences()
	organization := w.Organization()
	stop := w.Start(func(o *operator.Options) {
		o.Endpoints = providerAllowed(t, "s3="+w.Endpoint, "timestamp="+w.Endpoint, "media="+w.Endpoint, "genesys="+strings.Replace(w.Endpoint, "http:", "https:", 1))
	})
	w.Await(organization, v1alpha1.ReasonEndpointNotAllowed)
	if says := conditions.Message(organization); !strings.Contains(says, "--allow-endpoints=genesys="+w.Endpoint) {
		t.Errorf("the message is %q", says)
	}
	if n := w.Sim.Journal().Count("", 0); n != 0 {
		t.Errorf("it was asked %d times", n)
	}
	stop()
	w.Start(func(o *operator.Options) { o.Endpoints = providerAllowed(t, "genesys="+w.Endpoint) })
	w.Await(organization, v1alpha1.ReasonLoggedIn)
}
