package recordingexporttrigger

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/receiver"
)

const (
	// defaultMaxParts bounds the exports of one window.
	defaultMaxParts = 100
	// defaultRoundTimeout bounds how long the events that arrived together may take.
	defaultRoundTimeout = 10 * time.Second
	// duplicateHorizon is how long an event is known by its id after its export was created.
	duplicateHorizon = time.Hour
)

// lostRaces are the waits before a write is repeated that lost a race against another replica. They
// become longer up to Cap, and do not end.
var lostRaces = wait.Backoff{Duration: 5 * time.Millisecond, Factor: 1.5, Jitter: 1, Steps: 30, Cap: 200 * time.Millisecond}

// Collector adds the events of triggers to exports. Events that arrive while it writes wait, and
// are written together, so a burst of events costs few writes. What decides whether an event
// was accepted is the export at the API server: every replica has a Collector.
type Collector struct {
	Client client.Client
	// Fresh reads from the API server itself.
	Fresh client.Reader
	Clock clock.PassiveClock

	// maxParts and roundTimeout are the defaults unless a test sets them.
	maxParts     int
	roundTimeout time.Duration

	mu     sync.Mutex
	queues map[types.NamespacedName]*queue
}

// queue is what waits for the events of a trigger to be written.
type queue struct{ waiting []*pending }

// pending is a delivery that is not settled yet.
type pending struct {
	receiver.Delivery
	done    chan struct{}
	receipt receiver.Receipt
	err     error
}

func (p *pending) settle(receipt receiver.Receipt, err error) {
	p.receipt, p.err = receipt, err
	close(p.done)
}

func settleAll(all []*pending, err error) {
	for _, p := range all {
		p.settle(receiver.Receipt{}, err)
	}
}

// Accept returns once an export has the event's conversation.
func (c *Collector) Accept(ctx context.Context, name types.NamespacedName, delivery receiver.Delivery) (receiver.Receipt, error) {
	p := &pending{Delivery: delivery, done: make(chan struct{})}
	if c.enqueue(name, p) {
		go c.work(context.WithoutCancel(ctx), name)
	}
	select {
	case <-p.done:
		return p.receipt, p.err
	case <-ctx.Done():
		return receiver.Receipt{}, ctx.Err()
	}
}

// enqueue reports whether the caller has to start the work.
func (c *Collector) enqueue(name types.NamespacedName, p *pending) (isFirst bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.queues == nil {
		c.queues = map[types.NamespacedName]*queue{}
	}
	q := c.queues[name]
	if q == nil {
		q, isFirst = &queue{}, true
		c.queues[name] = q
	}
	q.waiting = append(q.waiting, p)
	return isFirst
}

// take returns everything that waits. If nothing does, the queue is forgotten.
func (c *Collector) take(name types.NamespacedName) []*pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.queues[name].waiting
	if len(all) == 0 {
		delete(c.queues, name)
		return nil
	}
	c.queues[name].waiting = nil
	return all
}

// work settles the events of a trigger until none is waiting.
func (c *Collector) work(ctx context.Context, name types.NamespacedName) {
	for all := c.take(name); len(all) > 0; all = c.take(name) {
		c.round(ctx, name, all)
	}
}

// round settles events that arrived together.
func (c *Collector) round(ctx context.Context, name types.NamespacedName, all []*pending) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.roundTimeout, defaultRoundTimeout))
	defer cancel()
	trigger := &v1alpha1.RecordingExportTrigger{}
	if err := c.Client.Get(ctx, name, trigger); err != nil {
		if apierrors.IsNotFound(err) {
			err = receiver.ErrUnknown
		}
		settleAll(all, err)
		return
	}
	unknown, err := c.settleKnown(ctx, trigger, all)
	if err != nil {
		settleAll(all, err)
		return
	}
	var order []window
	windows := map[window][]*pending{}
	for _, p := range unknown {
		in := windowOf(trigger, p.Signed)
		if windows[in] == nil {
			order = append(order, in)
		}
		windows[in] = append(windows[in], p)
	}
	for _, in := range order {
		c.collect(ctx, trigger, in, windows[in])
	}
}

// settleKnown settles events that the cache knows from other exports, and returns the others.
// The cache may be late. Then an event that its sender signed again, in another window,
// leads to another export of the same conversation.
func (c *Collector) settleKnown(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger, all []*pending) (unknown []*pending, err error) {
	exports, err := exportsOf(ctx, c.Client, client.ObjectKeyFromObject(trigger))
	if err != nil {
		return nil, err
	}
	var recent []*collection
	for i := range exports {
		if c.Clock.Since(exports[i].CreationTimestamp.Time) < duplicateHorizon {
			recent = append(recent, readCollection(&exports[i]))
		}
	}
	for _, p := range all {
		if !p.settleFrom(recent...) {
			unknown = append(unknown, p)
		}
	}
	return unknown, nil
}

