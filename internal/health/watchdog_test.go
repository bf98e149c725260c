package health

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	clocktesting "k8s.io/utils/clock/testing"
)

// controllers are metrics as controller-runtime has them.
type controllers struct {
	*prometheus.Registry
	depth *prometheus.GaugeVec
	ended *prometheus.CounterVec
}

func newControllers() controllers {
	c := controllers{
		prometheus.NewRegistry(),
		prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: depthMetric}, []string{"name", controllerLabel, "priority"}),
		prometheus.NewCounterVec(prometheus.CounterOpts{Name: reconciledMetric}, []string{controllerLabel, "result"}),
	}
	c.MustRegister(c.depth, c.ended, prometheus.NewGauge(prometheus.GaugeOpts{Name: "other"}))
	return c
}

// TestWatchdog: only a controller that has something to do and ends nothing in all
// of a quarter of an hour makes no progress, and one that moves again does.
func TestWatchdog(t *testing.T) {
	c, now := newControllers(), clocktesting.NewFakeClock(time.Unix(1<<30, 0))
	w := &Watchdog{Metrics: c, Clock: now}
	step := func(pass time.Duration, says string) {
		t.Helper()
		now.Step(pass)
		w.look()
		err := w.Check(nil)
		if (err != nil) != (says != "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	step(0, "")
	idle, busy := c.depth.WithLabelValues("a", "a", "0"), c.depth.WithLabelValues("b", "b", "-100")
	idle.Set(0)
	busy.Set(1000)
	slow := c.ended.WithLabelValues("b", "success")
	step(0, "")
	for range 10 { // a slow machine
		slow.Inc()
		step(standstill-time.Second, "")
	}
	step(time.Second, "")
	step(standstill-2*time.Second, "")
	step(time.Second, ": b")
	idle.Set(1)
	step(standstill-time.Second, ": b")
	step(time.Second, ": a, b")
	slow.Inc()
	step(time.Second, ": a")
	idle.Set(0)
	step(time.Second, "")
	idle.Set(5) // what has been idle for long has all of the time again
	step(standstill-2*time.Second, "")
}

// TestWatchdogStarts: it looks by itself, and ends with its context.
func TestWatchdogStarts(t *testing.T) {
	c, now := newControllers(), clocktesting.NewFakeClock(time.Unix(1<<30, 0))
	c.depth.WithLabelValues("a", "a", "0").Set(1)
	w := &Watchdog{Metrics: c, Clock: now}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Start(ctx) }()
	for w.Check(nil) == nil {
		if now.HasWaiters() {
			now.Step(watchEvery)
		}
	}
	cancel()
	if err := <-ended; err != nil || w.NeedLeaderElection() {
		t.Error(err)
	}
}
