package story

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// nineToNine is a window that conversations reach into and out of.
var nineToNine = world.Window(day.Add(9*time.Hour), day.Add(21*time.Hour))

// compared is an export that is compared with what the organisation retains.
func (w *story) compared(change func(*v1alpha1.RecordingExportSpec)) *v1alpha1.RecordingExport {
	return w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.SecondSource = v1alpha1.SecondSourceRetention
		if change != nil {
			change(s)
		}
	})
}

// secondSource is what an account says about a second source.
type secondSource struct {
	Source                                                       string
	At                                                           time.Time
	Enumerated, Listed, Matched, NotInAccount, NotInSecondSource int64
}

// secondSource reads what a seal's account says about the second source.
func (w *story) secondSource(seal string) secondSource {
	w.Helper()
	content, err := os.ReadFile(w.Archive() + "/seals/" + seal + "/account.json")
	if err != nil {
		w.Fatal(err)
	}
	var account struct{ SecondSource secondSource }
	if err := json.Unmarshal(content, &account); err != nil {
		w.Fatal(err)
	}
	if got := account.SecondSource; got.Source != "Retention" || got.At.IsZero() {
		w.Errorf("the account tells %+v of the second source", got)
	}
	account.SecondSource.At = time.Time{}
	return account.SecondSource
}

// retainable are the recordings that the organisation retains.
func (w *story) retainable() (all []simulator.Recording) {
	for _, c := range w.Sim.Dataset().Conversations {
		if !c.End.IsZero() {
			all = append(all, c.Recordings...)
		}
	}
	return all
}

// TestTwoSourcesAgree: about everything, whatever became of it, and about
// conversations that reach into the window or out of it.
func TestTwoSourcesAgree(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) {
		o.Edges = simulator.Edges{
			Open: 2, HostileIDs: true, Sensitive: 1,
			FileStates: map[simulator.FileState]int{simulator.Archived: 1, simulator.Deleted: 1},
		}
	})
	w.CreateReferences()
	w.Start()
	export := w.compared(func(s *v1alpha1.RecordingExportSpec) {
		s.MediaTypes = []v1alpha1.Medium{"Call", "Screen", "Chat"}
		s.OpenDeadline = &metav1.Duration{}
		s.LegalHold.Scope = v1alpha1.HoldExclude
		s.Window = nineToNine
	})
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	if rows := readCSV(t, w.Archive()+"/seals/1/second-source.csv"); len(rows) != 0 {
		t.Errorf("differences %v, want none", rows)
	}
	listed := 0
	for _, c := range w.Sim.Dataset().Started(nineToNine.Start.Time, nineToNine.End.Time).Conversations {
		if !c.End.IsZero() {
			listed += len(c.Recordings)
		}
	}
	want := secondSource{Source: "Retention", Enumerated: int64(len(w.retainable())), Listed: int64(listed), Matched: int64(listed)}
	if diff := cmp.Diff(want, w.secondSource("1")); diff != "" || listed == len(w.retainable()) {
		t.Errorf("-want +got:\n%s", diff)
	}
	if message := conditions.Message(export); strings.Contains(message, "second source") {
		t.Errorf("message %q", message)
	}
	w.sha256sum(w.Archive()+"/seals/1", "manifest-sha256.txt")
	events, err := os.ReadFile(w.Archive() + "/seals/1/events.jsonl")
	if err != nil || !strings.Contains(string(events), `"SecondSourceCompared"`) {
		t.Errorf("the seal's log does not tell of the comparison: %v", err)
	}
}

