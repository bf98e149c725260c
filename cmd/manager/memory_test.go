package main

import (
	"math"
	"runtime/debug"
	"testing"
)

func TestMemoryLimit(t *testing.T) {
	for _, tt := range []struct {
		container, golang string
		want              int64
		ok                bool
	}{
		{"536870912", "", 483183820, true},
		{"1", "", 0, true},
		{"9223372036854775807", "", 8301034833169298226, true},
		{"536870912", "256MiB", 0, false},
		{"", "", 0, false},
		{"0", "", 0, false},
		{"-1", "", 0, false},
		{"512Mi", "", 0, false},
	} {
		got, ok := memoryLimit(tt.container, tt.golang)
		if got != tt.want || ok != tt.ok {
			t.Errorf("memoryLimit(%q, %q) = %d, %v; want %d, %v", tt.container, tt.golang, got, ok, tt.want, tt.ok)
		}
	}
}

// TestLimitMemory: what the Deployment gives counts.
func TestLimitMemory(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	limitMemory(func(name string) string { return map[string]string{"MEMORY_LIMIT": "10000000000"}[name] })
	if got := debug.SetMemoryLimit(-1); got != 9_000_000_000 {
		t.Errorf("the limit is %d", got)
	}
	debug.SetMemoryLimit(math.MaxInt64)
	limitMemory(func(string) string { return "" })
	if got := debug.SetMemoryLimit(-1); got != math.MaxInt64 {
		t.Errorf("without a limit it is %d", got)
	}
}
