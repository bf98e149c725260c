package archive

import (
	"context"
	"fmt"
	"math/bits"
	"syscall"
)

// freeSpaceReporter is a Store that knows how much space is free.
type freeSpaceReporter interface {
	// Free returns how many bytes can still be stored.
	Free(ctx context.Context) (int64, error)
}

// Free returns how many bytes a store can still take. known is false if it does not know,
// as a bucket does not.
func Free(ctx context.Context, store Store) (free int64, known bool, err error) {
	reporter, ok := As[freeSpaceReporter](store)
	if !ok {
		return 0, false, nil
	}
	free, err = reporter.Free(ctx)
	return free, err == nil, err
}

// Free returns how many bytes the file system has for this process; 0 if it has no inode
// for another file.
func (d *Directory) Free(context.Context) (int64, error) {
	root, err := d.open()
	if err != nil {
		return 0, fmt.Errorf("look for free space: %w", err)
	}
	defer func() { _ = root.Close() }()
	directory, err := root.Open(".")
	if err != nil {
		return 0, fmt.Errorf("look for free space: %w", err)
	}
	defer func() { _ = directory.Close() }()
	var stat syscall.Statfs_t
	if err := syscall.Fstatfs(int(directory.Fd()), &stat); err != nil {
		return 0, fmt.Errorf("look for free space: %w", err)
	}
	if stat.Files > 0 && stat.Ffree == 0 {
		return 0, nil
	}
	return int64(stat.Bavail) * int64(stat.Bsize), nil //nolint:gosec,unconvert // types differ between systems, and no disk has 8 EiB
}

// roughBits is how many leading binary digits Rough keeps: steps of an eighth or less.
const roughBits = 4

// Rough rounds a number of bytes down so that it changes rarely.
func Rough(n int64) int64 {
	if n <= 0 {
		return 0
	}
	shift := max(bits.Len64(uint64(n))-roughBits, 0)
	return n >> shift << shift
}