// TestARecordingThatAnalyticsNeverListed is named by the seal, and does not delay it.
func TestARecordingThatAnalyticsNeverListed(t *testing.T) {
	w := newStory(t, nil)
	lost := w.plainCalls()[0]
	if err := w.Sim.SetListed(lost.ConversationID, false); err != nil {
		t.Fatal(err)
	}
	w.CreateReferences()
	stop := w.Start()
	export := w.compared(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	want := []row{{
		"conversation_id": lost.ConversationID, "recording_id": lost.ID, "created": lost.End.UTC().Truncate(time.Millisecond).Format(time.RFC3339Nano),
		"difference": "NotInAccount", "reason": "ConversationUnknown",
	}}
	if diff := cmp.Diff(want, readCSV(t, w.Archive()+"/seals/1/second-source.csv")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := w.secondSource("1"); got.NotInAccount != 1 || got.NotInSecondSource != 0 || got.Listed != got.Matched+1 {
		t.Errorf("account %+v", got)
	}
	w.expectReport(w.seals()[0], "A second list of recordings contains 1 recording that this account does not contain", lost.ConversationID, lost.ID, "ConversationUnknown")
	const says = "the second source lists 1 recording that the account does not have: see second-source.csv in the seals"
	if message := conditions.Message(export); !strings.HasSuffix(message, says) {
		t.Errorf("message %q does not say %q", message, says)
	}

	// Looked at by another process, which has nothing to do, it says the same.
	stop()
	w.Start()
	w.Refresh(export)
	export.Spec.RetainBatches = new(int32)
	w.Update(export)
	testenv.Eventually(t, "it is looked at again", func() bool {
		w.Refresh(export)
		return export.Status.ObservedGeneration == export.Generation
	})
	if message := conditions.Message(export); !strings.HasSuffix(message, says) {
		t.Errorf("message %q does not say %q", message, says)
	}
}

// manyPages is an organisation whose enumeration takes several pages.
func manyPages(o *simulator.Options) { o.Days, o.Conversations = 6, 300 }

// aFewHours is a window with few conversations.
func aFewHours(s *v1alpha1.RecordingExportSpec) {
	s.Window.Start, s.Window.End = metav1.NewTime(day.Add(51*time.Hour)), &metav1.Time{Time: day.Add(54 * time.Hour)}
}

// expectPages: each page of the enumeration was answered once.
func (w *story) expectPages() {
	w.Helper()
	const pageSize = 500
	want := (len(w.retainable()) + pageSize - 1) / pageSize
	if got := w.Sim.Journal().Count(simulator.RouteRetention, http.StatusOK); got != want || want < 4 {
		w.Errorf("%d pages were given, want %d", got, want)
	}
}

// TestAnEnumerationIsInterrupted: it continues from its last page.
func TestAnEnumerationIsInterrupted(t *testing.T) {
	w := newStory(t, manyPages)
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteRetention, Nth: 3, Delay: time.Hour})
	w.CreateReferences()
	stop := w.Start()
	export := w.compared(aFewHours)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComparingSources)
	testenv.Eventually(t, "the third page is asked for", func() bool {
		return w.Sim.Fired(func(simulator.Fault) bool { return true }) == 1
	})
	stop()
	w.Sim.ClearFaults()
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.expectPages()
	if rows := readCSV(t, w.Archive()+"/seals/1/second-source.csv"); len(rows) != 0 {
		t.Errorf("differences %v, want none", rows)
	}
}

// TestTwoExportsShareAnEnumeration: on one day, it is made once for both.
func TestTwoExportsShareAnEnumeration(t *testing.T) {
	w := newStory(t, manyPages)
	w.CreateReferences()
	w.Start()
	first, second := w.compared(aFewHours), w.compared(aFewHours)
	second.Name = "case-2"
	second.Spec.Window.End = &metav1.Time{Time: day.Add(55 * time.Hour)}
	w.Create(first)
	w.Create(second)
	w.Await(first, v1alpha1.ReasonComplete)
	w.Await(second, v1alpha1.ReasonComplete)
	w.expectPages()
	if first.Status.Seal.SecondSource == nil || *first.Status.Seal.SecondSource != *second.Status.Seal.SecondSource {
		t.Errorf("seals %+v and %+v", first.Status.Seal, second.Status.Seal)
	}
}

// TestEverySealIsCompared: of an export without an end, each with what its days
// add, also where conversations reach from one into the next.
func TestEverySealIsCompared(t *testing.T) {
	start := begin(2)
	w := newStory(t, func(o *simulator.Options) { o.Start, o.Days, o.SettleLag = start, 4, 0 })
	w.noon(start, 2)
	w.CreateReferences()
	w.Start()
	export := w.follow(func(s *v1alpha1.RecordingExportSpec) { s.SecondSource = v1alpha1.SecondSourceRetention })
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCaughtUp)
	// An enumeration lists what is a day old.
	w.Clock.Advance(24 * time.Hour)
	w.awaitSecondSeal(export)
	one, two := w.secondSource("1"), w.secondSource("2")
	if one.NotInAccount+two.NotInAccount != 0 || one.Matched == 0 || two.Matched <= one.Matched || two.Enumerated <= one.Enumerated {
		t.Errorf("accounts %+v and %+v", one, two)
	}
	for _, seal := range []string{"1", "2"} {
		for _, r := range readCSV(t, w.Archive()+"/seals/"+seal+"/second-source.csv") {
			if r["difference"] != "NotInSecondSource" || r["reason"] != "TooRecent" && r["reason"] != "" {
				t.Errorf("seal %s has the difference %v", seal, r)
			}
		}
	}
}
