//go:build failpoints

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// pollInterval is the time between two checks whether a pause is over.
const pollInterval = 10 * time.Millisecond

// halt is longer than any thread keeps running after the process was told to stop.
const halt = 200 * time.Millisecond

// trap is an action that waits for its pass.
type trap struct {
	place, detail string
	left          int
	action        string
}

// registry are what the environment asks for.
type registry struct {
	mark string
	mu   sync.Mutex
	log  *os.File
	set  []*trap
}

// loadRegistry reads the environment, once. It ends the process if it cannot read
// it: a test must not pass because its trap was not set.
var loadRegistry = sync.OnceValue(func() *registry {
	w := &registry{mark: os.Getenv("REX_FAILPOINT_MARK")}
	for text := range strings.SplitSeq(os.Getenv("REX_FAILPOINT"), ",") {
		if text == "" {
			continue
		}
		t, err := parse(text)
		if err != nil {
			panic(err)
		}
		w.set = append(w.set, t)
	}
	if name := os.Getenv("REX_FAILPOINT_LOG"); name != "" {
		var err error
		if w.log, err = os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
			panic(err)
		}
	}
	return w
})

// parse reads POINT/MOMENT[@DETAIL][:PASS]=ACTION.
func parse(text string) (*trap, error) {
	where, action, ok := strings.Cut(text, "=")
	if !ok {
		return nil, fmt.Errorf("REX_FAILPOINT: %q names no action", text)
	}
	where, pass, counted := strings.Cut(where, ":")
	t := &trap{left: 1, action: action}
	t.place, t.detail, _ = strings.Cut(where, "@")
	if counted {
		var err error
		if t.left, err = strconv.Atoi(pass); err != nil {
			return nil, fmt.Errorf("REX_FAILPOINT: %q: %w", text, err)
		}
	}
	switch action {
	case "kill", "error", "pause", "stop":
		return t, nil
	default:
		return nil, fmt.Errorf("REX_FAILPOINT: %q is not an action", action)
	}
}

// pass is called at each pass of a place.
func (w *registry) pass(place, detail string) error {
	switch w.due(place, detail) {
	case "kill":
		return kill()
	case "error":
		return fmt.Errorf("failpoint %s", place)
	case "pause":
		return w.pause()
	case "stop":
		return w.stop()
	default:
		return nil
	}
}

// due records the pass and returns the action whose pass it is.
func (w *registry) due(place, detail string) (action string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.log != nil {
		if _, err := fmt.Fprintln(w.log, place, detail); err != nil {
			panic(err)
		}
	}
	for _, t := range w.set {
		if t.place != place || !strings.Contains(detail, t.detail) {
			continue
		}
		if t.left--; t.left == 0 {
			return t.action
		}
	}
	return ""
}

// kill ends the process without giving anything in it a chance.
func kill() error {
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		panic(err)
	}
	select {}
}

// pause waits until the mark is removed.
func (w *registry) pause() error {
	if err := os.WriteFile(w.mark, nil, 0o600); err != nil {
		panic(err)
	}
	for there := true; there; {
		<-time.After(pollInterval)
		_, err := os.Stat(w.mark)
		there = err == nil
	}
	return nil
}

// stop stops the whole process; it continues here.
func (w *registry) stop() error {
	if err := os.WriteFile(w.mark, nil, 0o600); err != nil {
		panic(err)
	}
	err := syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	<-time.After(halt)
	return err
}
