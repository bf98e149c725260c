package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// kept are the dates of a recording that is in the archive.
var kept = genesys.Retention{ArchiveDate: "1970-01-01T00:00:00.000Z", DeleteDate: "1980-01-01T00:00:00.000Z"}

// restoringCloud is Genesys Cloud with one archived recording, as it is read next and
// answers the request to restore it.
type restoringCloud struct {
	state genesys.FileState
	dates genesys.Retention
	// unseen is how reading fails, answer how the request does, and applied whether the
	// request takes effect anyway.
	unseen, answer error
	applied        bool
	// requested are the dates that were sent, timeouts those of all calls.
	requested []genesys.Retention
	timeouts  []time.Duration
}

func (c *restoringCloud) RecordingMetadata(_ context.Context, _ string, timeout time.Duration) (genesys.Metadata, error) {
	c.timeouts = append(c.timeouts, timeout)
	return genesys.Metadata{Body: []byte("[]"), Recordings: []genesys.Recording{{ID: ref(1).RecordingID, FileState: c.state, Retention: c.dates}}}, c.unseen
}

func (c *restoringCloud) Restore(_ context.Context, _ genesys.RecordingRef, before genesys.Retention, until time.Time, timeout time.Duration) error {
	c.timeouts = append(c.timeouts, timeout)
	before.ArchiveDate = until.Format("2006-01-02T15:04:05.000Z07:00")
	c.requested = append(c.requested, before)
	if c.answer == nil || c.applied {
		c.dates.ArchiveDate, c.state = before.ArchiveDate, genesys.FileRestored
	}
	return c.answer
}

// attempt makes one attempt.
func (w *restorationWork) attempt(t *testing.T, try transfer.Try) error {
	t.Helper()
	w.remaining = []archivedConversation{{ref(1).ConversationID, refs(1)}}
	return w.checkRemaining(t.Context(), try)
}

