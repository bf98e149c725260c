package story

import (
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// exportWithin exports the day, with a deadline for each batch.
func (w *story) exportWithin(deadline time.Duration) *v1alpha1.RecordingExport {
	w.Helper()
	export := w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Retry.Deadline = &metav1.Duration{Duration: deadline} })
	w.Create(export)
	return export
}

// TestWhatIsNoRecordingIsNotStored: whatever comes at first in place of a
// recording, it is requested again, and in the end the recording is there.
func TestWhatIsNoRecordingIsNotStored(t *testing.T) {
	for name, fault := range map[string]simulator.Fault{
		"cut short, though the length was said": {Body: simulator.Truncated},
		"an empty body":                         {Body: simulator.Empty},
		"a page of some proxy with status 200":  {Body: simulator.HTML},
		"a page that says it were a recording":  {Body: simulator.Page},
		"a page of the store with status 403":   {Status: http.StatusForbidden},
		"not found":                             {Status: http.StatusNotFound},
		"throttled":                             {Status: http.StatusTooManyRequests},
		"a server error":                        {Status: http.StatusServiceUnavailable},
		"a broken connection":                   {Reset: true},
		"a stream that pauses":                  {Body: simulator.Standing},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, func(o *simulator.Options) { o.Conversations, o.HeldShare = 50, 0 })
			w.CreateReferences()
			fault.Route, fault.Count = simulator.RouteDownload, 5
			w.Sim.InjectFault(fault)
			w.Start(func(o *operator.Options) {
				if fault.Body == simulator.Standing {
					o.Intervals.Stall = 2 * time.Second
				}
			})
			export := w.exportWithin(time.Hour)
			w.Await(export, v1alpha1.ReasonComplete)
			w.judge(w.exportable())
		})
	}
}

// TestAddressesThatExpireInMidWork: they are requested again, without the wait
// that befits what is broken. On a busy machine something else may fail and wait.
func TestAddressesThatExpireInMidWork(t *testing.T) {
	const wait = 100 * time.Second
	w := newStory(t, func(o *simulator.Options) { o.Latency.Media = 20 * time.Millisecond })
	w.CreateReferences()
	w.Start(func(o *operator.Options) {
		o.Intervals.Retries.First, o.Intervals.Retries.Most = wait, wait
	})
	export := w.exportWithin(24 * time.Hour)
	testenv.Eventually(t, "some were fetched", func() bool {
		return w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK) >= 10
	})
	w.Sim.ExpireResultURLs()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if took, expired := w.fetchedAfterExpiry(); expired == 0 || took >= wait {
		t.Errorf("%d expired addresses were met, and the first new one was used after %v: want less than %v", expired, took, wait)
	}
}

// fetchedAfterExpiry counts the files whose address had expired when it was used, and returns
// the shortest time from then until one of them was fetched.
func (w *story) fetchedAfterExpiry() (shortest time.Duration, expired int) {
	refused := map[string]time.Time{}
	shortest = math.MaxInt64
	for _, e := range w.Sim.Journal().Entries() {
		switch at, met := refused[e.Path]; {
		case e.Route != simulator.RouteDownload:
		case e.Status == http.StatusForbidden && !met:
			refused[e.Path] = e.Time
		case e.Status == http.StatusOK && met:
			shortest = min(shortest, e.Time.Sub(at))
		}
	}
	return shortest, len(refused)
}

// TestAddressesThatLiveShorterThanTheirBatch: with addresses that live for less
// time than it takes to fetch what they lead to, one after the other, everything
// arrives anyway.
func TestAddressesThatLiveShorterThanTheirBatch(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) {
		o.ResultURLTTL, o.Latency.Media = 4*time.Second, 200*time.Millisecond
	})
	w.CreateReferences()
	w.Start()
	export := w.exportWithin(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
	if w.Sim.Journal().Count(simulator.RouteDownload, http.StatusForbidden) == 0 {
		t.Error("no address was met that had expired")
	}
}

// TestResultsListedOtherwise: in another order, with other types, ids in
// capitals, a recording that nobody asked for, addresses that are new at each
// look. Each file is stored once, and none is fetched more often than needed.
func TestResultsListedOtherwise(t *testing.T) {
	for _, how := range []simulator.Mislisted{
		simulator.Reversed, simulator.Capitals, simulator.Stray, simulator.Retyped, simulator.Resigned,
	} {
		t.Run(string(how), func(t *testing.T) {
			w := newStory(t, nil)
			w.CreateReferences()
			w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatch, Results: how, Nth: 2})
			w.Start()
			export := w.exportWithin(time.Hour)
			w.Await(export, v1alpha1.ReasonComplete)
			w.judgeByContent(w.exportable())
			w.expectOnce()
		})
	}
}

