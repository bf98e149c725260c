// Package s3server gives tests an S3 server of their own: versitygw, a real one,
// on a directory, which can be killed and started again.
package s3server

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
)

const (
	// AccessKeyID is that of the server's owner.
	AccessKeyID = "AKIDEXAMPLE000000001"
	// SecretAccessKey is that of the server's owner.
	SecretAccessKey = "a-secret-that-must-never-be-seen-0123456789"
	// Region of the server.
	Region = "eu-central-1"

	// startTimeout is how long the server may take to answer.
	startTimeout = 30 * time.Second
	interval     = 20 * time.Millisecond
)

// binary finds the server's program, and builds it if it is not there, which
// takes some minutes: no test is left out for lack of it.
var binary = sync.OnceValues(func() (string, error) {
	root, err := controlplane.SourceRoot()
	if err != nil {
		return "", err
	}
	build := exec.Command(filepath.Join(root, "hack", "versitygw", "build.sh"))
	build.Stderr = os.Stderr
	output, err := build.Output()
	if err != nil {
		return "", fmt.Errorf("build the S3 server: %w", err)
	}
	return strings.TrimSpace(string(output)), nil
})

// Server is an S3 server.
type Server struct {
	testing.TB
	// URL is its base address.
	URL string

	address string
	folder  string
	command *exec.Cmd
	ended   chan struct{}
}

// Start starts a server with no buckets. It ends with the test, or with the
// test's process however that ends.
func Start(t testing.TB) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	// Made absolute, because the server takes nothing else.
	folder, err := filepath.Abs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{TB: t, URL: "http://" + address, address: address, folder: folder}
	for _, name := range []string{"data", "iam", "versions"} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o750); err != nil {
			t.Fatal(err)
		}
	}
	s.Run()
	t.Cleanup(s.Kill)
	return s
}

// Run starts the server again after Kill, with all that it contains.
func (s *Server) Run() {
	s.Helper()
	program, err := binary()
	if err != nil {
		s.Fatal(err)
	}
	log, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.Fatal(err)
	}
	// The environment is left out: it may contain settings of the server's or of AWS.
	s.command = exec.Command(program, "--port", s.address, "--region", Region, "--iam-dir", filepath.Join(s.folder, "iam"),
		"posix", "--versioning-dir", filepath.Join(s.folder, "versions"), filepath.Join(s.folder, "data"))
	s.command.Env = []string{"ROOT_ACCESS_KEY=" + AccessKeyID, "ROOT_SECRET_KEY=" + SecretAccessKey}
	s.command.Dir, s.command.Stdout, s.command.Stderr, s.command.SysProcAttr = s.folder, log, log, attributes()
	s.ended = make(chan struct{})
	started := make(chan error)
	go func() {
		// Linux ends a child with the thread that started it, not with the process:
		// this thread must live as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.ended)
		err := s.command.Start()
		started <- err
		if err == nil {
			_ = s.command.Wait()
		}
		_ = log.Close()
	}()
	if err := <-started; err != nil {
		s.Fatal(err)
	}
	s.await()
}

// await waits until the server answers.
func (s *Server) await() {
	s.Helper()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	deadline := time.After(startTimeout)
	for {
		select {
		case <-tick.C:
			if connection, err := net.Dial("tcp", s.address); err == nil {
				_ = connection.Close()
				return
			}
		case <-s.ended:
			s.Fatalf("the S3 server ended: %s", s.log())
		case <-deadline:
			s.Fatalf("the S3 server does not answer: %s", s.log())
		}
	}
}

func (s *Server) log() []byte {
	content, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return content
}

// Kill ends the server at once, in the middle of whatever it does (SIGKILL).
func (s *Server) Kill() {
	_ = s.command.Process.Kill()
	<-s.ended
}

// Admin runs a command of the server's administrator.
func (s *Server) Admin(ctx context.Context, arguments ...string) {
	s.Helper()
	program, err := binary()
	if err != nil {
		s.Fatal(err)
	}
	admin := exec.CommandContext(ctx, program, append([]string{
		"admin", "--access", AccessKeyID, "--secret", SecretAccessKey, "--region", Region, "--endpoint-url", s.URL,
	}, arguments...)...)
	if output, err := admin.CombinedOutput(); err != nil {
		s.Fatalf("%v: %v: %s", arguments, err, output)
	}
}
