package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// scope is what one look at an export sees.
type scope struct {
	export       *v1alpha1.RecordingExport
	organization v1alpha1.GenesysOrganization
	destination  v1alpha1.ExportDestination
	store        archive.Store
	cloud        Cloud
	record       evidence.ExportRecord
	book         *book
	batches      []v1alpha1.RecordingExportBatch
	// surveyed tells whether the survey has come to its end.
	surveyed bool
	// account is not nil once the export is sealed.
	account *evidence.Account
	digest  string
}

func (s *scope) name() types.NamespacedName { return client.ObjectKeyFromObject(s.export) }

// find gets what the export refers to. What changes there wakes the export by
// its watches.
func (r *Reconciler) find(ctx context.Context, s *scope) (outcome.Outcome, error) {
	spec := s.export.Spec
	name := types.NamespacedName{Namespace: s.export.Namespace, Name: spec.DestinationRef.Name}
	if err := r.Client.Get(ctx, name, &s.destination); err != nil {
		return loop.Absent(err, v1alpha1.ReasonDestinationNotFound, fmt.Sprintf("create the ExportDestination %q, or name another one in a new export", name.Name))
	}
	name.Name = spec.OrganizationRef.Name
	if err := r.Client.Get(ctx, name, &s.organization); err != nil {
		return loop.Absent(err, v1alpha1.ReasonOrganizationNotFound, fmt.Sprintf("create the GenesysOrganization %q, or name another one in a new export", name.Name))
	}
	if out := usable(&s.destination, s.destination.Status.Location != "", v1alpha1.ReasonDestinationNotReady, "ExportDestination"); !out.IsDone() {
		return out, nil
	}
	known := s.organization.Status.Organization != nil
	return usable(&s.organization, known, v1alpha1.ReasonOrganizationNotReady, "GenesysOrganization"), nil
}

// usable tells whether what the export refers to can be used: it has been looked
// at, and nobody has to mend it. A passing trouble does not stop the export.
func usable(obj conditions.Object, known bool, reason, kind string) outcome.Outcome {
	switch {
	case conditions.IsStalled(obj):
		return outcome.Stall(reason, fmt.Sprintf("mend the %s %q: %s", kind, obj.GetName(), conditions.Message(obj)), 0)
	case !known:
		return outcome.Wait(reason, fmt.Sprintf("waiting for the %s %q", kind, obj.GetName()), 0)
	default:
		return outcome.Done()
	}
}

// mayGo stops here while the export is suspended.
func (r *Reconciler) mayGo(_ context.Context, s *scope) (outcome.Outcome, error) {
	if s.export.Spec.Suspend && s.export.Status.Seal == nil {
		r.Worker.Pools.Cancel(prefix(s.name()))
		return outcome.Wait(v1alpha1.ReasonSuspended, "spec.suspend is true", 0), nil
	}
	return outcome.Done(), nil
}

// connect opens the archive and finds the way to Genesys Cloud.
func (r *Reconciler) connect(ctx context.Context, s *scope) (outcome.Outcome, error) {
	var err error
	if s.store, err = r.Archive(&s.destination, s.export.Name); err != nil {
		return outcome.Outcome{}, fmt.Errorf("open archive: %w", err)
	}
	s.export.Status.Archive = r.Location(&s.destination, s.export.Name)
	if s.cloud, err = r.Cloud(ctx, &s.organization); err != nil {
		return outcome.Outcome{}, fmt.Errorf("connect to organisation %s: %w", s.organization.Name, err)
	}
	return outcome.Done(), nil
}

// claim makes the archive this export's, or finds that it is already, or that
// it is another's.
func (r *Reconciler) claim(ctx context.Context, s *scope) (outcome.Outcome, error) {
	cluster, err := r.ClusterID(ctx)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("tell this cluster from others: %w", err)
	}
	mine, err := evidence.NewExportRecord(
		s.export.Namespace, s.export.Name, cluster, s.organization.Status.Organization.ID, exportspec.Terms(s.export.Spec), r.Clock.Now())
	if err != nil {
		return outcome.Outcome{}, err
	}
	if s.record, err = artifacts.Put(ctx, s.store, evidence.RecordPath, mine); err != nil {
		return outcome.Outcome{}, err
	}
	if says := mine.Mismatch(s.record); says != "" {
		return outcome.Stall(v1alpha1.ReasonArchiveMismatch, fmt.Sprintf(
			"use another name: the archive %s belongs to another export: %s", s.export.Status.Archive, says), r.Pace.Again), nil
	}
	return outcome.Done(), nil
}

// observe reads what the archive proves of the export, and lists its batches.
func (r *Reconciler) observe(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if err := s.readSeal(ctx); err != nil {
		return outcome.Outcome{}, err
	}
	var list v1alpha1.RecordingExportBatchList
	err := r.Client.List(ctx, &list, client.InNamespace(s.export.Namespace), client.MatchingLabels{v1alpha1.LabelExport: s.export.Name})
	if err != nil {
		return outcome.Outcome{}, err
	}
	s.batches = list.Items
	s.book = r.bookOf(s.export)
	if err := s.book.read(ctx, s.store); err != nil {
		return outcome.Outcome{}, err
	}
	if s.account != nil {
		return outcome.Done(), r.prune(ctx, s)
	}
	return outcome.Done(), nil
}

// readSeal reads the account, if there is one.
func (s *scope) readSeal(ctx context.Context) error {
	account, digest, err := evidence.ReadSeal(s.store.FS(ctx), 1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.account, s.digest = &account, digest
	return err
}
