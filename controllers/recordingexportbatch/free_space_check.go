package recordingexportbatch

import (
	"context"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// freeSpaceCheck stops a batch before its transfer while the destination has no space for
// recordings. The transfer checks again before each file. A batch whose recordings are all
// stored is sealed however much its namespace uses.
type freeSpaceCheck struct{}

// Reconcile is satisfied if there is space, or nothing more is to be stored.
func (freeSpaceCheck) Reconcile(ctx context.Context, b *connectedBatch) (outcome.Outcome, error) {
	if b.state.outcome != nil || b.state.inventory.wanted == 0 {
		return outcome.Done(), nil
	}
	if err := b.space.checkDisk(ctx, 0); err != nil {
		return outcome.Outcome{}, err
	}
	if b.state.stored >= b.state.inventory.wanted {
		return outcome.Done(), nil
	}
	return outcome.Done(), b.space.checkQuota()
}
