package model

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/controllers/recordingexport"
	"github.com/gcexport/recording-export-operator/controllers/recordingexportbatch"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// process is a manager: reconcilers, pools, plans and caches, all of which end
// with it.
type process struct {
	model   *model
	name    string
	view    view
	pools   transfer.Pools
	exports reconcile.Reconciler
	batches reconcile.Reconciler
	// woken tells that some work has ended.
	woken chan struct{}
	stop  func()
	dead  atomic.Bool
	// asked counts the calls of Genesys Cloud except for those that end an analytics job.
	asked atomic.Int64

	mu     sync.Mutex
	trap   *trap
	active map[target]bool
	// paused reports whether work paused at an effect when the present look began.
	paused atomic.Bool
}

// target is what is looked at.
type target struct {
	batch bool
	name  string
}

// poolNames are those of package operator.
var poolNames = []string{
	recordingexport.Pool, string(v1alpha1.LaneStandard), string(v1alpha1.LaneLegalHold), string(v1alpha1.LaneLegalHoldScreen),
	string(v1alpha1.LaneIsolated), recordingexportbatch.StatePool,
}

// paces are such that nothing is tried again before time passes by a step.
const (
	firstPoll = time.Minute
	lastPoll  = 4 * time.Minute
	waitLimit = 10 * time.Minute
)

// newProcess starts a manager.
func (m *model) newProcess() *process {
	m.started++
	p := &process{
		model: m, name: fmt.Sprintf("process-%d", m.started), pools: transfer.Pools{},
		woken: make(chan struct{}, 1), active: map[target]bool{},
	}
	ctx, cancel := context.WithCancel(m.ctx)
	var running sync.WaitGroup
	retry := transfer.RetryPolicy{First: time.Minute, Most: 30 * time.Minute, NeedsPerson: 5 * time.Minute}
	// One piece of work at a time, whichever lane's, in the order of asking.
	pool := transfer.NewPool(transfer.Capacity{Total: 1}, m.clock, retry.Backoff)
	for _, name := range poolNames {
		p.pools[name] = pool
	}
	running.Go(func() { _ = pool.Start(ctx) })
	p.stop = func() {
		p.dead.Store(true)
		cancel()
		running.Wait()
	}
	p.refresh(true, true)
	p.reconcilers()
	return p
}

func (p *process) reconcilers() {
	m := p.model
	api := m.clientOf(p)
	publisher := loop.Publisher{Client: api, Events: &events.FakeRecorder{}}
	cloud := &cloud{Client: m.login(), process: p}
	cluster := func(context.Context) (string, error) { return "cluster", nil }
	p.exports = recordingexport.New(recordingexport.Config{
		Publisher: publisher, Clock: m.clock, InstanceID: p.name, ClusterID: cluster,
		Cloud: func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (recordingexport.Cloud, error) {
			return cloud, nil
		},
		Archive: p.archive, Location: location, Worker: p.worker(), Signer: newSigner,
		Tool: func() evidence.Tool { return evidence.Tool{Name: p.name} },
		Intervals: recordingexport.Intervals{
			Retry: time.Minute, FirstPoll: firstPoll, LastPoll: lastPoll, Reask: 15 * time.Minute, ForcedDeletion: 24 * time.Hour, LongestWait: 15 * time.Minute,
		},
	})
	p.batches = reconcile.AsReconciler(api, recordingexportbatch.New(recordingexportbatch.Config{
		Publisher: publisher, Clock: m.clock, InstanceID: p.name, ClusterID: cluster,
		Cloud: func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (recordingexportbatch.Cloud, error) {
			return cloud, nil
		},
		Archive: p.archive, Location: location, Worker: p.worker(), Gates: &transfer.Gates{Clock: m.clock}, Addresses: &transfer.Addresses{}, Signer: newSigner,
		Intervals: recordingexportbatch.Intervals{
			Retry: time.Minute, FirstPoll: firstPoll, LastPoll: lastPoll, Missing: time.Minute, NoProgress: waitLimit,
		},
		MaxRecordings: m.maxRecordings,
	}))
}

// newSigner signs with another key each time, as if it were replaced all the time.
func newSigner(context.Context, *v1alpha1.ExportDestination, string) (*signing.Signer, error) {
	text, err := signing.GenerateKey()
	if err != nil {
		return nil, err
	}
	key, err := signing.ParseKey(text)
	return &signing.Signer{Key: key}, err
}

