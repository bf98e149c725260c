// Package health reports whether the process can do its work. The kubelet requests this at
// /healthz, where a failure restarts the process, and at /readyz.
package health

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/utils/clock"
)

// How often the watchdog looks, and for how long a controller may make no progress.
// Reconciles end after two minutes at the latest, so that none ends in this time,
// though some are due, only if all of a controller's workers hang.
const (
	watchEvery = 30 * time.Second
	standstill = 15 * time.Minute
)

// Watchdog finds controllers without progress: objects wait in the queue, and no reconcile has
// ended since. Work that takes long is done by pools, which Reconcile does not wait for, so a
// slow machine or Genesys Cloud is not a reason.
type Watchdog struct {
	// Metrics are those of controller-runtime: the length of each controller's queue
	// and how many reconciles have ended.
	Metrics prometheus.Gatherer
	Clock   clock.Clock

	mu       sync.Mutex
	progress map[string]progress
	still    []string
}

// progress is how a controller stood when it last moved.
type progress struct {
	ended float64
	at    time.Time
}

// sample is how a controller stands.
type sample struct {
	// waiting is the number of objects in its queue, ended the number of its reconciles.
	waiting, ended float64
}

// NeedLeaderElection tells that the watchdog runs in every replica.
func (w *Watchdog) NeedLeaderElection() bool { return false }

// Start looks at the controllers until the context ends.
func (w *Watchdog) Start(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.Clock.After(watchEvery):
			w.look()
		}
	}
}

// look judges the controllers. Values that cannot be read now are read next time.
func (w *Watchdog) look() {
	families, err := w.Metrics.Gather()
	if err == nil {
		w.judge(samples(families), w.Clock.Now())
	}
}

// judge notes which controllers have not moved for too long. One whose queue is
// empty has nothing to do, and counts as moving.
func (w *Watchdog) judge(now map[string]sample, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.progress == nil {
		w.progress = map[string]progress{}
	}
	w.still = nil
	for _, name := range slices.Sorted(maps.Keys(now)) {
		last, known := w.progress[name]
		if !known || now[name].waiting == 0 || now[name].ended != last.ended {
			w.progress[name] = progress{now[name].ended, at}
			continue
		}
		if at.Sub(last.at) >= standstill {
			w.still = append(w.still, name)
		}
	}
}

// Check fails while a controller makes no progress.
func (w *Watchdog) Check(*http.Request) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.still) == 0 {
		return nil
	}
	return fmt.Errorf("objects are waiting, and no reconcile has ended for %v: %s", standstill, strings.Join(w.still, ", "))
}

// The metrics of controller-runtime that tell how controllers stand.
const (
	depthMetric      = "workqueue_depth"
	reconciledMetric = "controller_runtime_reconcile_total"
	controllerLabel  = "controller"
)

// samples reads how each controller stands. The queue of a controller may be told
// in parts, by priority.
func samples(families []*dto.MetricFamily) map[string]sample {
	all := map[string]sample{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			name := controllerOf(metric)
			s := all[name]
			switch family.GetName() {
			case depthMetric:
				s.waiting += metric.GetGauge().GetValue()
			case reconciledMetric:
				s.ended += metric.GetCounter().GetValue()
			default:
				continue
			}
			all[name] = s
		}
	}
	return all
}

func controllerOf(metric *dto.Metric) string {
	for _, label := range metric.GetLabel() {
		if label.GetName() == controllerLabel {
			return label.GetValue()
		}
	}
	return ""
}
