package controlplane

import "syscall"

// attributes put a process into a group of its own, so that Ctrl-C on the
// terminal does not reach it before we do, and have it end with us, however we end.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