// TestAnotherOrderAfterTheyAreRequestedAgain: the second file of a recording came
// first, the first one only later, from a request that lists them the other way
// round.
func TestAnotherOrderAfterTheyAreRequestedAgain(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	split := w.split()
	first := "/media/" + split.ConversationID + "/" + split.ID + "/0.wav"
	w.Sim.InjectFault(simulator.Fault{Path: first, Count: 4, Reset: true})
	stop := w.Start()
	export := w.exportWithin(time.Hour)
	testenv.Eventually(t, "one of the files failed", func() bool { return w.tried(first) > 0 })
	stop()
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatch, Results: simulator.Reversed})
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeByContent(w.exportable())
	if w.tried(first) < 2 {
		t.Errorf("%s was tried %d times", first, w.tried(first))
	}
}

// tried counts the requests for a path.
func (w *story) tried(path string) int {
	n := 0
	for _, e := range w.Sim.Journal().Entries() {
		if e.Path == path {
			n++
		}
	}
	return n
}

// split is the recording that has two files.
func (w *story) split() simulator.Recording {
	w.Helper()
	for _, r := range w.exportable() {
		if len(r.Files()) == 2 {
			return r
		}
	}
	w.Fatal("no recording has two files")
	return simulator.Recording{}
}

// judgeByContent is judge for results whose order was another: the files of a
// recording may have each other's numbers, but nothing is missing, and nothing
// there twice.
func (w *story) judgeByContent(wanted []simulator.Recording) {
	w.Helper()
	got := map[string][]string{}
	for key, sum := range w.storedFiles() {
		got[filepath.Dir(key)] = append(got[filepath.Dir(key)], sum)
	}
	for _, r := range wanted {
		var sums []string
		for _, file := range r.Files() {
			sums = append(sums, file.SHA256)
		}
		slices.Sort(sums)
		stored := got[r.ConversationID+"/"+r.ID]
		slices.Sort(stored)
		if !slices.Equal(sums, stored) {
			w.Errorf("recording %s has the files %v, want %v", r.ID, stored, sums)
		}
		delete(got, r.ConversationID+"/"+r.ID)
	}
	if len(got) > 0 {
		w.Errorf("%v are stored and not wanted", got)
	}
}

// TestOneOfTwoFilesNeverArrives: what is stored of such a recording is kept, and
// the account says that it is not all.
func TestOneOfTwoFilesNeverArrives(t *testing.T) {
	for name, fault := range map[string]simulator.Fault{
		"it cannot be fetched": {Status: http.StatusForbidden},
		"it is cut forever":    {Body: simulator.Truncated},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStory(t, nil)
			w.CreateReferences()
			split := w.split()
			fault.Path = "/media/" + split.ConversationID + "/" + split.ID + "/1.wav"
			w.Sim.InjectFault(fault)
			w.Start()
			export := w.exportWithin(6 * time.Second)
			w.Await(export, v1alpha1.ReasonCompleteWithGaps)
			w.expectLine(split, "Unavailable", "NotDelivered", "0") // the file that came is in the bag that it left
			if export.Status.Gaps != 1 {
				t.Errorf("%d gaps, want 1", export.Status.Gaps)
			}
			if files := w.storedFiles(); files[split.ConversationID+"/"+split.ID+"/01"] != split.Files()[0].SHA256 {
				t.Error("the file that came is not stored")
			}
		})
	}
}

// expectLine reads a recording's line of the account.
func (w *story) expectLine(r simulator.Recording, disposition, reason, files string) {
	w.Helper()
	for _, line := range readCSV(w, filepath.Join(w.Archive(), "seals", "1", "recordings.csv")) {
		if line["recording_id"] != r.ID {
			continue
		}
		if line["disposition"] != disposition || line["reason"] != reason || line["files"] != files {
			w.Errorf("the account says %v, want %s %s with %s files", line, disposition, reason, files)
		}
		return
	}
	w.Errorf("the account does not name %s", r.ID)
}

