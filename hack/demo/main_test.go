package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAnAddressInUse: a demo that cannot begin leaves what the last one has made.
func TestAnAddressInUse(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "archive")
	s := downloads(t.TempDir(), filepath.Dir(kept))
	listener, err := net.Listen("tcp", s.simulator)
	switch {
	case err == nil:
		defer listener.Close()
	case !errors.Is(err, syscall.EADDRINUSE): // another has it, which is as good
		t.Fatal(err)
	}
	if err := os.Mkdir(kept, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), s); err == nil || !strings.Contains(err.Error(), s.simulator) {
		t.Errorf("run: %v, want to be told of %s", err, s.simulator)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the last archive: %v", err)
	}
}
