package budget

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// after is d seconds after noon.
func after(d float64) time.Time { return noon.Add(time.Duration(d * float64(time.Second))) }

// present is a window of 300 that ends 40 s after noon. Of our 90 requests two
// may not be among the 100 counted.
func present() window {
	return window{
		allowed: 300, end: after(40), told: true,
		counted: 100, asOf: noon, unseen: []time.Time{after(-0.5), after(0.5)}, own: 90,
	}
}

// ending is the same window, whose end we put a second too late.
func ending() window {
	w := present()
	w.end = after(2)
	return w
}

func TestWindowObserve(t *testing.T) {
	tests := map[string]struct {
		before window
		header Headers
		sent   float64
		want   window
	}{
		"the same window, later": {
			present(), Headers{300, 120, 38 * time.Second}, 0.5,
			window{
				allowed: 300, end: after(40), told: true,
				counted: 120, asOf: after(0.5), unseen: []time.Time{after(0.5)}, own: 90,
			},
		},
		"the same window, an overtaken answer": {
			present(), Headers{300, 95, 38 * time.Second}, -1, present(),
		},
		"the same window, its end known better": {
			present(), Headers{300, 99, 36 * time.Second}, -0.5,
			window{
				allowed: 300, end: after(38), told: true,
				counted: 100, asOf: noon, unseen: present().unseen, own: 90,
			},
		},
		"a new window": {
			ending(), Headers{300, 7, time.Minute}, 0.5,
			window{
				allowed: 300, end: after(62), told: true,
				counted: 7, asOf: after(0.5), unseen: []time.Time{after(0.5)}, own: 2,
			},
		},
		"an earlier window": {
			present(), Headers{300, 299, 0}, -0.5, present(),
		},
		"a guessed window": {
			window{end: after(50), asOf: noon, unseen: []time.Time{after(0.5)}, own: 2},
			Headers{300, 11, 20 * time.Second}, 0.5,
			window{
				allowed: 300, end: after(22), told: true,
				counted: 11, asOf: after(0.5), unseen: []time.Time{after(0.5)}, own: 2,
			},
		},
		"a guessed window, asked before it": {
			window{end: after(50), asOf: noon, own: 2},
			Headers{300, 299, 0}, -0.5,
			window{allowed: 300, end: after(50), asOf: noon, own: 2},
		},
		"less is allowed now": {
			present(), Headers{180, 100, 38 * time.Second}, 0,
			window{
				allowed: 180, end: after(40), told: true,
				counted: 100, asOf: noon, unseen: present().unseen, own: 90,
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := test.before
			got.observe(test.header, after(test.sent), after(1))
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(window{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWindowRoll(t *testing.T) {
	w := present()
	if w.roll(after(40).Add(-1)) {
		t.Fatal("rolled before the window was over")
	}
	w.send(after(39.5))
	if !w.roll(after(40)) {
		t.Fatal("did not roll when the window was over")
	}
	want := window{allowed: 300, end: after(101), asOf: after(40), unseen: []time.Time{after(39.5)}, own: 3}
	if diff := cmp.Diff(want, w, cmp.AllowUnexported(window{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWindowRoom(t *testing.T) {
	alone := window{allowed: 300, counted: 90, asOf: noon, unseen: make([]time.Time, 10), own: 100}
	shared := present() // others have sent 10 in the 21 seconds before noon
	tests := map[string]struct {
		window window
		at     float64
		want   int
	}{
		"nothing told":                  {window{own: 1000}, 0, 1},
		"alone":                         {alone, 0, 200},
		"alone, later":                  {alone, 30, 200},
		"shared: a reserve is kept":     {shared, 0, 192},
		"shared: others continue":       {shared, 5, 190},
		"shared: but not forever":       {shared, 39, 188},
		"a small budget has no reserve": {window{allowed: 10, counted: 5, asOf: noon, own: 1}, 0, 5},
		"exhausted":                     {window{allowed: 300, counted: 300, own: 300}, 0, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.window.room(after(test.at)); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestWindowShare(t *testing.T) {
	w := window{allowed: 300, end: after(31), told: true, counted: 100, asOf: noon, own: 40}
	// 194 are left for 30 seconds, and others send 60 in 30 seconds.
	if got, want := w.share(noon), 194.0/30-2; got != want {
		t.Errorf("got %v requests a second, want %v", got, want)
	}
}
