package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// isReady reports whether a server that writes to a log is ready.
type isReady func(log string) (bool, error)

// saying waits for words in the log.
func saying(words string) isReady {
	return func(log string) (bool, error) {
		text, err := os.ReadFile(log)
		return bytes.Contains(text, []byte(words)), err
	}
}

// listening waits until something accepts connections at an address.
func listening(address string) isReady {
	return func(string) (bool, error) {
		connection, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return false, nil //nolint:nilerr // it is not ready yet
		}
		return true, connection.Close()
	}
}

// startServer starts a program that writes to a log, and returns once it is ready.
func startServer(command *exec.Cmd, path string, ready isReady) (stop func(), err error) {
	log, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(command.Path)
	command.Stdout, command.Stderr = log, log
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(command.Wait(), log.Close()) }()
	stop = func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			fmt.Fprintf(os.Stderr, "demo: %s: %v\n", name, err)
		}
	}
	for {
		select {
		case err := <-ended:
			return nil, fmt.Errorf("%s did not start: %w; see %s", name, err, path)
		case <-time.After(50 * time.Millisecond):
		}
		switch is, err := ready(path); {
		case err != nil:
			stop()
			return nil, err
		case is:
			return stop, nil
		}
	}
}
