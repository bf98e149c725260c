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

// MeasureInterval is how long after a measurement of the volume the next one begins.
const MeasureInterval = 10 * time.Minute

// Meter knows about how many bytes each namespace with a bound uses. It measures the
// volume from time to time and adds what was stored since, so removed files count until
// the next measurement. Before the first measurement has ended it knows only what this
// process has stored.
type Meter struct {
	// Root is the directory below which each namespace has one of its name.
	Root   string
	Limits Limits
	Clock  clock.Clock

	mu          sync.Mutex
	byNamespace map[string]*account
}

// account is what a namespace uses, in bytes.
type account struct {
	// measured is what the last measurement found, stored what was stored since it began,
	// and reserved what running transfers have still to store.
	measured, stored, reserved int64
}

// total is what the namespace uses, including what is reserved.
func (t *account) total() int64 { return t.measured + t.stored + t.reserved }

// Start measures the volume repeatedly until the context ends. It returns then even if a
// file system hangs, as network volumes of Kubernetes may.
func (m *Meter) Start(ctx context.Context) error {
	if !m.Limits.isAny() {
		return nil
	}
	go func() {
		for {
			if err := m.measure(ctx); err != nil && ctx.Err() == nil {
				ctrl.LoggerFrom(ctx).Error(err, "Failed to measure what namespaces take on the archive volume")
			}
			if transfer.Wait(ctx, m.Clock, MeasureInterval) != nil {
				return
			}
		}
	}()
	<-ctx.Done()
	return nil
}

// NeedLeaderElection is true: only the leader measures.
func (m *Meter) NeedLeaderElection() bool { return true }

// accountOf returns the account of a namespace. m.mu is locked.
func (m *Meter) accountOf(namespace string) *account {
	if m.byNamespace == nil {
		m.byNamespace = map[string]*account{}
	}
	of := m.byNamespace[namespace]
	if of == nil {
		of = &account{}
		m.byNamespace[namespace] = of
	}
	return of
}

// addStored adds bytes that were stored, or subtracts some if the number is negative.
func (m *Meter) addStored(namespace string, bytes int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accountOf(namespace).stored += bytes
}

// startWalk returns what was stored since the last measurement, at the start of the next
// one.
func (m *Meter) startWalk(namespace string) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.accountOf(namespace).stored
}

// endWalk records what a measurement found. Files that were stored while it ran are in
// what it found only if they are newer than its start, so they count about once.
func (m *Meter) endWalk(namespace string, now found, before int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.accountOf(namespace)
	meanwhile := max(of.stored-before, 0)
	of.measured, of.stored = now.bytes, meanwhile-min(meanwhile, now.fresh)
}

// abortWalk records what a measurement found that did not end: the namespace uses at least
// that. What was stored before it does not count a second time in the next one.
func (m *Meter) abortWalk(namespace string, now found, before int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.accountOf(namespace)
	of.measured, of.stored = max(of.measured+before, now.bytes), of.stored-before
}

// Usage is what a namespace uses, and its bound.
type Usage struct {
	Namespace   string
	Bytes, Most int64
}

// All are the namespaces that have a bound and use something, by name.
func (m *Meter) All() []Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Usage
	for namespace, of := range m.byNamespace {
		all = append(all, Usage{namespace, of.measured + of.stored, m.Limits.Of(namespace)})
	}
	slices.SortFunc(all, func(a, b Usage) int { return cmp.Compare(a.Namespace, b.Namespace) })
	return all
}

// Fits returns a FullError if a namespace uses more than its bound, or would with so many bytes
// more. This includes bytes that transfers have reserved.
func (m *Meter) Fits(namespace string, bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fits(namespace, bytes)
}

// fits is Fits. m.mu is locked.
func (m *Meter) fits(namespace string, bytes int64) error {
	most := m.Limits.Of(namespace)
	if most == 0 {
		return nil
	}
	if now := m.accountOf(namespace).total(); bytes > most-now {
		return &FullError{Usage{namespace, now, most}, bytes}
	}
	return nil
}

// FullError tells that a namespace uses its whole share, or would with Needs more bytes.
type FullError struct {
	Usage
	Needs int64
}

func (e *FullError) Error() string {
	needs := ""
	if e.Needs > 0 {
		needs = fmt.Sprintf(" and needs %v more", binary(e.Needs))
	}
	return fmt.Sprintf("the namespace %s uses about %v%s on the shared archive volume, including running transfers, and may use %v, which the platform team has set (%s of the manager)",
		e.Namespace, binary(e.Bytes), needs, binary(e.Most), Flag)
}

// Outcome is that a person has to free space. The operator still retries.
func (e *FullError) Outcome() outcome.Outcome {
	return outcome.Stall("NamespaceFull", fmt.Sprintf(
		"delete the RecordingExports of complete archives and then move these archives elsewhere, or ask the platform team for more space: %s. The operator measures the volume every %v; no recording is lost meanwhile", e.Error(), MeasureInterval), 0)
}

// binary is a number of bytes for people to read: rounded to a tenth of the next unit at
// most.
func binary(bytes int64) *resource.Quantity {
	for unit := int64(1) << 50; unit > 1; unit >>= 10 {
		if bytes >= 10*unit {
			return resource.NewQuantity(bytes/unit*unit, resource.BinarySI)
		}
	}
	return resource.NewQuantity(bytes, resource.BinarySI)
}
