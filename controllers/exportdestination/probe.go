package exportdestination

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// probe is the step that checks that a destination can be written and has free space.
type probe struct {
	// write checks that the destination is what its spec demands and can be written.
	write func(context.Context, *v1alpha1.ExportDestination) error
	// free returns how many bytes the destination can still take, and whether that is known.
	free func(context.Context, *v1alpha1.ExportDestination) (free int64, known bool, err error)
	// minFree is how many bytes stay free, whatever the spec says.
	minFree        int64
	timeout, retry time.Duration
}

// checkWritable is satisfied if evidence can be written. It waits while the destination
// does not answer; otherwise a person has to fix the destination.
func (p probe) checkWritable(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	probing, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	err := p.write(probing, destination)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return outcome.Wait(v1alpha1.ReasonDestinationUnavailable,
			fmt.Sprintf("retrying: it did not answer within %s", words.Duration(p.timeout)), p.retry), nil
	case err != nil:
		return notWritable(err, p.retry), nil
	default:
		return outcome.Done(), nil
	}
}

// checkFreeSpace is satisfied if enough bytes are free, or the destination cannot tell.
func (p probe) checkFreeSpace(ctx context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	free, known, err := p.free(ctx, destination)
	if err != nil {
		return notWritable(err, p.retry), nil
	}
	destination.Status.Free = nil
	if !known {
		return outcome.Done(), nil
	}
	destination.Status.Free = resource.NewQuantity(archive.Rough(free), resource.BinarySI)
	minFree := exportspec.MinFree(destination.Spec, p.minFree)
	if free >= minFree {
		return outcome.Done(), nil
	}
	return outcome.Stall(v1alpha1.ReasonDestinationFull, fmt.Sprintf(
		"free space at the destination, or lower spec.directory.minFree (and the manager's --min-free, if that is larger): about %v are free, and transfers leave %v free",
		destination.Status.Free, resource.NewQuantity(minFree, resource.BinarySI)), p.retry), nil
}

// notWritable is the outcome for a destination that cannot be written: whatever the
// cause, a person has to fix it, unless the destination only does not answer.
func notWritable(err error, retry time.Duration) outcome.Outcome {
	out := outcome.Of(err, retry)
	if out.State == outcome.Stalled || out.Reason == v1alpha1.ReasonDestinationUnavailable {
		return out
	}
	return outcome.Stall(v1alpha1.ReasonDestinationNotWritable, "let the manager write to the destination: "+err.Error(), retry)
}
