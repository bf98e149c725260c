package client

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

var (
	restoredRef = genesys.RecordingRef{ConversationID: conversationA, RecordingID: recordingA}
	restoreAt   = time.Date(2026, 2, 1, 3, 0, 0, 0, time.FixedZone("MSK", 3*60*60))
)

// TestRestoreKeepsEveryOtherDate, to the byte, and sends nothing else.
func TestRestoreKeepsEveryOtherDate(t *testing.T) {
	tests := map[string]struct {
		before genesys.Retention
		body   string
	}{
		"no dates": {genesys.Retention{}, `{"archiveDate":"2026-02-01T00:00:00.000Z"}`},
		"all dates, as they are spelt": {
			genesys.Retention{
				ArchiveDate: "2025-01-01T00:00:00.000Z", ArchiveMedium: "CLOUDARCHIVE", DeleteDate: "2027-01-01T00:00:00+0000",
				ExportDate: "2025-02-01T00:00:00.5+01:00", ExportedDate: "2025-03-01T00:00:00Z",
			},
			`{"archiveDate":"2026-02-01T00:00:00.000Z","archiveMedium":"CLOUDARCHIVE","deleteDate":"2027-01-01T00:00:00+0000",` +
				`"exportDate":"2025-02-01T00:00:00.5+01:00","exportedDate":"2025-03-01T00:00:00Z"}`,
		},
		"one that was removed": {
			genesys.Retention{ArchiveDate: "2025-01-01T00:00:00.000Z", ExportedDate: "2025-03-01T00:00:00Z"},
			`{"archiveDate":"2026-02-01T00:00:00.000Z","exportedDate":"2025-03-01T00:00:00Z"}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := newCloud(t)
			cloud.answers(routeRestore, http.StatusOK, verbs["Restore"].good)
			if err := newClient(t, cloud).Restore(t.Context(), restoredRef, tt.before, restoreAt, time.Minute); err != nil {
				t.Fatal(err)
			}
			got := cloud.got(routeRestore)
			if len(got) != 1 || got[0].body != tt.body || got[0].query != "clearExport=false" {
				t.Errorf("sent %+v, want %s", got, tt.body)
			}
		})
	}
}

// TestRestoreIsSentOnce, whatever comes back.
func TestRestoreIsSentOnce(t *testing.T) {
	for status, want := range map[int]genesys.Kind{
		200: "", 400: genesys.KindInvalid, 403: genesys.KindForbidden, 429: genesys.KindThrottled, 500: genesys.KindTransient, 504: genesys.KindTimeout,
	} {
		cloud := newCloud(t)
		cloud.answers(routeRestore, status, `{"code":"the.code"}`)
		if err := verbs["Restore"].call(t.Context(), newClient(t, cloud)); genesys.KindOf(err) != want {
			t.Errorf("%d: %v, want %s", status, err, want)
		}
		if n := cloud.count(routeRestore); n != 1 {
			t.Errorf("%d: %d requests, want one", status, n)
		}
	}
}

// TestRestoreRefusesWhatItCouldNotKeep: nothing is sent that would remove or
// change a date, or restore nothing.
func TestRestoreRefusesWhatItCouldNotKeep(t *testing.T) {
	cloud := newCloud(t)
	client := newClient(t, cloud)
	tests := map[string]struct {
		ref    genesys.RecordingRef
		before genesys.Retention
		until  time.Time
	}{
		"an id that is none":         {genesys.RecordingRef{ConversationID: conversationA, RecordingID: "../x"}, genesys.Retention{}, restoreAt},
		"an unreadable date":         {restoredRef, genesys.Retention{DeleteDate: "never"}, restoreAt},
		"a date that was cut":        {restoredRef, genesys.Retention{ExportDate: strings.Repeat("2", maxWord)}, restoreAt},
		"no date":                    {restoredRef, genesys.Retention{}, time.Time{}},
		"the archive date as it was": {restoredRef, genesys.Retention{ArchiveDate: "2026-02-01T00:00:00+0000"}, restoreAt},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			expectKind(t, client.Restore(t.Context(), tt.ref, tt.before, tt.until, time.Minute), genesys.KindInvalid)
		})
	}
	if n := len(cloud.requests); n != 0 {
		t.Errorf("%d requests left", n)
	}
}

// TestRetentionAsReceived: dates come through to the byte; what is not a text is
// neither lost nor taken for a date, and spoils nothing else.
func TestRetentionAsReceived(t *testing.T) {
	cloud := newCloud(t)
	cloud.answers(routeMetadata, http.StatusOK, `[
 {"id":"a","fileState":"ARCHIVED","archiveDate":"2025-01-01T00:00:00.000+0000","archiveMedium":"CLOUDARCHIVE","deleteDate":null,
  "exportDate":"","exportedDate":"2025-03-01T00:00:00Z"},
 {"id":"b","archiveDate":1735689600000,"deleteDate":{"at":1},"exportDate":"`+strings.Repeat("é", 100)+`"}]`)
	got, err := newClient(t, cloud).RecordingMetadata(t.Context(), conversationA, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := genesys.Retention{ArchiveDate: "2025-01-01T00:00:00.000+0000", ArchiveMedium: "CLOUDARCHIVE", ExportedDate: "2025-03-01T00:00:00Z"}
	if diff := cmp.Diff(want, got.Recordings[0].Retention); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	odd := got.Recordings[1].Retention
	if diff := cmp.Diff([]string{"archiveDate", "deleteDate", "exportDate"}, odd.Unreadable()); diff != "" || len(odd.ExportDate) > maxWord {
		t.Errorf("unreadable, -want +got:\n%s\n%+v", diff, odd)
	}
}

// TestSimulatedRestore: a recording comes back from the archive with every other
// date as it was, however Genesys Cloud spells it.
func TestSimulatedRestore(t *testing.T) {
	for _, spelling := range []bool{false, true} {
		sim, client := simulated(t, func(o *simulator.Options) {
			o.Edges.FileStates = map[simulator.FileState]int{simulator.Archived: 3}
		})
		if spelling {
			sim.InjectFault(simulator.Fault{BadDates: true})
		}
		restored := 0
		for _, r := range sim.Dataset().Recordings() {
			if r.FileState != simulator.Archived {
				continue
			}
			ref := genesys.RecordingRef{ConversationID: r.ConversationID, RecordingID: r.ID}
			before := retentionNow(t, client, ref)
			until := genesys.LaterArchiveDate(before, time.Now())
			if err := client.Restore(t.Context(), ref, before, until, time.Minute); err != nil {
				t.Fatal(err)
			}
			after := retentionNow(t, client, ref)
			if diff := cmp.Diff([]string{genesys.ArchiveDate}, before.Differences(after)); diff != "" || before.DeleteDate == "" {
				t.Errorf("%+v became %+v, differences -want +got:\n%s", before, after, diff)
			}
			restored++
		}
		if changes := sim.RetentionChanges(); restored != 3 || len(changes) != 0 {
			t.Errorf("%d restorations changed %+v", restored, changes)
		}
		for _, r := range sim.Dataset().Recordings() {
			if r.FileState == simulator.Archived {
				t.Errorf("%s is still in the archive", r.ID)
			}
		}
	}
}

// retentionNow reads a recording's dates.
func retentionNow(t *testing.T, client *Client, ref genesys.RecordingRef) genesys.Retention {
	t.Helper()
	metadata, err := client.RecordingMetadata(t.Context(), ref.ConversationID, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range metadata.Recordings {
		if r.ID == ref.RecordingID {
			return r.Retention
		}
	}
	t.Fatalf("no recording %s", ref.RecordingID)
	return genesys.Retention{}
}