// worker makes a worker that tells when some work has ended.
func (p *process) worker() *loop.Worker {
	worker := &loop.Worker{Pools: p.pools, SilenceLimit: time.Minute}
	if err := worker.Source().Start(p.model.ctx, wakes{process: p}); err != nil {
		panic(err)
	}
	return worker
}

// wakes takes the place of a controller's queue.
type wakes struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	process *process
}

// Add tells that some work has ended. Nobody is woken: looks come as they like.
func (w wakes) Add(reconcile.Request) {
	select {
	case w.process.woken <- struct{}{}:
	default:
	}
}

// AddAfter does nothing: work reports progress, which ends nothing.
func (w wakes) AddAfter(reconcile.Request, time.Duration) {}

func location(d *v1alpha1.ExportDestination, export string) string {
	return d.Namespace + "/" + d.Spec.Directory.Name + "/" + export
}

func (p *process) archive(d *v1alpha1.ExportDestination, export string) (archive.Store, error) {
	directory, err := archive.OpenDirectory(p.model.root, location(d, export))
	return &store{directory, p}, err
}

// look has the process look at something, and do all the work that comes of it.
func (m *model) look(p *process, what target) {
	p.mu.Lock()
	if p.dead.Load() || p.active[what] {
		p.mu.Unlock()
		return // nobody looks at the same thing twice at once
	}
	p.active[what] = true
	trap := p.trap
	p.mu.Unlock()
	atRest, asked := m.rests(p, what), p.asked.Load()
	paused := len(p.busy()) > 0
	outer := p.paused.Swap(paused)

	m.turn.begin()
	p.reconcile(what)
	m.turn.end()
	p.quiesce(paused)
	p.paused.Store(outer)

	p.mu.Lock()
	delete(p.active, what)
	undisturbed := trap == p.trap
	p.mu.Unlock()
	if n := p.asked.Load() - asked; atRest && undisturbed && n > 0 {
		m.breaks("%s asked Genesys Cloud %d times at a look at %v, which is suspended or cancelled", p.name, n, what)
	}
}

// reconcile calls the reconciler.
func (p *process) reconcile(what target) {
	defer func() {
		if caught := recover(); caught != nil {
			p.model.breaks("panic at a look at %v: %v", what, caught)
		}
	}()
	reconciler := p.exports
	if what.batch {
		reconciler = p.batches
	}
	ctx := context.WithValue(p.model.ctx, inLook{}, true)
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: what.name}}
	if _, err := reconciler.Reconcile(ctx, request); err != nil {
		p.model.covered.add("looks that failed")
	}
}

// inLook marks the context of a look; that of a pool's work has no such mark.
type inLook struct{}

// busy lists the work that is running.
func (p *process) busy() map[string]bool {
	busy := map[string]bool{}
	for _, key := range p.model.workKeys() {
		if p.pools.BusyInAny(namespace + "/" + exportName + "/" + key) {
			busy[key] = true
		}
	}
	if ending := ":jobs"; p.pools.BusyInAny(namespace + "/" + exportName + ending) {
		busy[ending] = true
	}
	return busy
}

// quiesce waits until no work is running. If some paused at an effect when the
// look began, there is nothing to wait for: others may wait at a gate for it.
func (p *process) quiesce(paused bool) {
	for !paused && len(p.busy()) > 0 {
		<-p.woken
	}
}

// process returns one of the processes, all of which are alive.
func (m *model) process(n int) *process {
	return m.processes[n%len(m.processes)]
}

// bury replaces the processes that were ended at an effect.
func (m *model) bury() {
	for i, p := range m.processes {
		if p.dead.Load() {
			p.stop()
			m.processes[i] = m.newProcess()
		}
	}
}

// replace ends a process, and starts another.
func (m *model) replace(n int, kill bool) {
	p := m.process(n)
	p.dead.Store(kill)
	p.stop()
	m.processes[slices.Index(m.processes, p)] = m.newProcess()
}

// way is how a trap springs.
type way string

// The ways.
const (
	// refused: the effect does not happen.
	refused way = "fault: refused"
	// conflicted: somebody else was first, if it is a write to Kubernetes.
	conflicted way = "fault: conflict"
	// throttled: Genesys Cloud says to wait.
	throttled way = "fault: throttled"
	// unanswered: it happens, and its reply is lost.
	unanswered way = "fault: reply lost"
	// killedBefore, killedAfter: the process ends.
	killedBefore way = "fault: killed before an effect"
	killedAfter  way = "fault: killed after an effect"
	// meanwhile: something else happens first.
	meanwhile way = "fault: something in the meantime"
)

