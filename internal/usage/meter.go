package usage

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// Every is how long after a walk through the volume the next one begins.
const Every = 10 * time.Minute

// Meter knows about how many bytes each namespace takes that has a bound. It walks
// through the volume from time to time and adds what was stored since, so what was
// removed counts until the next walk. Before the first walk has ended it knows only what
// this process has stored.
type Meter struct {
	// Root is the directory below which each namespace has one of its name.
	Root   string
	Limits Limits
	Clock  clock.Clock

	mu sync.Mutex
	of map[string]*taken
}

// taken is what a namespace takes, in bytes.
type taken struct {
	// measured is what the last walk found, since what was stored since it began, and
	// reserved what transfers that are running have still to store.
	measured, since, reserved int64
}

// now is what it takes, with what is reserved.
func (t *taken) now() int64 { return t.measured + t.since + t.reserved }

// Start walks through the volume until the context ends. It returns then even if a file
// system hangs, as Kubernetes' network volumes may.
func (m *Meter) Start(ctx context.Context) error {
	if !m.Limits.isAny() {
		return nil
	}
	go func() {
		for {
			if err := m.measure(ctx); err != nil && ctx.Err() == nil {
				ctrl.LoggerFrom(ctx).Error(err, "Failed to measure what namespaces take on the archive volume")
			}
			if transfer.Wait(ctx, m.Clock, Every) != nil {
				return
			}
		}
	}()
	<-ctx.Done()
	return nil
}

// NeedLeaderElection has only the process that works measure.
func (m *Meter) NeedLeaderElection() bool { return true }

// taken returns the account of a namespace. m.mu is held.
func (m *Meter) taken(namespace string) *taken {
	if m.of == nil {
		m.of = map[string]*taken{}
	}
	of := m.of[namespace]
	if of == nil {
		of = &taken{}
		m.of[namespace] = of
	}
	return of
}

// stored notes that a namespace takes more bytes, or fewer.
func (m *Meter) stored(namespace string, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken(namespace).since += bytes
}

// begin returns what was stored since the last walk, when the next one begins.
func (m *Meter) begin(namespace string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.taken(namespace).since
}

// end notes what a walk found. What was stored while it ran is in files that it has found
// only if they are newer than its beginning, so it counts once, about.
func (m *Meter) end(namespace string, now found, before int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.taken(namespace)
	meanwhile := max(of.since-before, 0)
	of.measured, of.since = now.bytes, meanwhile-min(meanwhile, now.fresh)
}

// endEarly notes what a walk found that could not end: at least that is there. What was
// stored before it is not counted a second time by the next one.
func (m *Meter) endEarly(namespace string, now found, before int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.taken(namespace)
	of.measured, of.since = max(of.measured+before, now.bytes), of.since-before
}

// Usage is what a namespace takes, of at most how much.
type Usage struct {
	Namespace   string
	Bytes, Most int64
}

// All are the namespaces that have a bound and take something, by name.
func (m *Meter) All() []Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Usage
	for namespace, of := range m.of {
		all = append(all, Usage{namespace, of.measured + of.since, m.Limits.Of(namespace)})
	}
	slices.SortFunc(all, func(a, b Usage) int { return cmp.Compare(a.Namespace, b.Namespace) })
	return all
}

// Fits is a FullError if a namespace takes more than its bound, or would with so many
// bytes more. What transfers have reserved counts.
func (m *Meter) Fits(namespace string, bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fits(namespace, bytes)
}

// fits is Fits. m.mu is held.
func (m *Meter) fits(namespace string, bytes int64) error {
	most := m.Limits.Of(namespace)
	if most == 0 {
		return nil
	}
	if now := m.taken(namespace).now(); bytes > most-now {
		return &FullError{Usage{namespace, now, most}, bytes}
	}
	return nil
}

// FullError tells that a namespace takes as much as it may, or would with Needs bytes more.
type FullError struct {
	Usage
	Needs int64
}

func (e *FullError) Error() string {
	needs := ""
	if e.Needs > 0 {
		needs = fmt.Sprintf(" and needs %v more", binary(e.Needs))
	}
	return fmt.Sprintf("the namespace %s takes about %v%s on the shared archive volume, with what is being stored, and may take %v, which the platform team has set (%s of the manager)",
		e.Namespace, binary(e.Bytes), needs, binary(e.Most), Flag)
}

// Outcome is that a person makes room. It is retried all the same.
func (e *FullError) Outcome() outcome.Outcome {
	return outcome.Stall("NamespaceFull", fmt.Sprintf(
		"delete the RecordingExports of archives that are complete and then move these elsewhere, or ask the platform team for more room: %s. The volume is measured every %v; no recording is lost meanwhile", e.Error(), Every), 0)
}

// binary is a number of bytes as people read it: rounded to a tenth of the next unit at most.
func binary(bytes int64) *resource.Quantity {
	for unit := int64(1) << 50; unit > 1; unit >>= 10 {
		if bytes >= 10*unit {
			return resource.NewQuantity(bytes/unit*unit, resource.BinarySI)
		}
	}
	return resource.NewQuantity(bytes, resource.BinarySI)
}
