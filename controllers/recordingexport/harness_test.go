package recordingexport

import (
	"context"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// harness is a reconciler with everything that it needs around it: a fake client of
// Kubernetes, a pool that runs, an archive in a directory, and a Genesys Cloud that
// a test makes as it wants it.
type harness struct {
	*Reconciler
	*testing.T
	// config is what the reconciler was made with.
	config   Config
	api      client.WithWatch
	now      *clocktesting.FakeClock
	recorder *events.FakeRecorder
	// store is the export's archive, as the reconciler opens it.
	store archive.Store
	cloud *fakeCloud
}

// newHarness makes one around an export.
func newHarness(t *testing.T, export *v1alpha1.RecordingExport) *harness {
	t.Helper()
	h := &harness{
		T: t, now: clocktesting.NewFakeClock(first.Add(90 * 24 * time.Hour)), recorder: events.NewFakeRecorder(100),
		store: newStore(t), cloud: &fakeCloud{},
	}
	h.api = newAPI(t, append(furniture(), export)...)
	pools := transfer.Pools{Pool: transfer.NewPool(transfer.Capacity{Total: 8}, h.now, transfer.DefaultRetryPolicy().Backoff)}
	h.config = Config{
		Publisher: loop.Publisher{Client: h.api, Events: h.recorder}, Clock: h.now, InstanceID: "m",
		ClusterID: func(context.Context) (string, error) { return "this-cluster", nil },
		Cloud: func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error) {
			return h.cloud, nil
		},
		Archive:   func(*v1alpha1.ExportDestination, string) (archive.Store, error) { return h.store, nil },
		Location:  func(*v1alpha1.ExportDestination, string) string { return "legal/evidence/case-1" },
		Worker:    &loop.Worker{Pools: pools, SilenceLimit: time.Second},
		Intervals: DefaultIntervals(),
	}
	h.Reconciler = New(h.config)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- pools[Pool].Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return h
}

// newAPI is an API server that has objects.
func newAPI(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1alpha1.RecordingExport{}, &v1alpha1.RecordingExportBatch{})
	for _, index := range watch.Indexes() {
		api.WithIndex(index.Object, index.Field, index.Extract)
	}
	return api.Build()
}

// stoppedPool is a pool that begins none of its work.
func stoppedPool(t *testing.T) exportPool {
	t.Helper()
	pool := transfer.NewPool(transfer.Capacity{Total: 1}, clock.RealClock{}, transfer.DefaultRetryPolicy().Backoff)
	t.Cleanup(func() { pool.Cancel("") })
	return exportPool{&loop.Worker{Pools: transfer.Pools{Pool: pool}, SilenceLimit: time.Minute}}
}

// newStore is an empty archive.
func newStore(t *testing.T) archive.Store {
	t.Helper()
	store, err := archive.OpenDirectory(t.TempDir(), "case-1")
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// canSeal has the export sealed without a signature.
func (h *harness) canSeal() {
	h.Helper()
	h.configure(func(c *Config) {
		c.Tool = func() evidence.Tool { return evidence.Tool{} }
		c.Signer = func(context.Context, *v1alpha1.ExportDestination, string) (*signing.Signer, error) { return nil, nil }
	})
}

// configure makes another reconciler, with a configuration that is changed.
func (h *harness) configure(change func(*Config)) {
	h.Helper()
	change(&h.config)
	h.Reconciler = New(h.config)
}

// useClient makes another reconciler, with another client of Kubernetes.
func (h *harness) useClient(c client.Client) {
	h.Helper()
	h.configure(func(config *Config) { config.Client = c })
}

// furniture is what an export refers to, ready for use.
func furniture() []client.Object {
	return []client.Object{
		&v1alpha1.GenesysOrganization{
			ObjectMeta: metav1.ObjectMeta{Name: "emea", Namespace: "legal", Generation: 1},
			Status:     v1alpha1.GenesysOrganizationStatus{Organization: &v1alpha1.OrganizationIdentity{ID: id(7)}},
		},
		&v1alpha1.ExportDestination{
			ObjectMeta: metav1.ObjectMeta{Name: "evidence", Namespace: "legal", Generation: 1},
			Status:     v1alpha1.ExportDestinationStatus{Location: "legal/evidence"},
		},
	}
}

// wholeExport is an export of the first day, as an API server has it.
func wholeExport() *v1alpha1.RecordingExport {
	export := newExport()
	export.UID, export.Generation = "uid-1", 1
	export.Spec = v1alpha1.RecordingExportSpec{
		OrganizationRef: v1alpha1.LocalReference{Name: "emea"}, DestinationRef: v1alpha1.LocalReference{Name: "evidence"},
		MediaTypes: []v1alpha1.Medium{v1alpha1.MediumCall}, Archived: v1alpha1.ArchivedList,
		Window: v1alpha1.ExportWindow{Start: metav1.NewTime(first), End: &metav1.Time{Time: first.Add(day)}},
	}
	return export
}

// reconcile reconciles the export once, which must return by itself.
func (h *harness) reconcile() ctrl.Result {
	h.Helper()
	result, err := h.Reconcile(h.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(newExport())})
	if err != nil {
		h.Fatal(err)
	}
	return result
}

