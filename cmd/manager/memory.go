package main

import (
	"runtime/debug"
	"strconv"
)

// share of the container's memory that Go may use before it collects garbage as
// hard as it can, in percent. The rest is for what Go does not count, such as the
// program itself and the kernel's buffers for files and connections.
const share = 90

// limitMemory has Go keep within the container's memory limit, in bytes, which the
// Deployment gives in MEMORY_LIMIT (downward API). GOMEMLIMIT, if it is set, counts
// instead: Go has read that already.
func limitMemory(env func(string) string) {
	if limit, ok := memoryLimit(env("MEMORY_LIMIT"), env("GOMEMLIMIT")); ok {
		debug.SetMemoryLimit(limit)
	}
}

// memoryLimit is how many bytes Go may use in a container with a limit.
func memoryLimit(container, golang string) (int64, bool) {
	limit, err := strconv.ParseInt(container, 10, 64)
	if err != nil || limit <= 0 || golang != "" {
		return 0, false
	}
	return limit/100*share + limit%100*share/100, true
}
