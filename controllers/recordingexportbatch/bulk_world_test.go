package recordingexportbatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

const (
	organizationID = "0f000000-0000-4000-8000-000000000000"
	integrationID  = "1f000000-0000-4000-8000-000000000000"
)

var bulkDay = time.Date(2023, 1, 2, 3, 0, 0, 0, time.UTC)

func conversationID(n int) string { return fmt.Sprintf("c0000000-0000-4000-8000-%012d", n) }

func recordingID(n int) string { return fmt.Sprintf("d0000000-0000-4000-8000-%012d", n) }

// bulkWorld is a Genesys Cloud with bulk jobs, its bucket, and a batch of so many conversations with
// one recording each.
type bulkWorld struct {
	t     *testing.T
	clock *clocktesting.FakeClock
	store archive.Store
	batch *connectedBatch
	slice artifacts.Slice

	mu      sync.Mutex
	jobs    []genesys.BulkJob
	created int
	// poisoned conversations make each job fail that names them.
	poisoned map[string]bool
	// more is how many recordings a job finds besides those of its conversations.
	more int
	// late are recordings that became known after the inventory was taken: those of each conversation.
	late map[string][]genesys.Recording
	// unlisted tells that they are not listed yet, and listed counts how often conversations were listed.
	unlisted bool
	listed   int
	// forgotten are the conversations of which the first recording is not listed any more.
	forgotten map[string]bool
	// answer is the error of the creation of a job, and applied tells that it took effect anyway.
	answer  error
	applied bool
	// others is how many jobs of others are running.
	others    int
	executed  map[string]int
	cancelled map[string]int
	objects   map[string]string
	// absent are the conversations whose objects do not appear.
	absent map[string]bool
	// failing are the conversations whose recordings a job cannot export, and failedAnswer is the error of
	// the list of these.
	failing      map[string]bool
	failedAnswer error
	// executeAnswer and cancelAnswer are the errors of these calls, which then take no effect.
	executeAnswer, cancelAnswer error
	// exportedDate is when each recording was exported, as Genesys Cloud says.
	exportedDate string
	// inactive tells that the OAuth client cannot be used to list its jobs.
	inactive bool
	// changes tells that objects change after they were listed.
	changes bool
	// broken is why the bucket cannot be listed, and locked why objects of conversations cannot be read.
	broken error
	locked map[string]error
	// lone are the files that were seen without metadata.
	lone loneFiles
}

func newBulkWorld(t *testing.T, conversations int) *bulkWorld {
	t.Helper()
	w := &bulkWorld{
		t: t, clock: clocktesting.NewFakeClock(bulkDay.AddDate(0, 0, 9)), store: openStore(t),
		poisoned: map[string]bool{}, executed: map[string]int{}, cancelled: map[string]int{}, objects: map[string]string{}, absent: map[string]bool{},
		failing: map[string]bool{}, locked: map[string]error{}, lone: loneFiles{},
	}
	w.slice = artifacts.Slice{Group: "g", Lane: slicing.Standard}
	inventory := evidence.Inventory{Lane: slicing.Standard}
	all := map[string]any{}
	for n := range conversations {
		id := conversationID(n)
		w.slice.Conversations = append(w.slice.Conversations, evidence.Conversation{ID: id, Start: bulkDay.Add(time.Duration(n) * time.Second)})
		inventory.Recordings = append(inventory.Recordings, evidence.Recording{ConversationID: id, RecordingID: recordingID(n), Disposition: evidence.Wanted})
		all[artifacts.MetadataKey("g", id)] = artifacts.Metadata{ConversationID: id, Recordings: []genesys.Recording{callRecording(n)}}
	}
	all[artifacts.HoldKey("g")] = artifacts.Hold{Asked: true}
	all[artifacts.SliceKey("b")], all[artifacts.InventoryKey("b")] = w.slice, artifacts.Inventory{Inventory: inventory}
	putAll(t, w.store, all)
	w.batch = &connectedBatch{loadedBatch: loadedAs(w.store), connection: connection{organization: organizationID}}
	w.batch.metadata, w.batch.export.Spec.MediaTypes = w, []v1alpha1.Medium{v1alpha1.MediumCall}
	w.batch.batch.Spec.Lane = v1alpha1.LaneStandard
	w.batch.export.Spec.Delivery = v1alpha1.Delivery{Mode: v1alpha1.DeliveryBulkJob, BulkJob: &v1alpha1.BulkJobDelivery{
		IntegrationID: integrationID, S3: v1alpha1.BulkJobBucket{Bucket: "recordings", SecretRef: v1alpha1.LocalReference{Name: "s3-key"}},
	}}
	w.batch.space = freeSpace{store: w.store}
	return w
}

