package recordingexport

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// ownerCheck stops an export whose archive belongs to another cluster. The archive is taken over
// if the export's annotation names that cluster; otherwise all work on it stops, and a person is
// told how to take it over.
type ownerCheck struct {
	process
	events     events.EventRecorder
	pool       exportPool
	finalizers finalizers
	// retry is the wait before the next evaluation.
	retry time.Duration
}

// check is satisfied if the archive belongs to this cluster, whose id it is given.
func (c *ownerCheck) check(ctx context.Context, s *claimed, cluster string) (outcome.Outcome, error) {
	log, err := artifacts.Owners(ctx, s.store)
	if err != nil {
		return outcome.Outcome{}, err
	}
	s.ownerHistory = ownerHistory{cluster: cluster, begunBy: s.record.ClusterID, begunAt: s.record.CreatedAt, log: log}
	if !s.isOurs() && s.export.Annotations[v1alpha1.AnnotationTakeOver] == s.token() {
		if err := c.takeOver(ctx, s); err != nil {
			return outcome.Outcome{}, err
		}
	}
	if s.isOurs() {
		return outcome.Done(), nil
	}
	return c.stopForOtherCluster(ctx, s)
}

// takeOver writes that this cluster has the archive now, unless another one was
// quicker.
func (c *ownerCheck) takeOver(ctx context.Context, s *claimed) error {
	former := s.owner().ClusterID
	line, err := artifacts.Put(ctx, s.store, artifacts.OwnerKey(len(s.log)+1), artifacts.Owner{
		Stamp: c.stamp(), ClusterID: s.cluster, Former: former,
	})
	if err != nil {
		return err
	}
	if s.log = append(s.log, line); s.isOurs() {
		c.events.Eventf(s.export, nil, corev1.EventTypeNormal, evidence.ArchiveTakenOver, "TakeOver",
			"the archive %s was taken over from the cluster %s", s.export.Status.Archive, former)
	}
	return nil
}

// stopForOtherCluster stops the work on an archive that belongs to another cluster; its batches
// stop their own. An analytics job that is recorded is that cluster's to end, so that nothing
// keeps the export here.
func (c *ownerCheck) stopForOtherCluster(ctx context.Context, s *claimed) (outcome.Outcome, error) {
	c.pool.cancel(s.name())
	if c.finalizers.isSet(s.export) && !c.pool.isBusy(s.name()) {
		if err := c.finalizers.removeFrom(ctx, s.export); err != nil {
			return outcome.Outcome{}, err
		}
	}
	return outcome.Stall(v1alpha1.ReasonArchiveOfAnotherCluster, s.transferMessage(s.export), c.retry), nil
}
