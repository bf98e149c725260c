package story

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// newArchive is a story some of whose recordings are in Genesys Cloud's archive.
func newArchive(t *testing.T, archived int, change func(*simulator.Options)) *story {
	t.Helper()
	return newStory(t, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: archived}
		o.RestoreDelay = 300 * time.Millisecond
		if change != nil {
			change(o)
		}
	})
}

// restoring exports the day and has archived recordings restored.
func (w *story) restoring(deadline time.Duration) *v1alpha1.RecordingExport {
	w.Helper()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) {
		s.Archived, s.Retry.Deadline = v1alpha1.ArchivedRestore, &metav1.Duration{Duration: deadline}
	})
	w.Create(export)
	return export
}

// expectRestorations: so many were requested, none of them twice, and no date was
// changed but the archive dates by which they were restored.
func (w *story) expectRestorations(want int) {
	w.Helper()
	if n := w.Sim.Journal().Count(simulator.RouteRestore, 0); n != want {
		w.Errorf("%d restorations were asked for, want %d", n, want)
	}
	if again := w.askedAgain(simulator.RouteRestore, func(e simulator.Entry) string { return e.Path }); again != 0 {
		w.Errorf("%d restorations were asked for twice", again)
	}
	if changes := w.Sim.RetentionChanges(); len(changes) > 0 {
		w.Errorf("restorations changed %+v", changes)
	}
}

// expectRetention: the seal lists the recordings, each with the dates that it had and
// has, none of which changed except for the archive date, unless changed names it.
func (w *story) expectRetention(restored []simulator.Recording, changed map[string]string) {
	w.Helper()
	rows := readCSV(w, filepath.Join(w.Archive(), "seals", "1", "retention.csv"))
	if len(rows) != len(restored) {
		w.Errorf("retention.csv lists %d recordings, want %d", len(rows), len(restored))
	}
	for _, before := range restored {
		i := slices.IndexFunc(rows, func(r row) bool {
			return r["recording_id"] == before.ID && r["conversation_id"] == before.ConversationID
		})
		if i < 0 {
			w.Errorf("retention.csv does not list recording %s", before.ID)
			continue
		}
		now := w.recording(before)
		for column, want := range map[string]time.Time{
			"archive_date_before": before.ArchiveDate, "archive_date_after": now.ArchiveDate, "archive_date_asked": now.ArchiveDate,
			"delete_date_before": before.DeleteDate, "delete_date_after": now.DeleteDate,
		} {
			if got, err := time.Parse("2006-01-02T15:04:05.999Z07:00", rows[i][column]); err != nil || !got.Equal(want.Truncate(time.Millisecond)) {
				w.Errorf("the %s of recording %s is %q, want %v", column, before.ID, rows[i][column], want)
			}
		}
		if rows[i]["changed"] != changed[before.ID] || !now.ArchiveDate.After(before.ArchiveDate) {
			w.Errorf("retention.csv says that %q of recording %s changed, want %q", rows[i]["changed"], before.ID, changed[before.ID])
		}
	}
}

// recording is a recording as it is now.
func (w *story) recording(r simulator.Recording) simulator.Recording {
	w.Helper()
	c, _ := w.Sim.Dataset().Conversation(r.ConversationID)
	i := slices.IndexFunc(c.Recordings, func(other simulator.Recording) bool { return other.ID == r.ID })
	if i < 0 {
		w.Fatalf("there is no recording %s", r.ID)
	}
	return c.Recordings[i]
}

// archived are the recordings that are in Genesys Cloud's archive.
func (w *story) archived() []simulator.Recording {
	return slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return r.FileState != simulator.Archived })
}

// warned is how many recordings the batches say have other dates than before, and how
// many warnings there are of it.
func (w *story) warned() (recordings, warnings int) {
	w.Helper()
	for _, b := range w.batches() {
		recordings += int(b.Status.RetentionChanged)
		warnings += w.events(&b, v1alpha1.ReasonRetentionChanged, "Warning")
	}
	return recordings, warnings
}

