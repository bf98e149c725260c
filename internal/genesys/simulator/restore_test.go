package simulator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

const dateForm = "2006-01-02T15:04:05.000Z"

// archivedWorld is a world with archived recordings, and the paths of them.
func archivedWorld(t *testing.T, n int, change ...func(*simulator.Options)) (*world, []simulator.Recording, []string) {
	t.Helper()
	w := newWorld(t, append([]func(*simulator.Options){func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: n}
		o.TokenTTL = 365 * day
		o.TranscodeDelay = 0
	}}, change...)...)
	w.clock.advance(60 * day) // what is archived has been for a while
	var archived []simulator.Recording
	var paths []string
	for _, r := range w.Dataset().Recordings() {
		if r.FileState == simulator.Archived {
			archived = append(archived, r)
			paths = append(paths, "/api/v2/conversations/"+r.ConversationID+"/recordings/"+r.ID)
		}
	}
	return w, archived, paths
}

// recording is the truth about a recording now.
func (w *world) recording(id string) simulator.Recording {
	w.t.Helper()
	for _, r := range w.Dataset().Recordings() {
		if r.ID == id {
			return r
		}
	}
	w.t.Fatalf("no recording %s", id)
	return simulator.Recording{}
}

func TestALaterArchiveDateRestores(t *testing.T) {
	w, archived, paths := archivedWorld(t, 2, func(o *simulator.Options) { o.Limits.Restorations = 1 })
	until := w.clock.Now().Add(7 * day).Format(dateForm)
	kept := archived[0].DeleteDate.Format(dateForm)
	a := w.get(paths[0])
	if len(a.get("mediaUris").(map[string]any)) != 0 || a.number("remainingRestorationsAllowedForOrg") != 1 || a.text("deleteDate") != kept {
		t.Errorf("an archived recording says %s", a.body)
	}
	w.want(w.put(paths[0]+"?clearExport=false", object{"archiveDate": until, "deleteDate": kept}), 200)
	if got := w.get(paths[0]).text("fileState"); got != "RESTORING" {
		t.Errorf("state %s, want RESTORING", got)
	}
	w.wantCode(w.put(paths[1], object{"archiveDate": until, "deleteDate": kept}), 400, "constraint.validation")
	if got := w.recording(archived[1].ID); !got.ArchiveDate.Equal(archived[1].ArchiveDate) || got.FileState != simulator.Archived {
		t.Errorf("a refusal changed the recording: %+v", got)
	}
	w.clock.advance(w.Options().RestoreDelay)
	a = w.get(paths[0])
	if a.text("fileState") != "RESTORED" || a.text("restoreExpirationTime") != until || a.text("archiveDate") != until ||
		a.text("deleteDate") != kept || a.number("remainingRestorationsAllowedForOrg") != 0 {
		t.Errorf("a restored recording says %s", a.body)
	}
	if got := w.RetentionChanges(); len(got) != 0 {
		t.Errorf("changes %+v, want none: only the archive date was moved, by the restoration", got)
	}
	w.clock.advance(7 * day)
	if got := w.get(paths[0]).text("fileState"); got != "ARCHIVED" {
		t.Errorf("state %s when the archive date has come, want ARCHIVED", got)
	}
}

// TestADateThatIsNotSentIsRemoved, whatever else is: a file state restores nothing.
func TestADateThatIsNotSentIsRemoved(t *testing.T) {
	w, archived, paths := archivedWorld(t, 4)
	until := w.clock.Now().Add(7 * day)
	w.want(w.put(paths[0], object{"fileState": "RESTORED"}), 200)
	w.want(w.put(paths[1], object{"archiveDate": until.Format(dateForm)}), 200)
	w.want(w.put(paths[2], object{
		"archiveDate": archived[2].ArchiveDate.Format("2006-01-02T15:04:05.000+0000"), "deleteDate": archived[2].DeleteDate.Format(dateForm), "fileState": "RESTORED",
	}), 200)
	w.want(w.put(paths[3], object{
		"archiveDate": w.clock.Now().Add(-time.Hour).Format(dateForm), "deleteDate": archived[3].DeleteDate.Format(dateForm),
	}), 200)
	w.clock.advance(w.Options().RestoreDelay)
	for i, want := range []simulator.FileState{simulator.Archived, simulator.Restored, simulator.Archived, simulator.Archived} {
		if got := w.get(paths[i]).text("fileState"); got != string(want) {
			t.Errorf("recording %d is %s, want %s", i, got, want)
		}
	}
	if got := w.recording(archived[0].ID); !got.ArchiveDate.IsZero() || !got.DeleteDate.IsZero() {
		t.Errorf("kept dates that were not sent: %+v", got)
	}
	type change struct{ id, date string }
	got := map[change]bool{}
	for _, c := range w.RetentionChanges() {
		got[change{c.RecordingID, c.Date}] = true
	}
	want := map[change]bool{
		{archived[0].ID, "archiveDate"}: true, {archived[0].ID, "deleteDate"}: true, {archived[1].ID, "deleteDate"}: true, {archived[3].ID, "archiveDate"}: true,
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(change{})); diff != "" {
		t.Errorf("changes, -want +got:\n%s", diff)
	}
	if n := len(w.download(w.url + "/_simulator/dataset").list("retentionChanges")); n != len(want) {
		t.Errorf("the admin endpoint tells of %d changes, want %d", n, len(want))
	}
}

func TestRetentionThatCannotBeUpdated(t *testing.T) {
	w := newWorld(t, func(o *simulator.Options) {
		o.Edges.FileStates = map[simulator.FileState]int{simulator.Deleted: 1, simulator.Uploading: 1}
	})
	for _, r := range w.Dataset().Recordings() {
		path := "/api/v2/conversations/" + r.ConversationID + "/recordings/" + r.ID
		if r.FileState == simulator.Deleted || r.FileState == simulator.Uploading {
			w.wantCode(w.put(path, object{"archiveDate": "2024-01-01T00:00:00.000Z"}), 400, "recording.not.archivable")
		}
	}
	c := w.pick(quiet)
	path := "/api/v2/conversations/" + c.ID + "/recordings/" + c.Recordings[0].ID
	w.wantCode(w.put(path, object{"deleteDate": "tomorrow"}), 400, "invalid.date")
	w.wantCode(w.put(path, object{"deleteDate": ""}), 400, "invalid.date")
	if got := w.RetentionChanges(); len(got) != 0 {
		t.Errorf("refusals changed %+v", got)
	}
	w.want(w.put(path, object{"deleteDate": "2025-01-01T00:00:00+00:00"}), 200)
	if got := w.recording(c.Recordings[0].ID); got.DeleteDate.Year() != 2025 || got.FileState != simulator.Available {
		t.Errorf("after an update: %+v", got)
	}
}
