package recordingexportbatch

import (
	"context"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// freeSpace tells how much transfers may still store at the destination.
type freeSpace struct {
	store archive.Store
	// minFree is how many bytes transfers leave free.
	minFree int64
	// reserve reserves a number of bytes of the namespace's share of a volume, or returns an
	// error if they do not fit; nil if there is no bound.
	reserve func(bytes int64) (*usage.Reservation, error)
}

// diskFullError says that the file system has too little free space.
type diskFullError struct{ free, minFree int64 }

func (e *diskFullError) Error() string {
	return fmt.Sprintf("about %v are free, and transfers leave %v free (spec.directory.minFree)",
		resource.NewQuantity(archive.Rough(e.free), resource.BinarySI), resource.NewQuantity(e.minFree, resource.BinarySI))
}

// Outcome is to wait for a person to free space.
func (e *diskFullError) Outcome() outcome.Outcome {
	return outcome.Stall(v1alpha1.ReasonDestinationFull, "free space at the destination: "+e.Error(), 0)
}

// checkDisk returns an error if a file of so many bytes would leave too little free on the
// file system. If the free space is unknown, every file fits.
func (s freeSpace) checkDisk(ctx context.Context, bytes int64) error {
	free, known, err := archive.Free(ctx, s.store)
	if err == nil && known && free-bytes < s.minFree {
		return &diskFullError{free, s.minFree}
	}
	return err
}

// reserveFile reserves space for a file of so many bytes, or returns an error if it does not
// fit. The reservation has to be released.
func (s freeSpace) reserveFile(ctx context.Context, bytes int64) (*usage.Reservation, error) {
	if err := s.checkDisk(ctx, bytes); err != nil || s.reserve == nil {
		return nil, err
	}
	return s.reserve(bytes)
}

// checkQuota returns an error if the namespace uses more than it may.
func (s freeSpace) checkQuota() error {
	if s.reserve == nil {
		return nil
	}
	nothing, err := s.reserve(0)
	nothing.Release()
	return err
}

// reservedReader is a stream that uses up its reservation. A stream of unknown length ends
// with an error once the namespace uses more than it may.
type reservedReader struct {
	io.Reader
	space         freeSpace
	reserved      *usage.Reservation
	unknownLength bool
	// read is the number of bytes of the last read: they are stored by the next one.
	read int
}

func (s *reservedReader) Read(p []byte) (int, error) {
	s.reserved.Stored(int64(s.read))
	s.read = 0
	if s.unknownLength {
		if err := s.space.checkQuota(); err != nil {
			return 0, err
		}
	}
	n, err := s.Reader.Read(p)
	s.read = n
	return n, err
}
