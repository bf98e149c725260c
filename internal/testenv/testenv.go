// Package testenv gives tests a Kubernetes API server of their own.
package testenv

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
)

const (
	// waitLimit is how long Eventually waits, generous because machines that
	// run tests are busy.
	waitLimit = 4 * time.Minute
	interval  = 50 * time.Millisecond
)

// assets finds the control plane's binaries, and builds them if they are not
// there, which takes some ten minutes: no test is left out for lack of them.
var assets = sync.OnceValues(func() (string, error) {
	directory, err := controlplane.FindAssets()
	if !errors.Is(err, controlplane.ErrNoAssets) {
		return directory, err
	}
	root, err := controlplane.SourceRoot()
	if err != nil {
		return "", err
	}
	build := exec.Command(filepath.Join(root, "hack", "controlplane", "build.sh"))
	build.Stderr = os.Stderr
	if _, err := build.Output(); err != nil {
		return "", fmt.Errorf("build the control plane: %w", err)
	}
	return controlplane.FindAssets()
})

// Assets returns the directory of the control plane's binaries.
func Assets(t testing.TB) string {
	t.Helper()
	directory, err := assets()
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// Start starts an API server that knows the operator's kinds. It ends with the test.
func Start(t testing.TB) *rest.Config {
	t.Helper()
	config, stop, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return config
}

// Main starts an API server for all tests of a package: call it from TestMain
// with what the tests are to be given.
func Main(m *testing.M, give func(*rest.Config)) {
	ctrl.SetLogger(logger())
	config, stop, err := start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	give(config)
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func start() (*rest.Config, func() error, error) {
	directory, err := assets()
	if err != nil {
		return nil, nil, err
	}
	root, err := controlplane.SourceRoot()
	if err != nil {
		return nil, nil, err
	}
	environment := &envtest.Environment{
		BinaryAssetsDirectory: directory,
		CRDDirectoryPaths:     []string{filepath.Join(root, "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	config, err := environment.Start()
	return config, environment.Stop, err
}

// Eventually waits until a condition is true.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	deadline := time.After(waitLimit)
	for !holds() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatalf("%s: %v", what, t.Context().Err())
		case <-deadline:
			t.Fatalf("not after %v: %s", waitLimit, what)
		}
	}
}

// logger shows warnings and errors of the code under test, if tests are verbose.
func logger() logr.Logger {
	if !slices.Contains(os.Args, "-test.v=true") {
		return logr.Discard()
	}
	return logr.FromSlogHandler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
