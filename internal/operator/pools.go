package operator

import (
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/controllers/exportdestination"
	"github.com/gcexport/recording-export-operator/controllers/genesysorganization"
	"github.com/gcexport/recording-export-operator/controllers/recordingexport"
	"github.com/gcexport/recording-export-operator/controllers/recordingexportbatch"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

const (
	// workEach is how much work of an organisation one lane has in progress. Gates limit
	// what is in flight; this only bounds the memory that waiting work takes.
	workEach = 64
	// stateReadsEach is how many states and inventories of batches are read from a destination
	// at a time.
	stateReadsEach = 8
	// loginsEach is how many GenesysOrganizations of a namespace log in at a time.
	loginsEach = 8
	// verificationTurn is how long a destination is verified while those of other
	// namespaces wait.
	verificationTurn = time.Minute
)

// addPools makes the pools that do what takes long. Most of what they do is waiting, so each
// namespace has capacity of its own, and shares it between its organisations and destinations,
// see docs/adr/0031.
func (o *operator) addPools() error {
	work, retries := transfer.Capacity{PerDependency: workEach}, o.Intervals.Retries
	o.pools = transfer.Pools{}
	for _, p := range []struct {
		name     string
		capacity transfer.Capacity
		backoff  transfer.Backoff
	}{
		// An organisation logs in once at a time, so it takes one place.
		{genesysorganization.Pool, transfer.Capacity{PerTenant: loginsEach}, retries.Backoff},
		{recordingexport.Pool, work, retries.Backoff},
		{string(v1alpha1.LaneStandard), work, retries.Backoff},
		{string(v1alpha1.LaneLegalHold), work, retries.Backoff},
		{string(v1alpha1.LaneLegalHoldScreen), work, retries.Backoff},
		{string(v1alpha1.LaneIsolated), work, retries.Isolated().Backoff},
		{recordingexportbatch.StatePool, transfer.Capacity{PerDependency: stateReadsEach}, o.Intervals.Batch.Backoff},
		// Nothing waits for a verification.
		{exportdestination.Pool, transfer.Capacity{PerTenant: 1, Total: 1, Turn: verificationTurn}, retries.Backoff},
	} {
		pool := transfer.NewPool(p.capacity, o.clock, p.backoff)
		o.pools[p.name] = pool
		if err := o.manager.Add(pool); err != nil {
			return err
		}
	}
	return nil
}

// worker makes a reconciler's worker; all share the pools.
func (o *operator) worker() *loop.Worker {
	return &loop.Worker{Pools: o.pools, SilenceLimit: o.Intervals.SilenceLimit}
}
