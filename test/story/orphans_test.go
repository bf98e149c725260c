package story

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

const orphanPermission = "recording:orphan:view"

// orphanage is a story with sixty recordings that are attached to no conversation, in
// pages of twenty-five.
func orphanage(t *testing.T, change func(*simulator.Options)) *story {
	t.Helper()
	return newStory(t, func(o *simulator.Options) {
		o.Edges.Orphans, o.Limits.OrphanPageSize = 60, 25
		if change != nil {
			change(o)
		}
	})
}

// orphanAccount is what an account says about recordings that are attached to no conversation.
type orphanAccount struct {
	Listed, Undated, Enumerated int64
	NotListed                   *struct {
		From, Until time.Time
		Why         string
	}
}

// orphanAccount reads it from a seal.
func (w *story) orphanAccount(seal string) orphanAccount {
	w.Helper()
	content, err := os.ReadFile(filepath.Join(w.Archive(), "seals", seal, "account.json"))
	if err != nil {
		w.Fatal(err)
	}
	var account struct{ Orphans *orphanAccount }
	if err := json.Unmarshal(content, &account); err != nil || account.Orphans == nil {
		w.Fatalf("the account of seal %s says nothing of orphaned recordings: %v", seal, err)
	}
	return *account.Orphans
}

// expectOrphans: a seal lists those that were created within a part of the window, as
// they are.
func (w *story) expectOrphans(seal string, from, until time.Time) (listed int) {
	w.Helper()
	var want []row
	for _, o := range w.Sim.Dataset().Orphans {
		if o.Created.Before(from) || !o.Created.Before(until) {
			continue
		}
		want = append(want, row{
			"orphan_id": o.ID, "created": o.Created.UTC().Format(time.RFC3339Nano), "medium": string(o.Medium), "media_type": strings.ToUpper(string(o.Medium)),
			"size": strconv.Itoa(o.Size), "file_state": string(o.FileState), "orphan_status": string(o.Status), "conversation_id": o.ConversationID,
		})
	}
	if diff := cmp.Diff(want, readCSV(w, filepath.Join(w.Archive(), "seals", seal, "orphans.csv"))); diff != "" {
		w.Errorf("orphans.csv of seal %s (-want +got):\n%s", seal, diff)
	}
	return len(want)
}

// TestOrphanedRecordings of the window are listed beside the account, in none of its
// sums, and once a day for all exports.
func TestOrphanedRecordings(t *testing.T) {
	w := orphanage(t, nil)
	w.CreateReferences()
	w.Start()
	export := w.compared(func(s *v1alpha1.RecordingExportSpec) { s.Window = nineToNine })
	second := w.compared(nil)
	second.Name = "case-2"
	w.Create(export)
	w.Create(second)
	w.Await(export, v1alpha1.ReasonComplete)
	w.Await(second, v1alpha1.ReasonComplete)
	n := w.expectOrphans("1", nineToNine.Start.Time, nineToNine.End.Time)
	if n == 0 || n == 60 {
		t.Errorf("%d orphans within the window: some must be outside of it", n)
	}
	if got := w.orphanAccount("1"); got.Listed != int64(n) || got.Enumerated != 60 || got.Undated != 0 || got.NotListed != nil {
		t.Errorf("account %+v, want %d listed", got, n)
	}
	if got := w.secondSource("1"); got.NotInAccount != 0 || got.NotInSecondSource != 0 {
		t.Errorf("orphans are taken for differences: %+v", got)
	}
	for export, want := range map[*v1alpha1.RecordingExport]int{export: n, second: 60} {
		if got := export.Status.Seal.SecondSource; got == nil || got.Orphans != int64(want) || got.OrphansNotListed != "" {
			t.Errorf("the status of %s says %+v, want %d orphans", export.Name, got, want)
		}
		w.says(export, strconv.Itoa(want)+" recordings are attached to no conversation: see orphans.csv in the seals")
	}
	if got := w.Sim.Journal().Count(simulator.RouteOrphans, http.StatusOK); got != 3 {
		t.Errorf("%d pages of orphans were given, want 3 for both exports", got)
	}
	one := w.Sim.Dataset().Orphans[30]
	w.expectReport(w.seals()[0], "Recordings that are attached to no conversation", one.ID, string(one.Status))
	w.sha256sum(w.Archive()+"/seals/1", "manifest-sha256.txt")
}

// TestNobodyAsksForOrphans without a second source, and the report says that this
// proves nothing of them.
func TestNobodyAsksForOrphans(t *testing.T) {
	w := orphanage(t, nil)
	w.CreateReferences()
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)
	if n := w.Sim.Journal().Count(simulator.RouteOrphans, 0); n != 0 {
		t.Errorf("%d pages of orphans were asked for", n)
	}
	w.expectReport(w.seals()[0], "that it attaches to no conversation: nobody requested a list of them")
}