// trap springs at an effect.
type trap struct {
	left int
	way  way
	does func()
}

var (
	errKilled = errors.New("this process has ended")
	errFault  = errors.New("a fault of the model")
)

// effect does something outside of the process's memory, unless a trap springs.
// kind is where.
func (p *process) effect(ctx context.Context, kind string, do func() error) error {
	inWork := ctx.Value(inLook{}) == nil
	if inWork {
		p.model.turn.await(p)
	}
	if p.dead.Load() {
		return errKilled
	}
	sprung := p.sprung()
	if sprung == nil {
		return do()
	}
	p.model.covered.add(string(sprung.way) + " (" + kind + ")")
	if kind == inGenesys && sprung.way != meanwhile {
		p.model.chances++
	}
	switch sprung.way {
	case killedBefore:
		p.dead.Store(true)
		return errKilled
	case killedAfter:
		err := do()
		p.dead.Store(true)
		return errors.Join(err, errKilled)
	case unanswered:
		if err := do(); err != nil {
			return err
		}
		return faultOf(kind, sprung.way)
	case meanwhile:
		p.interrupt(inWork, sprung.does)
		if p.dead.Load() {
			return errKilled
		}
		return do()
	default:
		return faultOf(kind, sprung.way)
	}
}

// sprung returns the trap if it is this effect's.
func (p *process) sprung() *trap {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trap == nil {
		return nil
	}
	if p.trap.left--; p.trap.left > 0 {
		return nil
	}
	sprung := p.trap
	p.trap = nil
	return sprung
}

// interrupt has something else happen. A look stands aside for the work that it
// has begun so far.
func (p *process) interrupt(inWork bool, do func()) {
	m := p.model
	if inWork {
		m.turn.stand(p, 1)
		do()
		m.turn.stand(p, -1)
		return
	}
	m.turn.end()
	p.quiesce(p.paused.Load())
	do()
	m.turn.begin()
}

// faultOf is the error of an effect that a trap let fail.
func faultOf(kind string, way way) error {
	switch {
	case kind == inKubernetes && way == conflicted:
		return apierrors.NewConflict(schema.GroupResource{Group: v1alpha1.GroupVersion.Group, Resource: "objects"}, exportName, errFault)
	case kind == inKubernetes:
		return apierrors.NewTimeoutError(errFault.Error(), 1)
	case kind == inGenesys && way == throttled:
		return &genesys.Error{Op: "ask", Kind: genesys.KindThrottled, RetryAfter: time.Minute, Err: errFault}
	case kind == inGenesys:
		return &genesys.Error{Op: "ask", Kind: genesys.KindTransient, Err: errFault}
	default:
		return errFault
	}
}

// The kinds of effects.
const (
	inKubernetes = "Kubernetes"
	inArchive    = "archive"
	inGenesys    = "Genesys Cloud"
)

// store is the archive as a process writes to it.
type store struct {
	*archive.Directory
	process *process
}

func (s *store) FS(ctx context.Context) fs.FS {
	if ctx.Value(inLook{}) == nil {
		s.process.model.turn.await(s.process)
	}
	return s.Directory.FS(ctx)
}

// Create notes of which restorations nobody may know whether they were requested: one
// is noted before it is made, and not made again.
func (s *store) Create(ctx context.Context, key string, write func(io.Writer) error) error {
	err := s.process.effect(ctx, inArchive, func() error { return s.Directory.Create(ctx, key, write) })
	if (errors.Is(err, errFault) || errors.Is(err, errKilled)) && strings.Contains(key, "/attempts/") {
		_, recording, _ := strings.Cut(strings.TrimSuffix(path.Base(key), ".json"), ".")
		s.process.model.doubtful[recording] = true
	}
	return err
}

func (s *store) Remove(ctx context.Context, key string) error {
	return s.process.effect(ctx, inArchive, func() error { return s.Directory.Remove(ctx, key) })
}

// credentials are those of the simulator's own client.
var credentials = genesys.Credentials{ClientID: simulator.DefaultClientID, ClientSecret: simulator.DefaultClientSecret}