// record reads what was recorded.
func (w *restorationWork) record(t *testing.T) restorationRecord {
	t.Helper()
	w.slice.Conversations = []evidence.Conversation{{ID: ref(1).ConversationID}}
	record, err := readRestorations(t.Context(), w.store, w.slice)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// TestTheDatesOfARestoration: they are read before the request and after it, whatever
// came of it, and nothing is said of dates that could not be read again.
func TestTheDatesOfARestoration(t *testing.T) {
	const week = "1970-01-08T00:00:00.000Z"
	moved, cleared := kept, kept
	moved.ArchiveDate, cleared.DeleteDate = week, ""
	bothChanged := moved
	bothChanged.DeleteDate = ""
	fails := func(kind genesys.Kind) error { return &genesys.Error{Op: "x", Kind: kind} }
	tests := map[string]struct {
		cloud restoringCloud
		// meanwhile happens between the first attempt and the last one.
		meanwhile func(*restoringCloud)
		reason    string
		after     *genesys.Retention
		changed   []string
	}{
		"restored":                            {after: &moved},
		"restored, and its delete date went":  {meanwhile: func(c *restoringCloud) { c.dates.DeleteDate = "" }, after: &bothChanged, changed: []string{genesys.DeleteDate}},
		"refused":                             {cloud: restoringCloud{answer: fails(genesys.KindInvalid)}, reason: evidence.ReasonNotRestored, after: &kept},
		"refused, and its delete date went":   {cloud: restoringCloud{answer: fails(genesys.KindNotFound)}, meanwhile: func(c *restoringCloud) { c.dates.DeleteDate = "" }, reason: evidence.ReasonNotRestored, after: &cleared, changed: []string{genesys.DeleteDate}},
		"refused, but applied anyway":         {cloud: restoringCloud{answer: fails(genesys.KindInvalid), applied: true}, after: &moved},
		"no answer, and applied":              {cloud: restoringCloud{answer: fails(genesys.KindTimeout), applied: true}, after: &moved},
		"no answer, and not applied":          {cloud: restoringCloud{answer: fails(genesys.KindTransient)}, reason: evidence.ReasonNotRestored, after: &kept},
		"restored, and never read again":      {meanwhile: func(c *restoringCloud) { c.unseen = fails(genesys.KindTimeout) }, reason: evidence.ReasonNotRestored},
		"refused, and never read again":       {cloud: restoringCloud{answer: fails(genesys.KindInvalid)}, meanwhile: func(c *restoringCloud) { c.unseen = fails(genesys.KindTimeout) }, reason: evidence.ReasonNotRestored},
		"restored, and its conversation gone": {meanwhile: func(c *restoringCloud) { c.unseen = fails(genesys.KindNotFound) }, reason: evidence.ReasonNotRestored},
		"restored, and no dates any more":     {meanwhile: func(c *restoringCloud) { c.dates = genesys.Retention{} }, after: &genesys.Retention{}, changed: []string{genesys.DeleteDate}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cloud := tt.cloud
			cloud.state, cloud.dates = genesys.FileArchived, kept
			w := restoring(t)
			w.cloud, w.requests = &cloud, newRoute(w.clock)
			if err := w.attempt(t, transfer.Try{}); err == nil {
				t.Error("the first attempt ended although the dates were not read after it")
			}
			if got := w.record(t); len(got.ended) != 0 || len(got.attempts) != 1 {
				t.Errorf("after the first attempt: %+v", got)
			}
			if tt.meanwhile != nil {
				tt.meanwhile(&cloud)
			}
			if err := w.attempt(t, transfer.Try{Failures: 2, Last: true}); err != nil {
				t.Errorf("the last attempt: %v", err)
			}
			record := w.record(t)
			if got := record.ended; len(got) != 1 || got[0].Recordings[0].Reason != tt.reason {
				t.Errorf("ended %+v, want reason %q", got, tt.reason)
			}
			want := []evidence.Restoration{{RecordingRef: ref(1), Before: kept, Asked: time.Unix(0, 0).UTC().AddDate(0, 0, 7), After: tt.after}}
			if diff := cmp.Diff(want, record.dates()); diff != "" {
				t.Errorf("dates (-want +got):\n%s", diff)
			}
			if got := record.dates()[0].Changed(); !slices.Equal(got, tt.changed) {
				t.Errorf("changed %v, want %v", got, tt.changed)
			}
			if diff := cmp.Diff([]genesys.Retention{moved}, cloud.requested); diff != "" {
				t.Errorf("requested (-want +got):\n%s", diff)
			}
			if cloud.timeouts[0] != genesys.Timeout(0) || cloud.timeouts[1] != genesys.Timeout(2) || cloud.timeouts[len(cloud.timeouts)-1] != genesys.Timeout(2) {
				t.Errorf("time-outs %v: the first read has %v, the request and what was tried often %v", cloud.timeouts, genesys.Timeout(0), genesys.Timeout(2))
			}
		})
	}
}

// TestARequestThatTookNoEffect is made again, with the dates as they are then.
func TestARequestThatTookNoEffect(t *testing.T) {
	cloud := restoringCloud{state: genesys.FileArchived, dates: kept, answer: &genesys.Error{Kind: genesys.KindThrottled}}
	w := restoring(t)
	w.cloud, w.requests = &cloud, newRoute(w.clock)
	if err := w.attempt(t, transfer.Try{}); genesys.KindOf(err) != genesys.KindThrottled {
		t.Fatalf("the first attempt: %v", err)
	}
	cloud.answer, cloud.dates.DeleteDate = nil, ""
	for range 2 {
		var waits *restoringError
		if err := w.attempt(t, transfer.Try{}); err != nil && !errors.As(err, &waits) {
			t.Fatal(err)
		}
	}
	got := w.record(t).dates()
	if len(got) != 1 || got[0].Before.DeleteDate != "" || len(got[0].Changed()) != 0 || len(cloud.requested) != 2 {
		t.Errorf("%+v after %d requests", got, len(cloud.requested))
	}
}

