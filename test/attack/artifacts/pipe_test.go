package artifacts

import "syscall"

// pipe makes a named pipe that nobody writes to.
func pipe(name string) error { return syscall.Mkfifo(name, 0o600) }
