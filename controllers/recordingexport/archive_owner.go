package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// checkOwner is satisfied while the archive belongs to this cluster. One that belongs to
// another is taken over if the export's annotation names that cluster; otherwise all
// work on it stops, and a person is told how to take it over.
func (r *Reconciler) checkOwner(ctx context.Context, s *claimed, cluster string) (outcome.Outcome, error) {
	log, err := artifacts.Owners(ctx, s.store)
	if err != nil {
		return outcome.Outcome{}, err
	}
	s.ownership = ownership{cluster: cluster, begunBy: s.record.ClusterID, begunAt: s.record.CreatedAt, log: log}
	if !s.isOurs() && s.export.Annotations[v1alpha1.AnnotationTakeOver] == s.token() {
		if err := r.takeOver(ctx, s); err != nil {
			return outcome.Outcome{}, err
		}
	}
	if s.isOurs() {
		return outcome.Done(), nil
	}
	return r.stopForOtherCluster(ctx, s)
}

// takeOver writes that this cluster has the archive now, unless another one was
// quicker.
func (r *Reconciler) takeOver(ctx context.Context, s *claimed) error {
	former := s.owner().ClusterID
	line, err := artifacts.Put(ctx, s.store, artifacts.OwnerKey(len(s.log)+1), artifacts.Owner{
		Stamp: artifacts.NewStamp(r.Clock.Now(), r.InstanceID), ClusterID: s.cluster, Former: former,
	})
	if err != nil {
		return err
	}
	if s.log = append(s.log, line); s.isOurs() {
		r.Events.Eventf(s.export, nil, corev1.EventTypeNormal, evidence.ArchiveTakenOver, "TakeOver",
			"the archive %s was taken over from the cluster %s", s.export.Status.Archive, former)
	}
	return nil
}

// stopForOtherCluster stops the work on an archive that belongs to another cluster; its batches
// stop their own. An analytics job that is noted down is that cluster's to end, so that nothing
// keeps the export here.
func (r *Reconciler) stopForOtherCluster(ctx context.Context, s *claimed) (outcome.Outcome, error) {
	r.cancelOwnWork(s.name())
	if controllerutil.ContainsFinalizer(s.export, v1alpha1.Finalizer) && !r.hasOwnWork(s.name()) {
		if err := r.setFinalizer(ctx, s.export, false); err != nil {
			return outcome.Outcome{}, err
		}
	}
	return outcome.Stall(v1alpha1.ReasonArchiveOfAnotherCluster, s.transferMessage(s.export), r.Intervals.Retry), nil
}

// isMine reports whether an archive belongs to this cluster, or to nobody yet.
func (r *Reconciler) isMine(ctx context.Context, store archive.Store) (bool, error) {
	cluster, err := r.ClusterID(ctx)
	if err != nil {
		return false, fmt.Errorf("tell this cluster from others: %w", err)
	}
	record, err := artifacts.Record(ctx, store)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	log, err := artifacts.Owners(ctx, store)
	return artifacts.OwnerOf(record.ClusterID, record.CreatedAt, log).ClusterID == cluster, err
}
