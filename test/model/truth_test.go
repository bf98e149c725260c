package model

import (
	"cmp"
	"context"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/slicing"
	"github.com/gcexport/recording-export-operator/test/world"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	settleAfter       = time.Hour
	retryDeadline     = 700 * time.Hour
	requestsPerMinute = 1_000_000
	// begin is when a run begins, after the first midnight of the data: one day has settled.
	begin = 26 * time.Hour
)

// truth is what the model knows beside what the operator says.
type truth struct {
	archive *archive.Directory
	// hidden are conversations that analytics does not list yet.
	hidden []string
	// counted is what the status had counted, by the export's UID.
	counted map[string]slicing.Ordinals
	// sealed are the digests of the bags that are sealed.
	sealed map[string]string

	reading sync.Mutex
	// entries are those of the plan so far.
	entries []artifacts.Entry

	jobs  sync.Mutex
	known map[string]map[string]bool // by analytics job, the conversations that were listed
	owner map[string]*process
	ended map[string]bool
}

func newTruth(directory *archive.Directory) *truth {
	return &truth{
		archive: directory, counted: map[string]slicing.Ordinals{}, sealed: map[string]string{},
		known: map[string]map[string]bool{}, owner: map[string]*process{}, ended: map[string]bool{},
	}
}

// tester is what runs need of a *testing.T or a *rapid.T.
type tester interface {
	Context() context.Context
	Cleanup(func())
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
	Failed() bool
}

// newModel makes a run.
func newModel(t tester, shape shape, covered *tally) *model {
	m := &model{shape: shape, covered: covered, clock: &frozen{now: world.Day.Add(begin)}, turn: newTurn(), root: archiveRoot(t), doubtful: map[string]bool{}, wasOpen: map[string]bool{}}
	var cancel context.CancelFunc
	m.ctx, cancel = context.WithCancel(t.Context())
	options := simulator.Defaults()
	options.Days, options.Conversations, options.HeldShare, options.ScreenShare = m.days, m.perDay, 0.4, 0.5
	options.Edges.Open, options.RequestsPerMinute, options.Now = m.open, requestsPerMinute, m.clock.Now
	options.Latency, options.AnalyticsDelay, options.BatchDelay, options.SettleLag = simulator.Latency{}, 0, 0, 0
	options.HeldScreenTimeouts = simulator.QuirkOff
	options.Seed, options.RestoreDelay = m.seed, m.restoring
	options.Limits.Restorations, options.ResultURLTTL = m.quota, cmp.Or(m.addressLife, options.ResultURLTTL)
	m.sim = simulator.New(options)
	server := httptest.NewServer(m.sim)
	m.endpoint = server.URL
	directory, err := archive.OpenDirectory(m.root, namespace+"/evidence/"+exportName)
	if err != nil {
		t.Fatal(err)
	}
	m.kube, m.truth = newKube(specOf(m.shape)), newTruth(directory)
	m.hide()
	for _, c := range m.sim.Dataset().Conversations {
		m.wasOpen[c.ID] = c.End.IsZero()
	}
	m.make()
	m.processes = []*process{m.newProcess()}
	t.Cleanup(func() {
		for _, p := range m.processes {
			p.stop()
		}
		cancel()
		server.Close()
	})
	return m
}

// archiveRoot is a directory in memory if there is such a file system: what is
// written is flushed to disk each time.
func archiveRoot(t tester) string {
	const memory = "/dev/shm"
	parent := ""
	if _, err := os.Stat(memory); err == nil {
		parent = memory
	}
	root, err := os.MkdirTemp(parent, "model-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	return root
}

// hide hides some conversations from analytics.
func (m *model) hide() {
	all := m.sim.Dataset().Conversations
	for _, c := range all[:min(m.late, len(all))] {
		_ = m.sim.SetListed(c.ID, false)
		m.hidden = append(m.hidden, c.ID)
	}
}

// noteJob notes which conversations analytics listed when a job was made.
func (m *model) noteJob(id string) {
	m.jobs.Lock()
	defer m.jobs.Unlock()
	listed := map[string]bool{}
	for _, c := range m.sim.Dataset().Conversations {
		if !slices.Contains(m.hidden, c.ID) {
			listed[c.ID] = true
		}
	}
	m.known[id] = listed
}

func (m *model) noteOwner(id string, p *process) {
	m.jobs.Lock()
	defer m.jobs.Unlock()
	m.owner[id] = p
}

func (m *model) noteEnd(id string) {
	m.jobs.Lock()
	defer m.jobs.Unlock()
	m.ended[id] = true
}

// userAction draws what a user does to the export.
func (m *model) userAction(t *rapid.T) func() {
	kind := rapid.SampledFrom([]string{
		"resume", "make", "suspend", "resume", "make", "cancel", "retry", "retry", "delete", "make", "retry", "parallelism", "end", "retain",
	}).Draw(t, "user")
	n := rapid.IntRange(1, 3).Draw(t, "number")
	actions := map[string]func(){
		"suspend":     func() { m.change(func(s *v1alpha1.RecordingExportSpec) { s.Suspend = true }) },
		"resume":      func() { m.change(func(s *v1alpha1.RecordingExportSpec) { s.Suspend = false }) },
		"cancel":      func() { m.annotate(v1alpha1.AnnotationCancel) },
		"retry":       func() { m.annotate(v1alpha1.AnnotationRetry) },
		"delete":      m.delete,
		"make":        m.make,
		"parallelism": func() { m.change(func(s *v1alpha1.RecordingExportSpec) { setParallelism(s, int32(n)) }) },
		"end":         func() { m.setEnd(time.Duration(n) * 20 * time.Hour) },
		"retain":      func() { m.change(func(s *v1alpha1.RecordingExportSpec) { *s.RetainBatches = int32(n - 1) }) },
	}
	return func() { m.covered.add("user: " + kind); actions[kind]() }
}

func (m *model) delete() {
	if export := m.export(); export != nil {
		if err := m.api.Delete(m.ctx, export); err != nil {
			m.breaks("delete the export: %v", err)
		}
	}
}

// setEnd gives the window its end, once.
func (m *model) setEnd(after time.Duration) {
	if m.spec.Window.End == nil {
		end := metav1.NewTime(world.Day.Add(after))
		m.change(func(s *v1alpha1.RecordingExportSpec) { s.Window.End = &end })
	}
}