// reconcileNoLongerThan reconciles the export once, and waits for the evaluation no longer than
// until something comes.
func (h *harness) reconcileNoLongerThan(something <-chan struct{}) {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	h.startController(ctx)
	go func() {
		<-something
		cancel()
	}()
	h.reconcile()
	h.startController(h.Context())
}

// startController has evaluations last as long as a context does.
func (h *harness) startController(ctx context.Context) {
	h.Helper()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	h.Cleanup(queue.ShutDown)
	if err := h.worker.Source().Start(ctx, queue); err != nil {
		h.Fatal(err)
	}
}

// reconcileUntil reconciles the export again and again until a condition is true.
func (h *harness) reconcileUntil(what string, isSo func() bool) {
	h.Helper()
	testenv.Eventually(h, what, func() bool { h.reconcile(); return isSo() })
}

// export returns the export as it is stored, nil if it is gone.
func (h *harness) export() *v1alpha1.RecordingExport {
	h.Helper()
	export := newExport()
	err := h.api.Get(h.Context(), client.ObjectKeyFromObject(export), export)
	if client.IgnoreNotFound(err) != nil {
		h.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return export
}

// change changes the export as a user does.
func (h *harness) change(change func(*v1alpha1.RecordingExport)) {
	h.Helper()
	export := h.export()
	change(export)
	export.Generation++
	if err := h.api.Update(h.Context(), export); err != nil {
		h.Fatal(err)
	}
}

// remove deletes an object.
func (h *harness) remove(obj client.Object) {
	h.Helper()
	if err := h.api.Delete(h.Context(), obj); err != nil {
		h.Fatal(err)
	}
}

// told reports whether an event was sent that names all of the words.
func (h *harness) told(words ...string) bool {
	for {
		select {
		case event := <-h.recorder.Events:
			if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(event, word) }) {
				return true
			}
		default:
			return false
		}
	}
}

// fakeCloud is Genesys Cloud as far as a test wants it. What a test does not set
// answers that there is nothing.
type fakeCloud struct {
	mu sync.Mutex
	// started counts the analytics jobs, ended are the ids of those that were ended.
	started int
	ended   []string
	// state is that of every job, Fulfilled if empty.
	state genesys.JobState
	// page answers for a page of results.
	page func(cursor string) genesys.SurveyPage
	// known are the conversations that can be looked up, and lookUps the ids that each call named.
	known   []genesys.Conversation
	lookUps [][]string
	// searched are the queries of the analytics jobs.
	searched []genesys.SurveyQuery
	// hangs is not nil while calls hang that end an analytics job: until it is closed.
	hangs chan struct{}
}

func (c *fakeCloud) DataAvailability(context.Context) (time.Time, error) {
	return first.AddDate(10, 0, 0), nil
}

func (c *fakeCloud) StartSurvey(_ context.Context, query genesys.SurveyQuery, _ time.Duration) (genesys.Ticket, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started++
	c.searched = append(c.searched, query)
	return genesys.Ticket{ID: id(c.started), ClientID: "client"}, nil
}

func (c *fakeCloud) LookUp(_ context.Context, ids []string, _ time.Duration) (found []genesys.Conversation, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lookUps = append(c.lookUps, ids)
	for _, known := range c.known {
		if slices.Contains(ids, known.ID) {
			found = append(found, known)
		}
	}
	return found, nil
}

func (c *fakeCloud) SurveyState(context.Context, genesys.Ticket) (genesys.JobState, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == "" {
		return genesys.JobFulfilled, nil
	}
	return c.state, nil
}

func (c *fakeCloud) SurveyPage(_ context.Context, _ genesys.Ticket, cursor string, _ bool) (genesys.SurveyPage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.page == nil {
		return genesys.SurveyPage{}, nil
	}
	return c.page(cursor), nil
}

// EndSurvey takes no notice of its context while it hangs, as the worst of calls do.
func (c *fakeCloud) EndSurvey(_ context.Context, job genesys.Ticket) error {
	c.mu.Lock()
	hangs := c.hangs
	c.mu.Unlock()
	if hangs != nil {
		<-hangs
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = append(c.ended, job.ID)
	return nil
}

func (c *fakeCloud) Protected(context.Context, []string, time.Duration) ([]string, error) {
	return nil, nil
}

func (c *fakeCloud) Retained(context.Context, int, string) (genesys.RetainedPage, error) {
	return genesys.RetainedPage{}, nil
}

func (c *fakeCloud) Orphans(context.Context, int) (genesys.OrphanPage, error) {
	return genesys.OrphanPage{}, nil
}

// jobs is how many analytics jobs were started.
func (c *fakeCloud) jobs() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.started
}

// endedJobs are the analytics jobs that were ended.
func (c *fakeCloud) endedJobs() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.ended)
}

// answer has every job answer from now on.
func (c *fakeCloud) answer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.page, c.state = nil, ""
}

// hangingStore is an archive on a file system that hangs: reading blocks until the
// test ends, whatever the context says.
type hangingStore struct {
	archive.Store
	until chan struct{}
	// entered gets a value when somebody begins to wait.
	entered chan struct{}
}

// newHangingStore makes a store that hangs.
func newHangingStore(store archive.Store) *hangingStore {
	return &hangingStore{store, make(chan struct{}), make(chan struct{}, 100)}
}

func (s *hangingStore) FS(ctx context.Context) fs.FS {
	s.entered <- struct{}{}
	<-s.until
	return s.Store.FS(ctx)
}