// TestTheOtherHalfOfABatch: what is recorded about it is not told by this one.
func TestTheOtherHalfOfABatch(t *testing.T) {
	w := restoring(t)
	w.put(t, artifacts.AttemptKey(w.slice, ref(1)), artifacts.RestorationAttempt{RecordingRef: ref(1)})
	w.put(t, artifacts.RefusalKey(w.slice, ref(1)), artifacts.RestorationRefusal{RestorationEnd: notRestored(ref(1), "")})
	w.put(t, artifacts.RestorationKey(w.slice, ref(1).ConversationID), artifacts.Restoration{ConversationID: ref(1).ConversationID})
	if got := w.record(t).eventsOfRestorations(); len(got) != 2 {
		t.Errorf("events of its own half %+v", got)
	}
	w.slice.Conversations = []evidence.Conversation{{ID: "another"}}
	if got, err := readRestorations(t.Context(), w.store, w.slice); err != nil || len(got.eventsOfRestorations()) != 0 || len(got.dates()) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestTheCustodyLogTellsOfDates before and after, and of those that changed.
func TestTheCustodyLogTellsOfDates(t *testing.T) {
	at := func(hour int) artifacts.Stamp {
		return artifacts.NewStamp(time.Unix(0, 0).Add(time.Duration(hour)*time.Hour), "m")
	}
	after := kept
	after.DeleteDate, after.ExportDate = "", "1990-01-01T00:00:00Z"
	record := restorationRecord{
		attempts: []artifacts.RestorationAttempt{
			{Stamp: at(1), RecordingRef: ref(1), Before: kept, Until: time.Unix(3600, 0).UTC()},
			{Stamp: at(1), RecordingRef: ref(2), Before: kept, Until: time.Unix(3600, 0).UTC()},
		},
		ended: []artifacts.Restoration{{Stamp: at(2), CorrelationID: "id", Recordings: []artifacts.RestorationEnd{
			{RecordingRef: ref(1), After: &after}, notRestored(ref(2), "late"), {RecordingRef: ref(3)},
		}}},
	}
	says := func(kind, by string, hour, n int, more map[string]string) evidence.Event {
		more["conversation"], more["recording"] = ref(n).ConversationID, ref(n).RecordingID
		return evidence.Event{Time: at(hour).At, Type: kind, Actor: by, Details: more}
	}
	asked := map[string]string{"archiveDateBefore": kept.ArchiveDate, "deleteDateBefore": kept.DeleteDate, "archiveDateAsked": "1970-01-01T01:00:00Z"}
	want := []evidence.Event{
		says("RestorationRequested", "m", 1, 1, asked),
		says("RestorationRequested", "m", 1, 2, map[string]string{"archiveDateBefore": kept.ArchiveDate, "deleteDateBefore": kept.DeleteDate, "archiveDateAsked": "1970-01-01T01:00:00Z"}),
		says("RecordingRestored", "m", 2, 1, map[string]string{"archiveDateAfter": kept.ArchiveDate, "exportDateAfter": "1990-01-01T00:00:00Z", "correlationId": "id"}),
		says("RetentionChanged", "Genesys Cloud", 2, 1, map[string]string{
			"dates": "deleteDate exportDate", "deleteDateBefore": kept.DeleteDate, "deleteDateAfter": "", "exportDateBefore": "", "exportDateAfter": "1990-01-01T00:00:00Z",
		}),
		says("RecordingNotRestored", "m", 2, 2, map[string]string{"datesAfter": "unknown", "reason": evidence.ReasonNotRestored, "detail": "late"}),
		says("RecordingRestored", "m", 2, 3, map[string]string{"correlationId": "id"}),
	}
	if diff := cmp.Diff(want, record.eventsOfRestorations()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestTheEventNamesRecordings, a bounded number of them, and says what to do.
func TestTheEventNamesRecordings(t *testing.T) {
	of := func(n int) []evidence.Restoration {
		var out []evidence.Restoration
		for i := range n {
			out = append(out, evidence.Restoration{RecordingRef: ref(i), Before: kept, After: &genesys.Retention{}})
		}
		return out
	}
	one := fmt.Sprintf("other dates than the archive date changed while the operator had 1 recording restored; compare them with the retention policy in Genesys Cloud, "+
		"and set them there again: deleteDate of recording %s of conversation %s", ref(0).RecordingID, ref(0).ConversationID)
	if got := retentionMessage(of(1)); got != one {
		t.Errorf("%q, want %q", got, one)
	}
	if got := retentionMessage(of(9)); strings.Count(got, " of conversation ") != maxNamed || !strings.HasSuffix(got, ", and 4 more in data/retention.csv of the bag") || len(got) > 1024 {
		t.Errorf("%q", got)
	}
}