// custody counts the custody events of a type in all bags.
func (w *story) custody(kind string) int {
	w.Helper()
	logs, err := filepath.Glob(filepath.Join(w.Archive(), "bags", "*", "custody", "events.jsonl"))
	if err != nil {
		w.Fatal(err)
	}
	n := 0
	for _, log := range logs {
		body, err := os.ReadFile(log)
		if err != nil {
			w.Fatal(err)
		}
		n += strings.Count(string(body), `"type":"`+kind+`"`)
	}
	return n
}

// TestArchivedRecordingsAreRestored and exported; what Genesys Cloud said of them
// before and after is evidence.
func TestArchivedRecordingsAreRestored(t *testing.T) {
	w := newArchive(t, 4, nil)
	archived := w.archived()
	w.CreateReferences()
	w.Start()
	export := w.restoring(time.Hour)
	batch := &v1alpha1.RecordingExportBatch{}
	testenv.Eventually(t, "a batch says that it waits", func() bool { return w.anyBatch(batch, v1alpha1.ReasonRestoringArchived) })
	testenv.Eventually(t, "it says how many it waits for", func() bool {
		return w.anyBatch(batch, v1alpha1.ReasonRestoringArchived) && strings.Contains(conditions.Message(batch), " pending") ||
			w.Sim.Journal().Count(simulator.RouteBatchSubmit, 0) > 0
	})
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectRestorations(4)
	w.expectRetention(archived, nil)
	if recordings, warnings := w.warned(); recordings != 0 || warnings != 0 {
		t.Errorf("%d recordings with other dates, %d warnings", recordings, warnings)
	}
	w.expectReport(w.seals()[0], "Afterwards, no other date had changed.")
	if asked, back := w.custody("RestorationRequested"), w.custody("RecordingRestored"); asked != 4 || back != 4 {
		t.Errorf("the custody logs tell of %d requests and %d returns, want 4 of each", asked, back)
	}
	after, _ := filepath.Glob(filepath.Join(w.Archive(), "bags", "*", "data", "metadata", "*.restored.json"))
	if len(after) == 0 {
		t.Error("the metadata after the restoration are not in the bags")
	}
	for _, path := range after {
		before, err := os.ReadFile(strings.Replace(path, ".restored", "", 1))
		now, err2 := os.ReadFile(path)
		if err != nil || err2 != nil || !strings.Contains(string(before), `"ARCHIVED"`) || strings.Contains(string(now), `"ARCHIVED"`) {
			t.Errorf("%s: before %s, after %s, %v, %v", path, before, now, err, err2)
		}
	}
}

// TestADateThatChangesWhileARecordingIsRestored is named by the seal, an event and the
// report. It is not a fault of the archive, and the recording is exported.
func TestADateThatChangesWhileARecordingIsRestored(t *testing.T) {
	w := newArchive(t, 3, func(o *simulator.Options) { o.RestoreDelay = time.Hour })
	archived := w.archived()
	w.CreateReferences()
	w.Start()
	export := w.restoring(24 * time.Hour)
	testenv.Eventually(t, "all restorations are asked for", func() bool { return w.Sim.Journal().Count(simulator.RouteRestore, http.StatusOK) == 3 })
	changed := archived[1]
	if err := w.Sim.SetRetention(changed.ConversationID, changed.ID, w.recording(changed).ArchiveDate, changed.DeleteDate.AddDate(-9, 0, 0)); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(2 * time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	w.expectRestorations(3)
	w.expectRetention(archived, map[string]string{changed.ID: "deleteDate"})
	if n := w.custody("RetentionChanged"); n != 1 {
		t.Errorf("the custody logs tell of %d changes, want 1", n)
	}
	testenv.Eventually(t, "there is one warning", func() bool {
		_, warnings := w.warned()
		return warnings == 1
	})
	if recordings, _ := w.warned(); recordings != 1 {
		t.Errorf("the batches name %d recordings with other dates, want 1", recordings)
	}
	w.expectReport(w.seals()[0], "dates of 1 recording changed there that should have stayed the same", "To be deleted", changed.ID, changed.ConversationID)
}

// TestDatesThatCannotBeReadAgain: nothing is said of them but that, and a recording that
// may be back is a gap, because nobody can know.
func TestDatesThatCannotBeReadAgain(t *testing.T) {
	w := newArchive(t, 2, func(o *simulator.Options) { o.RestoreDelay = time.Hour })
	archived := w.archived()
	lost := archived[0]
	w.CreateReferences()
	w.Start()
	export := w.restoring(40 * time.Second)
	testenv.Eventually(t, "all restorations are asked for", func() bool { return w.Sim.Journal().Count(simulator.RouteRestore, http.StatusOK) == 2 })
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteMetadata, ConversationID: lost.ConversationID, Status: http.StatusGatewayTimeout})
	w.Clock.Advance(2 * time.Hour)
	testenv.Eventually(t, "the export has a gap", func() bool {
		w.Refresh(export)
		return conditions.Reason(export) == v1alpha1.ReasonCompleteWithGaps
	})
	w.expectLine(lost, "Unavailable", "NotRestored", "0")
	w.expectLine(archived[1], "Exported", "", strconv.Itoa(len(archived[1].Files())))
	for _, r := range readCSV(t, filepath.Join(w.Archive(), "seals", "1", "retention.csv")) {
		if want := map[string]string{lost.ID: "unknown"}[r["recording_id"]]; r["changed"] != want || r["delete_date_after"] == "unknown" != (want == "unknown") {
			t.Errorf("retention.csv says %v", r)
		}
	}
	if n := w.custody("RetentionChanged"); n != 0 {
		t.Errorf("the custody logs tell of %d changes", n)
	}
	w.expectReport(w.seals()[0], "The dates of 1 recording could not be read afterwards, so it is not known whether they changed.")
}

