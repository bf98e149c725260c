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
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/gcexport/recording-export-operator/internal/connection"
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
	out.note("Starting a control plane; its data are in %s", s.stateDir)
	plane, err := startPlane(ctx, assets, s.stateDir)
	if err != nil {
		return out.fail(err)
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			out.note("While stopping the control plane: %v", err)
		}
	}()
	code := work(ctx, s, out, plane, objects)
	if s.keep && code != exitInterrupted {
		out.note("Staying up until Ctrl-C. In another terminal:\n  %s --kubeconfig %s get genesys -A", filepath.Join(assets, "kubectl"), plane.Kubeconfig)
		<-ctx.Done()
	}
	return code
}

func startPlane(ctx context.Context, assets, state string) (*controlplane.ControlPlane, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return controlplane.Start(ctx, assets, state)
}

// work runs the operator in the control plane until the exports have ended.
func work(ctx context.Context, s settings, out *screen, plane *controlplane.ControlPlane, objects []manifest) int {
	log, err := os.OpenFile(filepath.Join(s.stateDir, "logs", "operator.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return out.fail(err)
	}
	defer func() { _ = log.Close() }()
	mgr, err := newManager(plane, s.archiveRoot, log)
	if err != nil {
		return out.fail(err)
	}
	// The operator reads and writes through the manager, this program past its cache.
	api, err := client.New(plane.Config, client.Options{Scheme: mgr.GetScheme(), FieldValidation: "Strict"})
	if err != nil {
		return out.fail(err)
	}
	if err := install(ctx, api); err != nil {
		return out.fail(err)
	}
	exports, err := apply(ctx, api, objects, out)
	if err != nil {
		return out.fail(err)
	}
	return watchOver(ctx, s, out, plane, mgr, &watcher{api: api, exports: exports, root: s.archiveRoot, out: out, untilCaughtUp: s.untilCaughtUp})
}

func newManager(plane *controlplane.ControlPlane, archiveRoot string, log io.Writer) (ctrl.Manager, error) {
	ctrl.SetLogger(zap.New(zap.WriteTo(log), zap.Level(zapcore.InfoLevel)))
	root, err := filepath.Abs(archiveRoot)
	if err != nil {
		return nil, err
	}
	return operator.New(plane.Config, operator.Options{
		ArchiveRoot: root,
		// Whoever writes the manifests starts this program too.
		Endpoints: connection.Endpoints{Any: true},
		Paces:     operator.DefaultPaces(),
		Manager:   ctrl.Options{Metrics: metricsserver.Options{BindAddress: "0"}},
	})
}

// watchOver runs the operator and watches the exports until they have ended, or
// something else has.
func watchOver(ctx context.Context, s settings, out *screen, plane *controlplane.ControlPlane, mgr ctrl.Manager, w *watcher) int {
	running, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	var failure error
	go func() {
		failure = mgr.Start(running)
		close(ended)
	}()
	defer func() {
		stop()
		<-ended
	}()
	watching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if s.timeout > 0 {
		time.AfterFunc(s.timeout, func() { cancel(fmt.Errorf("not finished after %v (--timeout)", s.timeout)) })
	}
	go func() {
		select {
		case err := <-plane.Failed():
			cancel(err)
		case <-ended:
			cancel(fmt.Errorf("the operator ended: %w", failure))
		case <-watching.Done():
		}
	}()
	code, err := w.watch(watching, s.keep)
	switch {
	case err == nil:
		return code
	case ctx.Err() != nil:
		out.note("Stopping; run it again with the same --state-dir to go on")
		return exitInterrupted
	case errors.Is(err, context.Canceled):
		return out.fail(context.Cause(watching))
	default:
		return out.fail(err)
	}
}
