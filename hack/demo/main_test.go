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
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		defer listener.Close()
	case !errors.Is(err, syscall.EADDRINUSE): // another has it, which is as good
		t.Fatal(err)
	}
	kept := filepath.Join(t.TempDir(), "archive")
	if err := os.Mkdir(kept, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), t.TempDir(), filepath.Dir(kept)); err == nil || !strings.Contains(err.Error(), address) {
		t.Errorf("run: %v, want to be told of %s", err, address)
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the last archive: %v", err)
	}
}
