//go:build !linux

package controlplane

import "syscall"

// attributes put a process into a group of its own, so that Ctrl-C on the
// terminal does not reach it before we do.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
