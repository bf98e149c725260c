//go:build !linux

package s3server

import "syscall"

// attributes keep a signal from the terminal away from the server.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
