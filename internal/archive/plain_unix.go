//go:build unix

package archive

import "syscall"

// dontWait opens a pipe without waiting for somebody to write to it.
const dontWait = syscall.O_NONBLOCK