// TestArchivedRecordingsAreListed unless the export says otherwise: nothing is
// asked for.
func TestArchivedRecordingsAreListed(t *testing.T) {
	w := newArchive(t, 2, nil)
	w.CreateReferences()
	w.Start()
	export := w.exportWithin(time.Hour)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	w.expectRestorations(0)
	if got := w.reasons("recordings.csv"); got["Archived"] != 2 {
		t.Errorf("the reasons are %v", got)
	}
}

// TestMoreArchivedThanTheQuotaAllows: what there is no restoration left for is a
// gap that says so.
func TestMoreArchivedThanTheQuotaAllows(t *testing.T) {
	w := newArchive(t, 6, func(o *simulator.Options) { o.Limits.Restorations = 2 })
	w.CreateReferences()
	w.Start()
	export := w.restoring(time.Hour)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	if got := w.reasons("recordings.csv"); got["RestorationQuota"] != 4 || export.Status.Gaps != 4 {
		t.Errorf("the reasons are %v, %d gaps; want 4 for the quota", got, export.Status.Gaps)
	}
	w.judge(slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return !r.FileState.Downloadable() }))
	if n := w.Sim.Journal().Count(simulator.RouteRestore, http.StatusOK); n != 2 {
		t.Errorf("%d restorations were given, want 2", n)
	}
}

// TestRestartsWhileRestoring: no recording's restoration is requested twice, not
// even when the answer to the first request was lost. One whose request was lost
// on its way to Genesys Cloud, when the operator ended, is not restored, and says so.
func TestRestartsWhileRestoring(t *testing.T) {
	w := newArchive(t, 6, func(o *simulator.Options) { o.RestoreDelay = 2 * time.Second })
	w.CreateReferences()
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteRestore, Nth: 2, Count: 1, Reset: true, Applied: true})
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteRestore, Nth: 3, Count: 1, Status: http.StatusBadGateway, Applied: true})
	export := w.restoring(time.Hour)
	var archived []simulator.Recording
	for _, r := range w.exportable() {
		if r.FileState == simulator.Archived {
			archived = append(archived, r)
		}
	}
	for _, asked := range []int{1, 3, 5} {
		stop := w.Start()
		testenv.Eventually(t, "some more were asked for", func() bool {
			return w.Sim.Journal().Count(simulator.RouteRestore, 0) >= asked || w.attempts() == len(archived)
		})
		stop()
	}
	w.Start()
	restored := func(r simulator.Recording) bool {
		return w.tried("/api/v2/conversations/"+r.ConversationID+"/recordings/"+r.ID) > 0
	}
	testenv.Eventually(t, "nothing but what was lost is waited for", func() bool {
		return w.attempts() == len(archived) && w.onlyLost(len(slices.DeleteFunc(slices.Clone(archived), restored)))
	})
	w.retryFor(export, time.Second)
	testenv.Eventually(t, "the export is complete", func() bool {
		w.Refresh(export)
		return conditions.IsReady(export)
	})
	w.judge(slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return !r.FileState.Downloadable() }))
	w.expectRestorations(len(archived) - int(export.Status.Gaps))
	for _, r := range archived {
		if restored(r) {
			w.expectLine(r, "Exported", "", strconv.Itoa(len(r.Files())))
			continue
		}
		w.expectLine(r, "Unavailable", "NotRestored", "0")
	}
	if len(archived) != 6 || export.Status.Gaps > 3 {
		t.Errorf("%d were archived, %d are gaps after three restarts", len(archived), export.Status.Gaps)
	}
}

