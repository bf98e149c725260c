package main

import (
	"runtime/debug"
	"strconv"
)

// share is the percentage of the container's memory that Go may use before it collects garbage
// as hard as it can. The remainder is for memory that Go does not manage, such as the program
// itself and the kernel's buffers for files and connections.
const share = 90

// limitMemory keeps Go within the container's memory limit, in bytes, which the Deployment
// sets in MEMORY_LIMIT (downward API). If GOMEMLIMIT is set, it applies instead: Go has
// already read it.
func limitMemory(env func(string) string) {
	if limit, ok := memoryLimit(env("MEMORY_LIMIT"), env("GOMEMLIMIT")); ok {
		debug.SetMemoryLimit(limit)
	}
}

// memoryLimit returns how many bytes Go may use in a container with a limit.
func memoryLimit(container, golang string) (int64, bool) {
	limit, err := strconv.ParseInt(container, 10, 64)
	if err != nil || limit <= 0 || golang != "" {
		return 0, false
	}
	return limit/100*share + limit%100*share/100, true
}