// work is the work of a process that has just started.
func (w *bulkWorld) work() *bulkWork {
	w.t.Helper()
	contents, err := readContents(w.t.Context(), w.store, "b")
	if err != nil {
		w.t.Fatal(err)
	}
	current, err := readCurrentContents(w.t.Context(), w.batch.resolvedBatch)
	if err != nil {
		w.t.Fatal(err)
	}
	step := &bulkStep{process: process{w.clock, "test"}, gates: &transfer.Gates{Clock: w.clock}, work: batchWork{states: &stateCache{}}, intervals: DefaultIntervals(), turns: &bulkTurns{clock: w.clock, interval: DefaultIntervals().Queue}}
	step.bucket = func(*v1alpha1.RecordingExport) (Bucket, error) { return w, nil }
	work := step.newWork(w.batch, contents.inventory.Inventory, current, w.lone)
	work.cloud, work.owner = w, nil
	work.queue = func(_ context.Context, own []*bulkJob) (*bulkQueue, error) {
		q := &bulkQueue{name: "b", since: bulkDay, next: DefaultIntervals().Queue, ids: map[string]bool{}, waiting: []bulk.Waiting{{Name: "b", Since: bulkDay}}}
		for _, job := range own {
			q.started = append(q.started, bulk.Started{At: job.At, Ended: job.end != nil})
			q.ids[job.id()] = true
		}
		return q, nil
	}
	return work
}

// run makes attempts, each by another process, until nothing more is expected of bulk jobs. It
// returns what was waited for, in order.
func (w *bulkWorld) run() (waits []string) {
	w.t.Helper()
	for range 200 {
		err := w.work().export(w.t.Context(), transfer.Try{})
		if err == nil {
			return waits
		}
		waits = append(waits, err.Error())
		w.clock.Step(time.Minute)
	}
	w.t.Fatalf("it does not end: %q", waits[len(waits)-5:])
	return nil
}

// runUntil makes attempts until one waits for something.
func (w *bulkWorld) runUntil(wait string) {
	w.t.Helper()
	for range 50 {
		err := w.work().export(w.t.Context(), transfer.Try{})
		if err == nil {
			break
		}
		if strings.Contains(err.Error(), wait) {
			return
		}
		w.clock.Step(time.Minute)
	}
	w.t.Fatalf("it never waits for %q", wait)
}

// record is what is recorded about the jobs.
func (w *bulkWorld) record() *bulkRecord {
	w.t.Helper()
	record, err := readBulkRecord(w.t.Context(), w.store, "b")
	if err != nil {
		w.t.Fatal(err)
	}
	return record
}

// files are the files of the conversations that bulk jobs exported.
func (w *bulkWorld) files() map[genesys.RecordingRef][]artifacts.StoredFile {
	w.t.Helper()
	files, err := readBulkFiles(w.t.Context(), w.store, "b")
	if err != nil {
		w.t.Fatal(err)
	}
	return files
}

