package exportdestination

import (
	"context"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// quota is the step that checks how much of a shared volume the namespace uses.
type quota struct {
	// fits is an error if the namespace would use too much; nil if there is no bound.
	fits func(destination *v1alpha1.ExportDestination, bytes int64) error
}

// checkQuota is satisfied unless the namespace uses more of a shared volume than it may.
func (q quota) checkQuota(_ context.Context, destination *v1alpha1.ExportDestination) (outcome.Outcome, error) {
	if q.fits == nil {
		return outcome.Done(), nil
	}
	return outcome.Done(), q.fits(destination, 0)
}
