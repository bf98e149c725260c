package story

import (
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestOneExport: everything of a day, whatever the medium, whether under legal
// hold or not, is in the archive, once, and the account says so.
func TestOneExport(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Start()
	export := w.Export(nil)
	w.Create(export)
	w.Await(export, v1alpha1.ReasonComplete)

	wanted := w.exportable()
	w.judge(wanted)
	w.expectStatus(export, len(wanted))
	w.expectKstatus(export, status.CurrentStatus)
	w.expectSeal(len(wanted))
	w.expectJournal(len(wanted))
	w.expectEvents(export, v1alpha1.ReasonBatchesInProgress, v1alpha1.ReasonComplete)
}

func (w *story) expectStatus(export *v1alpha1.RecordingExport, recordings int) {
	w.Helper()
	got := export.Status
	want := strconv.Itoa(recordings) + "/" + strconv.Itoa(recordings)
	if got.Progress != want || got.Gaps != 0 || got.Bytes == 0 || got.Seal == nil || got.CompletionTime == nil {
		w.Errorf("status %+v, want progress %s", got, want)
	}
	if got.Batches.Completed != got.Batches.Planned || got.Batches.Planned < 10 || got.Survey.Held == 0 {
		w.Errorf("batches %+v, survey %+v", got.Batches, got.Survey)
	}
	var sum int64
	for _, lane := range got.Lanes {
		sum += lane.Recordings.Exported
	}
	if len(got.Lanes) != 3 || sum != int64(recordings) {
		w.Errorf("lanes %+v, want three that make %d recordings", got.Lanes, recordings)
	}
	for _, step := range []string{"Surveyed", "BatchesCreated", "BatchesCompleted", "Sealed"} {
		if condition := meta.FindStatusCondition(got.Conditions, step); condition == nil || condition.Status != "True" {
			w.Errorf("condition %s is %+v", step, condition)
		}
	}
	if len(export.Finalizers) != 0 {
		w.Errorf("finalizers %v are left", export.Finalizers)
	}
}

// expectKstatus asks what tools that know nothing of us think of the export and its batches.
func (w *story) expectKstatus(export *v1alpha1.RecordingExport, want status.Status) {
	w.Helper()
	objects := &unstructured.UnstructuredList{}
	objects.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("RecordingExportBatchList"))
	if err := w.Client.List(w.Context(), objects, client.InNamespace(w.Namespace)); err != nil {
		w.Fatal(err)
	}
	for _, kind := range []string{"RecordingExport", "GenesysOrganization", "ExportDestination"} {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind + "List"))
		if err := w.Client.List(w.Context(), list, client.InNamespace(w.Namespace)); err != nil {
			w.Fatal(err)
		}
		objects.Items = append(objects.Items, list.Items...)
	}
	for i := range objects.Items {
		got, err := status.Compute(&objects.Items[i])
		if err != nil || got.Status != want {
			w.Errorf("kstatus of %s: %v, %v; want %s", objects.Items[i].GetName(), got, err, want)
		}
	}
	if len(objects.Items) < 10 {
		w.Errorf("only %d objects beside %s", len(objects.Items), export.Name)
	}
}

// expectSeal reads the account as a person would.
func (w *story) expectSeal(recordings int) {
	w.Helper()
	exported := 0
	for _, r := range readCSV(w, w.Archive()+"/seals/1/recordings.csv") {
		if r["disposition"] == "Exported" {
			exported++
		}
	}
	if exported != recordings {
		w.Errorf("the account says that %d recordings were exported, want %d", exported, recordings)
	}
	surveyed := len(w.Sim.Dataset().Started(day, day.AddDate(0, 0, 1)).Conversations)
	if rows := readCSV(w, w.Archive()+"/seals/1/conversations.csv"); len(rows) != surveyed {
		w.Errorf("the account lists %d conversations, want %d", len(rows), surveyed)
	}
}

// expectJournal: nothing failed at Genesys Cloud, nothing was asked twice, and
// nothing is left running there.
func (w *story) expectJournal(recordings int) {
	w.Helper()
	journal := w.Sim.Journal()
	if journal.Throttled() != 0 || journal.ServerErrors() != 0 {
		w.Errorf("%d calls were throttled, %d failed", journal.Throttled(), journal.ServerErrors())
	}
	media := journal.Count(simulator.RouteDownload, http.StatusOK)
	if media < recordings || media > recordings+recordings/10 {
		w.Errorf("media were fetched %d times for %d recordings", media, recordings)
	}
	w.expectOnce()
	created, deleted := journal.Count(simulator.RouteDetailsSubmit, 0), journal.Count(simulator.RouteDetailsDelete, http.StatusNoContent)
	if created != 2 || deleted != 2 {
		w.Errorf("%d analytics jobs were made, %d deleted; want two of each, for the survey and the review", created, deleted)
	}
}

// expectOnce: no conversation's metadata and no recording's media were requested twice.
func (w *story) expectOnce() {
	w.Helper()
	seen := map[string]int{}
	for _, e := range w.Sim.Journal().Entries() {
		if e.Route == simulator.RouteMetadata || e.Route == simulator.RouteDownload {
			seen[e.Path]++
		}
	}
	for path, n := range seen {
		if n > 1 {
			w.Errorf("%s was asked for %d times", path, n)
		}
	}
}

// expectEvents: the export's story can be read from its events, which come a
// little later than what they report.
func (w *story) expectEvents(obj client.Object, reasons ...string) {
	w.Helper()
	for _, reason := range reasons {
		testenv.Eventually(w, "there is an event "+reason, func() bool {
			var list eventsv1.EventList
			if err := w.Client.List(w.Context(), &list, client.InNamespace(w.Namespace)); err != nil {
				w.Fatal(err)
			}
			return slices.ContainsFunc(list.Items, func(e eventsv1.Event) bool {
				return e.Regarding.UID == obj.GetUID() && e.Reason == reason
			})
		})
	}
}
