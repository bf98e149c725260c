package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// shutdownGrace is how long requests in flight may take to end.
const shutdownGrace = 5 * time.Second

// program is the environment of the process.
type program struct {
	args           []string
	getenv         func(string) string
	stdout, stderr io.Writer
}

// run serves until ctx ends.
func run(ctx context.Context, p program) error {
	s, err := parse(p.args, p.getenv, p.stderr)
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	sim := simulator.New(s.options)
	if err := announce(p.stdout, sim, "http://"+listener.Addr().String()); err != nil {
		return err
	}
	handler := http.Handler(sim)
	if s.verbose {
		handler = logged(handler, slog.New(slog.NewTextHandler(p.stderr, nil)))
	}
	var exports sync.WaitGroup
	defer exports.Wait() // so that no file stays half-written
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if s.options.ExportDir != "" || s.options.ExportBucket.Name != "" {
		exports.Go(func() { tick(ctx, sim) })
	}
	return serve(ctx, listener, handler)
}

// serve answers requests until ctx ends. The end of ctx also ends simulated delays.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// tick lets exported files appear although nobody requests them.
func tick(ctx context.Context, sim *simulator.Simulator) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			sim.Tick()
		case <-ctx.Done():
			return
		}
	}
}
