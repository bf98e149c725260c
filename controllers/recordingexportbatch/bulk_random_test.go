package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// randomBulk is a world in which processes end, pause and meet errors at any effect.
type randomBulk struct {
	*bulkWorld
	t *rapid.T
	// lag is how long a new job is missing in the list of jobs.
	lag time.Duration
	// posts counts the requests for each attempt.
	posts map[string]int
	// mayLeaveOut tells that a deadline was used up, so that jobs need not export everything.
	mayLeaveOut bool
	processes   int
}

// bulkFault is what happens at an effect.
type bulkFault string

const (
	faultRefused      bulkFault = "it does not take place"
	faultThrottled    bulkFault = "Genesys Cloud asks to wait"
	faultLost         bulkFault = "its answer is lost"
	faultKilledBefore bulkFault = "the process ends before it"
	faultKilledAfter  bulkFault = "the process ends after it"
	faultPaused       bulkFault = "another process works before it"
)

var errFault = &genesys.Error{Op: "fault", Kind: genesys.KindTransient}

// randomProcess is one process. Its effects are its writes and its calls of Genesys Cloud.
type randomProcess struct {
	*randomBulk
	mu    sync.Mutex
	dead  bool
	left  int
	fault bulkFault
	pause func()
}

// effect does something outside of the process, unless a fault happens.
func (p *randomProcess) effect(do func() error) error {
	switch fault := p.next(); fault {
	case "":
		return do()
	case faultPaused:
		p.pause()
		return do()
	case faultRefused:
		return errFault
	case faultThrottled:
		return &genesys.Error{Op: "fault", Kind: genesys.KindThrottled}
	case faultLost:
		return errors.Join(do(), errFault)
	case faultKilledAfter:
		return errors.Join(do(), errCrash)
	default:
		return errCrash
	}
}

// next is the fault of the next effect, empty if there is none.
func (p *randomProcess) next() bulkFault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left--
	switch {
	case p.dead:
		return faultKilledBefore
	case p.left != 0:
		return ""
	}
	p.dead = p.fault == faultKilledBefore || p.fault == faultKilledAfter
	return p.fault
}

// get is effect with a result.
func get[T any](p *randomProcess, do func() (T, error)) (got T, _ error) {
	err := p.effect(func() (err error) { got, err = do(); return err })
	if err != nil {
		var none T
		return none, err
	}
	return got, nil
}

// randomStore is the archive of a process.
type randomStore struct {
	archive.Store
	process *randomProcess
}

func (s randomStore) Create(ctx context.Context, key string, content func(io.Writer) error) error {
	return s.process.effect(func() error { return s.Store.Create(ctx, key, content) })
}

func (s randomStore) Remove(ctx context.Context, key string) error {
	return s.process.effect(func() error { return s.Store.Remove(ctx, key) })
}

// SubmitBulkJob creates a job unless two are running. As the client does, it sends nothing once its
// context is over, or would be by the clock.
func (p *randomProcess) SubmitBulkJob(ctx context.Context, client string, query genesys.BulkQuery, timeout time.Duration) (genesys.BulkJob, error) {
	begun := p.clock.Now()
	return get(p, func() (genesys.BulkJob, error) {
		switch {
		case ctx.Err() != nil, p.clock.Since(begun) >= bulk.ListedAfter/3:
			return genesys.BulkJob{}, &genesys.Error{Op: "submit bulk job", Kind: genesys.KindCancelled}
		case p.running()+p.others >= bulk.Limit:
			return genesys.BulkJob{}, &genesys.Error{Op: "submit bulk job", Kind: genesys.KindInvalid}
		}
		p.posts[attemptOf(query)]++
		return p.bulkWorld.SubmitBulkJob(ctx, client, query, timeout)
	})
}

// attemptOf tells the query of an attempt from all others.
func attemptOf(query genesys.BulkQuery) string {
	return fmt.Sprint(query.ActionDate.UnixMilli(), query.Conversations)
}

func (p *randomProcess) running() (n int) {
	for _, job := range p.jobs {
		if job.State.Running() {
			n++
		}
	}
	return n
}

func (p *randomProcess) OwnBulkJobs(ctx context.Context, client string, skip int) (genesys.BulkJobPage, error) {
	return get(p, func() (genesys.BulkJobPage, error) { return p.listed(p.bulkWorld.OwnBulkJobs(ctx, client, skip)) })
}

func (p *randomProcess) BulkJobs(ctx context.Context, state genesys.BulkState, skip int) (genesys.BulkJobPage, error) {
	return get(p, func() (genesys.BulkJobPage, error) { return p.listed(p.bulkWorld.BulkJobs(ctx, state, skip)) })
}

// listed leaves out the jobs that are not listed yet.
func (p *randomProcess) listed(page genesys.BulkJobPage, err error) (genesys.BulkJobPage, error) {
	page.Jobs = slices.DeleteFunc(page.Jobs, func(job genesys.BulkJob) bool { return p.clock.Since(job.Created) < p.lag })
	return page, err
}

func (p *randomProcess) BulkJob(ctx context.Context, jobID string) (genesys.BulkJob, error) {
	return get(p, func() (genesys.BulkJob, error) { return p.bulkWorld.BulkJob(ctx, jobID) })
}

// ExecuteBulkJob executes only a job that is READY.
func (p *randomProcess) ExecuteBulkJob(ctx context.Context, job genesys.Ticket) (genesys.BulkJob, error) {
	return get(p, func() (genesys.BulkJob, error) {
		if p.find(job.ID).State != genesys.BulkReady || p.running()+p.others >= bulk.Limit {
			return genesys.BulkJob{}, &genesys.Error{Op: "execute bulk job", Kind: genesys.KindInvalid}
		}
		return p.bulkWorld.ExecuteBulkJob(ctx, job)
	})
}

