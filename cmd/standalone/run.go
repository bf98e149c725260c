package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap/zapcore"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/operator"
)

// startTimeout is how long the control plane may take to start.
const startTimeout = 2 * time.Minute

// run does everything, and returns the exit code.
func run(ctx context.Context, s settings, out *screen) int {
	objects, err := readManifests(s.manifests)
	if err != nil {
		return out.fail(err)
	}
	assets, err := controlplane.FindAssets()
	if err != nil {
		return out.fail(err)
	}
	out.note("Starting a control plane; data directory: %s", s.stateDir)
	plane, err := startPlane(ctx, assets, s.stateDir)
	if err != nil {
		return out.fail(err)
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			out.note("While stopping the control plane: %v", err)
		}
	}()
	return work(ctx, s, out, plane, objects)
}

func startPlane(ctx context.Context, assets, state string) (*controlplane.ControlPlane, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return controlplane.Start(ctx, assets, state)
}

// work runs the operator in the control plane until the exports have ended. With --keep it
// runs until it is interrupted.
func work(ctx context.Context, s settings, out *screen, plane *controlplane.ControlPlane, objects []manifest) int {
	log, err := os.OpenFile(filepath.Join(s.stateDir, "logs", "operator.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return out.fail(err)
	}
	defer func() { _ = log.Close() }()
	s.endpoints = withNamed(s.endpoints, objects)
	// The operator reads through the cache of the manager, and this program reads without it.
	api, err := client.New(plane.Config, client.Options{Scheme: operator.NewScheme(), FieldValidation: "Strict"})
	if err != nil {
		return out.fail(err)
	}
	if err := install(ctx, api); err != nil {
		return out.fail(err)
	}
	mgr, err := newManager(plane, s, log) // it needs the installed CustomResourceDefinitions
	if err != nil {
		return out.fail(err)
	}
	exports, err := apply(ctx, api, objects, out)
	if err != nil {
		return out.fail(err)
	}
	alive, stop := operate(ctx, plane, mgr)
	defer stop()
	w := &watcher{api: api, exports: exports, root: s.archiveRoot, out: out, untilCaughtUp: s.untilCaughtUp}
	code, err := watchOver(alive, s, w)
	switch {
	case err != nil && ctx.Err() != nil:
		out.note("Stopping; run it again with the same --state-dir to resume")
		return exitInterrupted
	case err != nil:
		code = out.fail(err)
	}
	if s.keep && alive.Err() == nil {
		out.note("Still running. Press Ctrl-C to stop. In another terminal:\n  %s --kubeconfig %s get rex -A", plane.Kubectl, plane.Kubeconfig)
		<-alive.Done()
		if ctx.Err() == nil {
			return out.fail(context.Cause(alive))
		}
	}
	return code
}

func newManager(plane *controlplane.ControlPlane, s settings, log io.Writer) (ctrl.Manager, error) {
	ctrl.SetLogger(zap.New(zap.WriteTo(log), zap.Level(zapcore.InfoLevel)))
	root, err := filepath.Abs(s.archiveRoot)
	if err != nil {
		return nil, err
	}
	return operator.New(plane.Config, operator.Options{
		ArchiveRoot: root,
		Endpoints:   s.endpoints,
		// In the program's own control plane nobody else has a namespace.
		ArtifactKey: types.NamespacedName{Namespace: metav1.NamespaceSystem, Name: operator.DefaultArtifactKey},
		Intervals:   operator.DefaultIntervals(),
		Manager:     ctrl.Options{Metrics: metricsserver.Options{BindAddress: "0"}},
	})
}

// operate runs the operator until stop is called, which waits until the operator has ended.
// alive ends when the operator or the control plane ends; its cause tells which.
func operate(ctx context.Context, plane *controlplane.ControlPlane, mgr ctrl.Manager) (alive context.Context, stop func()) {
	running, end := context.WithCancel(ctx)
	alive, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	var failure error
	go func() {
		failure = mgr.Start(running)
		close(ended)
	}()
	go func() {
		select {
		case err := <-plane.Failed():
			cancel(err)
		case <-ended:
			cancel(fmt.Errorf("the operator ended: %w", failure))
		}
	}()
	return alive, func() {
		end()
		<-ended
		cancel(nil)
	}
}

// watchOver watches the exports until they have ended, and returns the exit code. It returns an
// error if the operator or the control plane ends first, or if --timeout has passed.
func watchOver(alive context.Context, s settings, w *watcher) (int, error) {
	watching, cancel := context.WithCancelCause(alive)
	defer cancel(nil)
	if s.timeout > 0 {
		time.AfterFunc(s.timeout, func() { cancel(fmt.Errorf("not finished after %v (--timeout)", s.timeout)) })
	}
	code, err := w.watch(watching, s.keep)
	if errors.Is(err, context.Canceled) {
		err = context.Cause(watching)
	}
	return code, err
}