// left are the names of the jobs that may be running, as they are recorded.
func (w *bulkWorld) left() []string {
	w.t.Helper()
	names, err := artifacts.Names(w.t.Context(), w.store, artifacts.BulkRunningFolder)
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

func callRecording(n int) genesys.Recording {
	return genesys.Recording{ID: recordingID(n), Medium: genesys.Call, FileState: genesys.FileAvailable}
}

// RecordingMetadata lists the recordings of a conversation as Genesys Cloud does now.
func (w *bulkWorld) RecordingMetadata(_ context.Context, id string, _ time.Duration) (genesys.Metadata, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listed++
	for n, c := range w.slice.Conversations {
		if c.ID != id {
			continue
		}
		recordings := []genesys.Recording{callRecording(n)}
		recordings[0].Retention.ExportedDate = w.exportedDate
		if !w.unlisted {
			recordings = append(recordings, w.late[id]...)
		}
		if w.forgotten[id] {
			recordings = recordings[1:]
		}
		return genesys.Metadata{Recordings: recordings, Body: []byte("later")}, nil
	}
	return genesys.Metadata{}, &genesys.Error{Op: "metadata", Kind: genesys.KindNotFound}
}

// Protected is of no use here: the legal holds are recorded.
func (w *bulkWorld) Protected(context.Context, []string, time.Duration) ([]string, error) {
	return nil, nil
}

func (w *bulkWorld) BulkClient() (string, error) { return "client", nil }

func (w *bulkWorld) SubmitBulkJob(_ context.Context, _ string, query genesys.BulkQuery, _ time.Duration) (genesys.BulkJob, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answer != nil && !w.applied {
		return genesys.BulkJob{}, w.answer
	}
	w.created++
	job := genesys.BulkJob{ID: fmt.Sprintf("b0000000-0000-4000-8000-%012d", w.created), State: genesys.BulkProcessing, Created: w.clock.Now(), Query: query}
	w.jobs = append(w.jobs, job)
	return job, w.answer
}

func (w *bulkWorld) OwnBulkJobs(context.Context, string, int) (genesys.BulkJobPage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.inactive {
		return genesys.BulkJobPage{}, &genesys.Error{Op: "list bulk jobs", Kind: genesys.KindOrphaned}
	}
	return genesys.BulkJobPage{Jobs: slices.Clone(w.jobs)}, nil
}

func (w *bulkWorld) BulkJobs(_ context.Context, state genesys.BulkState, _ int) (page genesys.BulkJobPage, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, job := range w.jobs {
		if job.State == state || state == "" {
			page.Jobs = append(page.Jobs, job)
		}
	}
	for n := range w.others {
		if state == genesys.BulkProcessing {
			page.Jobs = append(page.Jobs, genesys.BulkJob{ID: fmt.Sprint("other-", n), State: state})
		}
	}
	return page, nil
}

// BulkJob tells the state of a job, which then changes.
func (w *bulkWorld) BulkJob(_ context.Context, jobID string) (genesys.BulkJob, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	job := w.find(jobID)
	if job == nil {
		return genesys.BulkJob{}, &genesys.Error{Op: "read bulk job", Kind: genesys.KindNotFound}
	}
	switch {
	case job.State != genesys.BulkProcessing:
	case w.executed[jobID] > 0:
		job.State = genesys.BulkFulfilled
		for _, id := range job.Query.Conversations {
			if w.failing[id] {
				job.Totals.Failed++
			}
		}
		w.export(job.Query)
	default:
		w.ready(job)
	}
	return *job, nil
}

func (w *bulkWorld) ready(job *genesys.BulkJob) {
	job.State = genesys.BulkReady
	n := len(job.Query.Conversations)
	job.Totals = genesys.BulkTotals{Conversations: n, Recordings: n + w.more}
	for _, id := range job.Query.Conversations {
		job.Totals.Recordings += len(w.late[id])
		if w.poisoned[id] {
			job.State, job.Error = genesys.BulkFailed, "timeout in metadata retrieval"
		}
	}
}

// export puts the recordings of conversations into the bucket.
func (w *bulkWorld) export(query genesys.BulkQuery) {
	for n, c := range w.slice.Conversations {
		if slices.Contains(query.Conversations, c.ID) && !w.absent[c.ID] && !w.failing[c.ID] {
			w.write(objectKey(n, ".opus"), fmt.Sprint("sound of ", n))
			for _, r := range w.late[c.ID] {
				w.write(path.Dir(objectKey(n, ".opus"))+"/"+r.ID+".opus", "late sound "+r.ID)
			}
		}
	}
}

// write puts a file into the bucket, with metadata beside it that tell nothing.
func (w *bulkWorld) write(key, content string) {
	w.objects[key], w.objects[key+companionEnding] = content, "{}"
}

// companionEnding is how the keys of metadata end.
const companionEnding = "_metadata.json"

// objectKey is the key of a file of the nth recording.
func objectKey(n int, ending string) string {
	return fmt.Sprintf("%s/year=2023/month=1/day=2/hour=3/conversation_id=%s/%s%s", organizationID, conversationID(n), recordingID(n), ending)
}

// put puts an object of the first recording into the bucket, and nothing beside it.
func (w *bulkWorld) put(ending, content string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.objects[objectKey(0, ending)] = content
}

// putFile puts a file of the first recording into the bucket, with metadata.
func (w *bulkWorld) putFile(ending, content string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.write(objectKey(0, ending), content)
}

// refused are the objects that are not used.
func (w *bulkWorld) refused() []artifacts.BulkRefused {
	w.t.Helper()
	refused, err := artifacts.All[artifacts.BulkRefused](w.t.Context(), w.store, artifacts.BulkRefusedFolder("b"))
	if err != nil {
		w.t.Fatal(err)
	}
	return refused
}

func (w *bulkWorld) find(jobID string) *genesys.BulkJob {
	for i := range w.jobs {
		if w.jobs[i].ID == jobID {
			return &w.jobs[i]
		}
	}
	return nil
}

func (w *bulkWorld) ExecuteBulkJob(_ context.Context, job genesys.Ticket) (genesys.BulkJob, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.executeAnswer != nil {
		return genesys.BulkJob{}, w.executeAnswer
	}
	w.executed[job.ID]++
	found := w.find(job.ID)
	found.State = genesys.BulkProcessing
	return *found, nil
}

func (w *bulkWorld) FailedRecordings(_ context.Context, jobID string, skip int) (page genesys.FailedRecordingPage, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failedAnswer != nil {
		return page, w.failedAnswer
	}
	var failed []genesys.RecordingRef
	for _, id := range w.find(jobID).Query.Conversations {
		if w.failing[id] {
			failed = append(failed, genesys.RecordingRef{ConversationID: strings.ToUpper(id), RecordingID: strings.ToUpper("d" + id[1:])})
		}
	}
	if skip < len(failed) {
		page.Recordings = failed[skip : skip+1]
	}
	if skip+1 < len(failed) {
		page.Next = skip + 1
	}
	return page, nil
}

func (w *bulkWorld) CancelBulkJob(_ context.Context, job genesys.Ticket) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cancelAnswer != nil {
		return w.cancelAnswer
	}
	w.cancelled[job.ID]++
	if found := w.find(job.ID); found != nil {
		found.State = genesys.BulkCancelled
	}
	return nil
}

// List is that of the bucket.
func (w *bulkWorld) List(_ context.Context, prefix string) (objects []bulk.Object, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return nil, w.broken
	}
	for key, content := range w.objects {
		if strings.HasPrefix(key, prefix) {
			objects = append(objects, bulk.Object{Key: key, Size: int64(len(content)), ETag: `"` + content + `"`})
		}
	}
	return objects, nil
}

// Open is that of the bucket.
func (w *bulkWorld) Open(_ context.Context, object bulk.Object) (*BucketFile, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, err := range w.locked {
		if strings.Contains(object.Key, id) {
			return nil, err
		}
	}
	content, there := w.objects[object.Key]
	if !there || w.changes {
		return nil, fmt.Errorf("%w: %s", ErrObjectChanged, object.Key)
	}
	return &BucketFile{ReadCloser: io.NopCloser(bytes.NewReader([]byte(content))), Length: int64(len(content)), ContentType: "audio/ogg"}, nil
}

var errLost = &genesys.Error{Op: "submit bulk job", Kind: genesys.KindTimeout, Err: errors.New("no answer")}