func (p *randomProcess) CancelBulkJob(ctx context.Context, job genesys.Ticket) error {
	return p.effect(func() error { return p.bulkWorld.CancelBulkJob(ctx, job) })
}

// attempt has a process make an attempt at the work.
func (p *randomProcess) attempt(last bool) error {
	former := p.batch.store
	p.batch.store = randomStore{p.store, p}
	work := p.work()
	p.processes++
	work.recorder = recorder{process{p.clock, fmt.Sprint("process-", p.processes)}, p.batch.store}
	work.cloud, work.objects.taker.follower.store, work.objects.limit = p, p.batch.store, 1
	p.batch.store = former
	return work.export(p.bulkWorld.t.Context(), transfer.Try{Last: last})
}

// step has a process make an attempt in which something happens.
func (r *randomBulk) step(deep bool) {
	faults := []bulkFault{"", faultRefused, faultThrottled, faultLost, faultKilledBefore, faultKilledAfter}
	if deep {
		faults = append(faults, faultPaused, faultPaused, faultPaused)
	}
	p := &randomProcess{randomBulk: r, fault: rapid.SampledFrom(faults).Draw(r.t, "fault"), left: rapid.IntRange(1, 14).Draw(r.t, "effect")}
	if p.fault == faultPaused {
		var does []func()
		for range rapid.IntRange(1, 6).Draw(r.t, "attempts of the other") {
			does = append(does, r.draw(false))
		}
		p.pause = func() {
			for _, do := range does {
				do()
			}
		}
	}
	last := rapid.IntRange(0, 15).Draw(r.t, "last") == 0
	r.mayLeaveOut = r.mayLeaveOut || last
	_ = p.attempt(last)
	r.check()
}

// draw draws what happens next: time passes, and a process makes an attempt.
func (r *randomBulk) draw(deep bool) func() {
	d := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, 4 * time.Minute, 20 * time.Minute}).Draw(r.t, "time")
	others := rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(r.t, "jobs of others")
	return func() {
		r.clock.Step(d)
		r.others = others
		r.step(deep)
	}
}

// check checks what is always true.
func (r *randomBulk) check() {
	attempts := map[string]string{}
	for _, job := range r.record().all() {
		attempts[attemptOf(job.Query)] = fmt.Sprintf("b.%s.%d", job.Part, job.Number)
	}
	running, named := r.left(), map[string]string{}
	for _, job := range r.jobs {
		if n := r.posts[attemptOf(job.Query)]; n != 1 {
			r.t.Fatalf("%d requests for attempt %s", n, attempts[attemptOf(job.Query)])
		}
		if r.executed[job.ID] > 1 {
			r.t.Fatalf("%s was executed %d times", job.ID, r.executed[job.ID])
		}
		if job.State.Ended() {
			continue
		}
		if name, recorded := attempts[attemptOf(job.Query)]; !recorded || !slices.Contains(running, name) {
			r.t.Fatalf("%s of attempt %q may run, and %v are recorded", job.ID, name, running)
		}
		for _, id := range job.Query.Conversations {
			if other := named[id]; other != "" {
				r.t.Fatalf("%s and %s export %s at once", job.ID, other, id)
			}
			named[id] = job.ID
		}
	}
	for ref, files := range r.files() {
		if len(files) != 1 {
			r.t.Fatalf("%v has %d files", ref, len(files))
		}
	}
}

// finish has processes finish the work without any fault, and checks what came of it: each recording is
// exported once, unless its conversation makes jobs fail or the deadline was used up.
func (r *randomBulk) finish() {
	r.others = 0
	err := errors.New("no attempt")
	for n := 0; n < 300 && err != nil; n++ {
		r.clock.Step(time.Minute)
		err = (&randomProcess{randomBulk: r}).attempt(false)
		r.check()
	}
	if err != nil {
		r.t.Fatalf("it does not end: %v", err)
	}
	for _, job := range r.jobs {
		if !job.State.Ended() && !r.mayLeaveOut {
			r.t.Fatalf("%s is left in the state %s", job.ID, job.State)
		}
	}
	if want := len(r.slice.Conversations) - len(r.poisoned); !r.mayLeaveOut && r.more == 0 && len(r.files()) != want {
		r.t.Fatalf("%d recordings are exported, %d are possible", len(r.files()), want)
	}
}

// TestBulkJobsActOnce: whatever fails, whichever processes end, and although two of them work at the same
// time, each attempt makes one request at most, two jobs never export the same conversation at once,
// none is executed twice, and each one that may run is recorded.
func TestBulkJobsActOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newBulkWorld(t, rapid.IntRange(1, 5).Draw(rt, "conversations"))
		r := &randomBulk{bulkWorld: w, t: rt, posts: map[string]int{}}
		r.lag = rapid.SampledFrom([]time.Duration{0, time.Minute, 9 * time.Minute}).Draw(rt, "lag")
		w.more = rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(rt, "more")
		w.batch.export.Spec.Delivery.BulkJob.Copy = rapid.Bool().Draw(rt, "copy")
		for n := range w.slice.Conversations {
			if rapid.IntRange(0, 3).Draw(rt, "poisoned") == 0 {
				w.poisoned[conversationID(n)] = true
			}
		}
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			r.draw(true)()
		}
		r.finish()
	})
}