// settleFrom settles a delivery that one of the exports records.
func (p *pending) settleFrom(collections ...*collection) bool {
	for _, c := range collections {
		if receipt, err, isKnown := c.receipt(p.Delivery); isKnown {
			p.settle(receipt, err)
			return true
		}
	}
	return false
}

// collect adds events to the exports of a window: to each as many as it takes.
func (c *Collector) collect(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger, in window, all []*pending) {
	for part := 1; part <= cmp.Or(c.maxParts, defaultMaxParts) && len(all) > 0; part++ {
		left, err := c.fill(ctx, trigger, in, part, all)
		if err != nil {
			settleAll(left, err)
			return
		}
		all = left
	}
	settleAll(all, receiver.ErrFull)
}

// fill adds events to one export, which it creates if it does not exist. It repeats a write that
// lost a race until the round ends. It returns the
// events that the export does not take, and after an error all that are not settled.
func (c *Collector) fill(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger, in window, part int, all []*pending) (left []*pending, err error) {
	left = all
	lost := lostRaces.DelayFunc().Until(ctx, true, true, func(ctx context.Context) (isWritten bool, _ error) {
		left, err = c.tryFill(ctx, trigger, in, part, all)
		if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) || apierrors.IsNotFound(err) {
			return false, nil
		}
		return true, nil
	})
	if err == nil {
		err = lost
	}
	if err != nil {
		return all, fmt.Errorf("write the export %s: %w", exportName(trigger.Name, in, part), err)
	}
	return left, nil
}

// tryFill is fill, without repeating a write that lost a race.
func (c *Collector) tryFill(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger, in window, part int, all []*pending) (left []*pending, err error) {
	target, err := c.load(ctx, trigger, in, part)
	if err != nil {
		return all, err
	}
	before := target.export.DeepCopy()
	left, settled := target.absorb(trigger, all, c.Clock.Now())
	if err := c.write(ctx, target, before); err != nil {
		return all, err
	}
	for _, settle := range settled {
		settle()
	}
	return left, nil
}

// absorb adds what the export takes, and returns what it does not take, and how to settle the
// others once the export is written.
func (c *collection) absorb(trigger *v1alpha1.RecordingExportTrigger, all []*pending, now time.Time) (left []*pending, settled []func()) {
	for _, p := range all {
		receipt, err, isKnown := c.receipt(p.Delivery)
		if !isKnown {
			if !c.takes(trigger, now) {
				left = append(left, p)
				continue
			}
			receipt = c.add(p.Delivery)
		}
		settled = append(settled, func() { p.settle(receipt, err) })
	}
	return left, settled
}

// load reads an export, or makes a new one. Nothing is added to an export that has started, so
// the cache suffices for those.
func (c *Collector) load(ctx context.Context, trigger *v1alpha1.RecordingExportTrigger, in window, part int) (*collection, error) {
	name := types.NamespacedName{Namespace: trigger.Namespace, Name: exportName(trigger.Name, in, part)}
	export := &v1alpha1.RecordingExport{}
	if err := c.Client.Get(ctx, name, export); err == nil {
		if _, isCollecting := readCollection(export).collectsUntil(); !isCollecting {
			return readCollection(export), nil
		}
	}
	err := c.Fresh.Get(ctx, name, export)
	if apierrors.IsNotFound(err) {
		return newCollection(trigger, in, part, c.Clock.Now()), nil
	}
	return readCollection(export), err
}

// write creates or changes an export, if it has changed. A write that lost a race fails.
func (c *Collector) write(ctx context.Context, target *collection, before *v1alpha1.RecordingExport) error {
	switch {
	case len(target.records) == len(readCollection(before).records):
		return nil
	case before.ResourceVersion == "":
		return c.Client.Create(ctx, target.export)
	default:
		return c.Client.Patch(ctx, target.export, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	}
}

// exportsOf lists the exports that a trigger created.
func exportsOf(ctx context.Context, reader client.Reader, trigger types.NamespacedName) ([]v1alpha1.RecordingExport, error) {
	var list v1alpha1.RecordingExportList
	err := reader.List(ctx, &list, client.InNamespace(trigger.Namespace), client.MatchingLabels{v1alpha1.LabelTrigger: trigger.Name})
	return list.Items, err
}