// TestStoppedBetweenTwoFiles: an operator that ends when one of a recording's two
// files is stored, and the other is not, fetches the other one later.
func TestStoppedBetweenTwoFiles(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	split := w.split()
	second := "/media/" + split.ConversationID + "/" + split.ID + "/1.wav"
	w.Sim.InjectFault(simulator.Fault{Path: second, Body: simulator.Standing})
	stop := w.Start(func(o *operator.Options) { o.Intervals.Stall = time.Hour })
	export := w.exportWithin(time.Hour)
	testenv.Eventually(t, "the second file makes no progress", func() bool {
		stored, _ := filepath.Glob(filepath.Join(w.Archive(), ".work", "batches", "*", "files", "*"+split.ID+".01.json"))
		return len(stored) == 1 && w.Sim.Journal().Count(simulator.RouteDownload, http.StatusOK) > 0
	})
	stop()
	w.Sim.ClearFaults()
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestResultsThatNeverCome: neither a recording nor an error. They are requested a
// few times, then named.
func TestResultsThatNeverCome(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	calls := w.plainCalls()
	never, late, refused := calls[0], calls[1], calls[2]
	w.Sim.InjectFault(simulator.Fault{ConversationID: never.ConversationID, RecordingID: never.ID, Withhold: true})
	w.Sim.InjectFault(simulator.Fault{ConversationID: late.ConversationID, RecordingID: late.ID, Withhold: true, Count: 2})
	w.Sim.InjectFault(simulator.Fault{ConversationID: refused.ConversationID, RecordingID: refused.ID, ResultError: "recording.recording.not.found"})
	w.Start()
	export := w.exportWithin(time.Hour)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	w.judge(slices.DeleteFunc(w.exportable(), func(r simulator.Recording) bool { return r.ID == never.ID || r.ID == refused.ID }))
	w.expectLine(never, "Unavailable", "NotDelivered", "0")
	w.expectLine(late, "Exported", "", "1")
	w.expectLine(refused, "Unavailable", "Refused", "0")
	if n := w.requested(never); n != 3 {
		t.Errorf("what never comes was requested %d times, want 3", n)
	}
	if n := w.requested(refused); n != 1 {
		t.Errorf("what is refused was requested %d times, want once", n)
	}
}

// requested counts the batch requests that name a recording.
func (w *story) requested(r simulator.Recording) int {
	w.Helper()
	paths, err := filepath.Glob(filepath.Join(w.Archive(), ".work", "batches", "*", "requests", "*"))
	if err != nil {
		w.Fatal(err)
	}
	n := 0
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			w.Fatal(err)
		}
		n += strings.Count(string(body), r.ID)
	}
	return n
}

// TestARequestThatGenesysCloudForgot is made again, at once.
func TestARequestThatGenesysCloudForgot(t *testing.T) {
	w := newStory(t, nil)
	w.CreateReferences()
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatch, Status: http.StatusNotFound, Count: 8})
	w.Start(func(o *operator.Options) {
		o.Intervals.Retries.First, o.Intervals.Retries.Most = time.Second, time.Second
	})
	export := w.exportWithin(time.Hour)
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// TestAfterTheDeadlineGenesysCloudMayBeAway: a batch whose requests cannot be read
// ends, and says what it lacks.
func TestAfterTheDeadlineGenesysCloudMayBeAway(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations, o.HeldShare = 10, 0 })
	w.CreateReferences()
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteBatch, Status: http.StatusBadGateway})
	w.Start()
	export := w.exportWithin(2 * time.Second)
	w.Await(export, v1alpha1.ReasonCompleteWithGaps)
	if got := w.reasons("recordings.csv"); got["NotDelivered"] != len(w.exportable()) {
		t.Errorf("the reasons are %v", got)
	}
}

// TestPastTheDeadlineAPersonIsAsked: the condition names what keeps a batch from
// continuing, and the batch continues by itself.
func TestPastTheDeadlineAPersonIsAsked(t *testing.T) {
	w := newStory(t, func(o *simulator.Options) { o.Conversations, o.HeldShare = 50, 0 })
	w.CreateReferences()
	// The first query is the survey's.
	w.Sim.InjectFault(simulator.Fault{Route: simulator.RouteProtectionQuery, Status: http.StatusBadGateway, Nth: 2})
	w.Start()
	export := w.exportWithin(8 * time.Second)
	batch := &v1alpha1.RecordingExportBatch{}
	testenv.Eventually(t, "a batch waits for Genesys Cloud", func() bool { return w.anyBatch(batch, v1alpha1.ReasonGenesysUnavailable) })
	w.says(batch, "502", "retries for 8 s")
	testenv.Eventually(t, "a batch is past its deadline", func() bool { return w.anyBatch(batch, v1alpha1.ReasonDeadlineExceeded) })
	w.says(batch, "502", "without success", "retry.deadline")
	if !conditions.IsStalled(batch) {
		t.Error("it is not stalled")
	}
	w.Sim.ClearFaults()
	w.Await(export, v1alpha1.ReasonComplete)
	w.judge(w.exportable())
}

// anyBatch finds a batch whose Ready condition has a reason.
func (w *story) anyBatch(batch *v1alpha1.RecordingExportBatch, reason string) bool {
	w.Helper()
	for _, b := range w.batches() {
		if conditions.Reason(&b) == reason {
			*batch = b
			return true
		}
	}
	return false
}
