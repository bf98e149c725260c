package recordingexportbatch

import (
	"context"
	"fmt"

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
}

// fullError tells that there is not enough room.
type fullError struct{ free, floor int64 }

func (e *fullError) Error() string {
	return fmt.Sprintf("about %v are free, and transfers leave %v free (spec.directory.minFree)",
		resource.NewQuantity(archive.Rough(e.free), resource.BinarySI), resource.NewQuantity(e.floor, resource.BinarySI))
}

// Outcome is that a person makes room.
func (e *fullError) Outcome() outcome.Outcome {
	return outcome.Stall(v1alpha1.ReasonDestinationFull, "make room at the destination: "+e.Error(), 0)
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
	return nil
}

// haveRoom stops here while the destination has no room for recordings. It is
// looked at again before each of them.
func (r *Reconciler) haveRoom(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if s.facts.outcome != nil || len(s.facts.inventory.Wanted()) == 0 {
		return outcome.Done(), nil
	}
	return outcome.Done(), s.room().fits(ctx, 0)
}