// TestOrphansThatCannotBeListed delay nothing, and everything says why they are not.
func TestOrphansThatCannotBeListed(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*story)
		why   string
	}{
		"no permission": {func(w *story) { w.permit([]string{orphanPermission}, false) }, "the OAuth client lacks the permission " + orphanPermission},
		"no such route": {func(w *story) {
			w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteOrphans, Status: http.StatusNotFound, Code: "not.found"})
		}, "Genesys Cloud does not list them for this organisation"},
		"not implemented": {func(w *story) {
			w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteOrphans, Status: http.StatusNotImplemented, Code: "not.implemented"})
		}, "Genesys Cloud does not list them for this organisation"},
	} {
		t.Run(name, func(t *testing.T) {
			w := orphanage(t, nil)
			tt.spoil(w)
			w.CreateReferences()
			w.Start()
			export := w.compared(nil)
			w.Create(export)
			w.Await(export, v1alpha1.ReasonComplete)
			got := w.orphanAccount("1").NotListed
			if got == nil || !strings.HasPrefix(got.Why, tt.why) || !got.From.Equal(day) || !got.Until.Equal(day.AddDate(0, 0, 1)) {
				t.Errorf("the account says %+v, want %q", got, tt.why)
			}
			if status := export.Status.Seal.SecondSource; status.Orphans != 0 || !strings.HasPrefix(status.OrphansNotListed, tt.why) {
				t.Errorf("the status says %+v", status)
			}
			w.says(export, "; orphaned recordings were not listed: "+tt.why)
			w.expectReport(w.seals()[0], "<strong>not listed</strong>", tt.why)
			if _, err := os.Stat(filepath.Join(w.Archive(), "seals", "1", "orphans.csv")); !os.IsNotExist(err) {
				t.Errorf("orphans.csv: %v", err)
			}
		})
	}
}

// TestOrphansThatALaterSealLists: once the permission is given, the next seal makes up
// for those before it.
func TestOrphansThatALaterSealLists(t *testing.T) {
	start := begin(2)
	w := orphanage(t, func(o *simulator.Options) { o.Start, o.Days, o.SettleLag = start, 4, 0 })
	w.permit([]string{orphanPermission}, false)
	w.noon(start, 2)
	w.CreateReferences()
	w.Start()
	export := w.follow(func(s *v1alpha1.RecordingExportSpec) { s.SecondSource = v1alpha1.SecondSourceRetention })
	w.Create(export)
	w.Await(export, v1alpha1.ReasonCaughtUp)
	w.says(export, "; orphaned recordings were not listed: ")
	w.permit([]string{orphanPermission}, true)
	w.Clock.Advance(24 * time.Hour)
	w.awaitSecondSeal(export)
	w.expectOrphans("2", start, start.AddDate(0, 0, 3))
	if got := w.orphanAccount("2"); got.Listed != 60 || got.NotListed != nil {
		t.Errorf("the account says %+v", got)
	}
	w.says(export, "; 60 recordings are attached to no conversation")
	if message := conditions.Message(export); strings.Contains(message, "not listed") {
		t.Errorf("message %q", message)
	}
}

// touch has an export evaluated: it changes a field that matters to nothing here.
func (w *story) touch(export *v1alpha1.RecordingExport) {
	w.Helper()
	patch := client.MergeFrom(export.DeepCopy())
	export.Spec.RetainBatches = ptr.To(101 - ptr.Deref(export.Spec.RetainBatches, 50))
	if err := w.Client.Patch(w.Context(), export, patch); err != nil {
		w.Fatal(err)
	}
}

// TestOrphansOfABadService: what passes is waited for, what does not pass ends after a
// day, in which the export says what it waits for and until when.
func TestOrphansOfABadService(t *testing.T) {
	for name, tt := range map[string]struct {
		fault  simulator.Fault
		listed int64
		why    string
	}{
		"for a while": {simulator.Fault{Status: http.StatusServiceUnavailable, Count: 4}, 60, ""},
		"forever":     {simulator.Fault{Status: http.StatusGatewayTimeout}, 0, "Genesys Cloud has not answered since "},
		"not its own": {simulator.Fault{Status: http.StatusNotFound, Body: simulator.HTML}, 0, "Genesys Cloud has not answered since "},
	} {
		t.Run(name, func(t *testing.T) {
			w := orphanage(t, nil)
			tt.fault.Route = simulator.RouteOrphans
			w.Sim.InjectFault(tt.fault)
			w.CreateReferences()
			w.Start(func(o *operator.Options) { o.Intervals.Retries.Most = time.Hour })
			export := w.compared(nil)
			w.Create(export)
			if tt.why != "" {
				testenv.Eventually(t, "it says until when it retries", func() bool {
					w.Refresh(export)
					return strings.Contains(conditions.Message(export), "to list recordings that are attached to no conversation, then the seal says that they are not listed")
				})
				if reason := conditions.Reason(export); reason != v1alpha1.ReasonComparingSources {
					t.Errorf("reason %s", reason)
				}
				testenv.Eventually(t, "the operator stops retrying", func() bool {
					w.Clock.Advance(time.Hour)
					w.Refresh(export)
					w.touch(export) // it need not wait for its next evaluation
					return conditions.Reason(export) == v1alpha1.ReasonComplete
				})
			}
			w.Await(export, v1alpha1.ReasonComplete)
			got := w.orphanAccount("1")
			if got.Listed != tt.listed || (got.NotListed == nil) != (tt.why == "") || got.NotListed != nil && !strings.HasPrefix(got.NotListed.Why, tt.why) {
				t.Errorf("the account says %+v of %+v", got, got.NotListed)
			}
			if tt.listed > 0 {
				w.expectOrphans("1", day, day.AddDate(0, 0, 1))
			}
		})
	}
}
