package health

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"k8s.io/utils/clock"
)

// checkTimeout is how long one check of a readiness probe may take.
const checkTimeout = 5 * time.Second

// lately is for how long something that worked counts as working: a moment without
// an answer is normal.
const lately = time.Minute

// Lately is a check that fails once its try has not succeeded for a minute. Nobody waits for a
// try that hangs, and a second one does not start meanwhile.
type Lately struct {
	// Try does what must work; ctx ends after five seconds.
	Try   func(ctx context.Context) error
	Clock clock.PassiveClock

	mu      sync.Mutex
	since   time.Time // when it last worked, or was first tried
	last    error
	running bool
}

// errHangs is the error of a try that does not end.
var errHangs = errors.New("no answer")

// Check tries, and reports whether it has worked lately. The first try must work.
func (l *Lately) Check(request *http.Request) error {
	ctx, cancel := context.WithTimeout(request.Context(), checkTimeout)
	defer cancel()
	ended := l.begin(ctx)
	select {
	case <-ended:
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running && l.last == nil {
		l.last = errHangs
	}
	if l.last == nil || !l.since.IsZero() && l.Clock.Since(l.since) < lately {
		return nil
	}
	return l.last
}

// begin begins a try unless one is running; the channel closes when it has ended.
func (l *Lately) begin(ctx context.Context) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	ended := make(chan struct{})
	if l.running {
		return ended
	}
	l.running = true
	go func() {
		defer close(ended)
		err := l.Try(ctx)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.running, l.last = false, err
		if err == nil {
			l.since = l.Clock.Now()
		}
	}()
	return ended
}

// Writable returns an error if no file can be created in a directory. A full directory is not
// an error: its destinations report it, and the process stays in service.
func Writable(directory string) error {
	file, err := os.CreateTemp(directory, ".ready-*")
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write below the archive root: %w", err)
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
