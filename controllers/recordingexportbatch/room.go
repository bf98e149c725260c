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

// room is what transfers have at the destination.
type room struct {
	store archive.Store
	// floor is how many bytes they leave free.
	floor int64
	// reserve reserves so many bytes of what the namespace may take of a volume that it
	// shares, or is an error if it may not; nil if there is no bound.
	reserve func(bytes int64) (*usage.Reservation, error)
}

// fullError tells that there is not enough room.
type fullError struct{ free, floor int64 }

func (e *fullError) Error() string {
	return fmt.Sprintf("about %v are free, and transfers leave %v free (spec.directory.minFree)",
		resource.NewQuantity(archive.Rough(e.free), resource.BinarySI), resource.NewQuantity(e.floor, resource.BinarySI))
}

// Outcome is that a person makes room.
func (e *fullError) Outcome() outcome.Outcome {
	return outcome.Stall(v1alpha1.ReasonDestinationFull, "free space at the destination: "+e.Error(), 0)
}

// isFree is an error if a file of so many bytes would leave too little free on the file
// system. What cannot be known fits.
func (r room) isFree(ctx context.Context, bytes int64) error {
	free, known, err := archive.Free(ctx, r.store)
	if err == nil && known && free-bytes < r.floor {
		return &fullError{free, r.floor}
	}
	return err
}

// take reserves room for a file of so many bytes, which has to be released, or is an error
// if there is none.
func (r room) take(ctx context.Context, bytes int64) (*usage.Reservation, error) {
	if err := r.isFree(ctx, bytes); err != nil || r.reserve == nil {
		return nil, err
	}
	return r.reserve(bytes)
}

// isFull is an error if the namespace takes more than it may.
func (r room) isFull() error {
	if r.reserve == nil {
		return nil
	}
	nothing, err := r.reserve(0)
	nothing.Release()
	return err
}

// sharing is a stream that uses up what was reserved for it. One whose length nobody told
// ends with an error once the namespace takes more than it may.
type sharing struct {
	io.Reader
	room     room
	reserved *usage.Reservation
	endless  bool
	// read is how many bytes were read the last time: they are stored by the next time.
	read int
}

func (s *sharing) Read(p []byte) (int, error) {
	s.reserved.Stored(int64(s.read))
	s.read = 0
	if s.endless {
		if err := s.room.isFull(); err != nil {
			return 0, err
		}
	}
	n, err := s.Reader.Read(p)
	s.read = n
	return n, err
}

// haveRoom stops here while the destination has no room for recordings. It is
// looked at again before each of them. If all have come, the bag is closed however much
// the namespace takes.
func (r *Reconciler) haveRoom(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if s.facts.outcome != nil || len(s.facts.inventory.Wanted()) == 0 {
		return outcome.Done(), nil
	}
	if err := s.room().isFree(ctx, 0); err != nil {
		return outcome.Outcome{}, err
	}
	if s.facts.stored() >= len(s.facts.inventory.Wanted()) {
		return outcome.Done(), nil
	}
	return outcome.Done(), s.room().isFull()
}
