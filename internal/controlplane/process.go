package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// stopTimeout is how long a process may take to end by itself.
const stopTimeout = 10 * time.Second

// process is a running program of the control plane.
type process struct {
	name    string
	log     string
	command *exec.Cmd
	// ended is closed once the process has ended; then err says how.
	ended chan struct{}
	err   error
}

// start runs a program whose output goes to a log file.
func start(binary, logFolder string, args ...string) (*process, error) {
	name := filepath.Base(binary)
	p := &process{name: name, log: filepath.Join(logFolder, name+".log"), ended: make(chan struct{})}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	p.command = exec.Command(binary, args...) //nolint:gosec,noctx // our own binaries; they outlive any context, stop ends them
	p.command.Stdout, p.command.Stderr = log, log
	p.command.SysProcAttr = attributes()
	started := make(chan error)
	go func() {
		// Linux ends a child with the thread that started it, not with the process:
		// this thread must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.command.Start()
		started <- err
		if err == nil {
			p.err = p.command.Wait()
			close(p.ended)
		}
		_ = log.Close()
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// await waits until ready says so, the process ends, or ctx does.
func (p *process) await(ctx context.Context, ready func(context.Context) error) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		select {
		case <-p.ended:
			return p.failure()
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w", p.name, errors.Join(ctx.Err(), last))
		case <-tick.C:
			if last = ready(ctx); last == nil {
				return nil
			}
		}
	}
}

// failure tells how the process ended, with the last lines of its log.
func (p *process) failure() error {
	const tail = 2000
	content, _ := os.ReadFile(p.log)
	if len(content) > tail {
		content = content[len(content)-tail:]
		content = content[bytes.IndexByte(content, '\n')+1:]
	}
	return fmt.Errorf("%s ended (%w); its log %s ends with:\n%s", p.name, p.how(), p.log, content)
}

// how tells how the process ended.
func (p *process) how() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// stop ends the process, first kindly.
func (p *process) stop() error {
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopTimeout):
	}
	if err := p.command.Process.Kill(); err != nil {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.ended
	return nil
}
