package recordingexportbatch

import (
	"context"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// room is what transfers have at the destination.
type room struct {
	store archive.Store
	// floor is how many bytes they leave free.
	floor int64
	// share is an error if so many bytes more are more than the namespace may take of a
	// volume that it shares; nil if there is no bound.
	share func(bytes int64) error
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

// fits is an error if a file of so many bytes would leave too little free. What
// cannot be known fits.
func (r room) fits(ctx context.Context, bytes int64) error {
	free, known, err := archive.Free(ctx, r.store)
	if err != nil {
		return err
	}
	if known && free-bytes < r.floor {
		return &fullError{free, r.floor}
	}
	return r.shared(bytes)
}

func (r room) shared(bytes int64) error {
	if r.share == nil {
		return nil
	}
	return r.share(bytes)
}

// sharing is a stream that ends with an error once the namespace takes all of its share:
// one whose length nobody told, or many at the same time, take no more.
type sharing struct {
	io.Reader
	room room
}

func (s sharing) Read(p []byte) (int, error) {
	if err := s.room.shared(0); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

// haveRoom stops here while the destination has no room for recordings. It is
// looked at again before each of them.
func (r *Reconciler) haveRoom(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if s.facts.outcome != nil || len(s.facts.inventory.Wanted()) == 0 {
		return outcome.Done(), nil
	}
	return outcome.Done(), s.room().fits(ctx, 0)
}