// retryFor changes how long an export is retried.
func (w *story) retryFor(export *v1alpha1.RecordingExport, deadline time.Duration) {
	w.Helper()
	w.Refresh(export)
	patch := client.MergeFrom(export.DeepCopy())
	export.Spec.Retry.Deadline = &metav1.Duration{Duration: deadline}
	if err := w.Client.Patch(w.Context(), export, patch); err != nil {
		w.Fatal(err)
	}
}

// attempts counts the restorations that the operator has recorded before it
// asked for them.
func (w *story) attempts() int {
	w.Helper()
	noted, err := filepath.Glob(filepath.Join(w.Archive(), archive.WorkPrefix+"restorations", "*", "*", "attempts", "*"))
	if err != nil {
		w.Fatal(err)
	}
	return len(noted)
}

// waitedFor is what a batch says of how many recordings are on their way back.
var waitedFor = regexp.MustCompile(`(\d+) pending`)

// onlyLost reports whether each batch has ended or waits, all in all for as many
// recordings as requests were lost.
func (w *story) onlyLost(lost int) bool {
	w.Helper()
	for _, b := range w.batches() {
		if b.IsFinished() {
			continue
		}
		says := waitedFor.FindStringSubmatch(conditions.Message(&b))
		if says == nil || conditions.Reason(&b) != v1alpha1.ReasonRestoringArchived {
			return false
		}
		n, err := strconv.Atoi(says[1])
		if err != nil {
			w.Fatal(err)
		}
		lost -= n
	}
	return lost == 0
}

// TestARestorationThatIsThrottled took no effect, so it is requested again.
func TestARestorationThatIsThrottled(t *testing.T) {
	w := newArchive(t, 2, nil)
	w.CreateReferences()
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteRestore, Count: 1, Status: http.StatusTooManyRequests, RetryAfter: time.Second})
	w.Start()
	export := w.restoring(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestWhatDoesNotComeBack in time is a gap, and does not keep the rest of its batch
// from being exported.
func TestWhatDoesNotComeBack(t *testing.T) {
	w := newArchive(t, 3, func(o *simulator.Options) { o.RestoreDelay = time.Hour })
	w.CreateReferences()
	w.Start()
	export := w.restoring(8 * time.Second)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	if got := w.reasons("recordings.csv"); got["NotRestored"] != 3 || export.Status.Gaps != 3 {
		t.Errorf("the reasons are %v, %d gaps", got, export.Status.Gaps)
	}
	w.judge(slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return !r.FileState.Downloadable() }))
	w.expectRestorations(3)
}

// TestRestoringWithoutPermission stalls, names it, and continues once it is given.
func TestRestoringWithoutPermission(t *testing.T) {
	const permission = "recording:recording:editRetention"
	w := newArchive(t, 2, nil)
	w.permit([]string{permission}, false)
	w.CreateReferences()
	w.Start()
	export := w.restoring(time.Hour)
	batch := &v1alpha1.RecordingExportBatch{}
	testenv.Eventually(t, "a batch says what is missing", func() bool { return w.anyBatch(batch, v1alpha1.ReasonPermissionMissing) })
	w.says(batch, permission)
	w.permit([]string{permission}, true)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}
