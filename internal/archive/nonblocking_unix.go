//go:build unix

package archive

import "syscall"

// nonBlocking opens a pipe without waiting for somebody to write to it.
const nonBlocking = syscall.O_NONBLOCK
