package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// scope is what one look at an export sees.
type scope struct {
	export       *v1alpha1.RecordingExport
	before       v1alpha1.RecordingExportStatus
	organization v1alpha1.GenesysOrganization
	destination  v1alpha1.ExportDestination
	store        archive.Store
	cloud        Cloud
	record       evidence.ExportRecord
	ownership
	plan    *plan.Log
	batches []v1alpha1.RecordingExportBatch
	// counted are the slices whose batches are finished and counted.
	counted plan.SliceSet
	// daily tells that the window had no end when the archive was begun.
	daily bool
	// surveyed reports whether every day that can be surveyed has been, ended that
	// everything is sealed and nothing more will come.
	surveyed, ended bool
	// sealed is the newest seal, nil if there is none.
	sealed *evidence.Former
	// retry is a request, not yet acted upon, to ask again for what is unavailable.
	retry string
}

func (s *scope) name() types.NamespacedName { return client.ObjectKeyFromObject(s.export) }

// resolveReferences gets what the export refers to. What changes there wakes the export by
// its watches.
func (r *Reconciler) resolveReferences(ctx context.Context, s *scope) (outcome.Outcome, error) {
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

// usable reports whether what the export refers to can be used: it has been looked
// at, and nobody has to fix it. Trouble that passes by itself does not stop the export, nor
// that the namespace of a destination takes as much as it may: then no batches are created,
// and what has come is sealed (runBatches).
func usable(obj conditions.Object, known bool, reason, kind string) outcome.Outcome {
	switch {
	case conditions.IsStalled(obj) && !conditions.IsStalledBy(obj, v1alpha1.ReasonNamespaceFull):
		return outcome.Stall(reason, fmt.Sprintf("fix the %s %q: %s", kind, obj.GetName(), conditions.Message(obj)), 0)
	case !known:
		return outcome.Wait(reason, fmt.Sprintf("waiting for the %s %q", kind, obj.GetName()), 0)
	default:
		return outcome.Done()
	}
}

// openClients opens the archive and finds the way to Genesys Cloud.
func (r *Reconciler) openClients(ctx context.Context, s *scope) (outcome.Outcome, error) {
	var err error
	if s.store, err = r.Archive(&s.destination, s.export.Name); err != nil {
		return outcome.Outcome{}, fmt.Errorf("open archive: %w", err)
	}
	s.export.Status.Archive = r.Location(&s.destination, s.export.Name)
	if s.cloud, err = r.Cloud(ctx, &s.organization, exportspec.SurveyShare(s.name())); err != nil {
		return outcome.Outcome{}, fmt.Errorf("connect to organisation %s: %w", s.organization.Name, err)
	}
	return outcome.Done(), nil
}

// claimArchive makes the archive this export's, or finds that it is already, or that it is
// another export's or another cluster's.
func (r *Reconciler) claimArchive(ctx context.Context, s *scope) (outcome.Outcome, error) {
	cluster, err := r.ClusterID(ctx)
	if err != nil {
		return outcome.Outcome{}, fmt.Errorf("tell this cluster from others: %w", err)
	}
	record := func(terms any) (evidence.ExportRecord, error) {
		return evidence.NewExportRecord(s.export.Namespace, s.export.Name, cluster, s.organization.Status.Organization.ID, terms, r.Clock.Now())
	}
	mine, err := record(exportspec.EvidenceSpec(s.export.Spec))
	if err != nil {
		return outcome.Outcome{}, err
	}
	endless, err := record(exportspec.EvidenceSpecWithoutEnd(s.export.Spec))
	if err != nil {
		return outcome.Outcome{}, err
	}
	claims := archiveClaims{mine, endless, cluster}
	s.record, err = s.beginRecord(ctx, mine)
	var unknown *authentic.UnknownKeyError
	if errors.As(err, &unknown) {
		return r.rekey(ctx, s, claims, unknown)
	}
	if err != nil {
		return outcome.Outcome{}, err
	}
	if out := claims.mismatched(s, s.record); !out.IsDone() {
		out.After = r.Intervals.Retry
		return out, nil
	}
	// The archive may have been begun before the window got its end.
	s.daily = endless.SpecDigest == s.record.SpecDigest
	out, err := r.checkOwner(ctx, s, cluster)
	if err != nil || !out.IsDone() {
		return out, err
	}
	return out, s.recordArtifactKey(ctx)
}

// recordArtifactKey has the status tell with which artifact key this export's archive was found
// authentic. At the first time, copies are removed that a process left when it gave the
// archive this key.
func (s *scope) recordArtifactKey(ctx context.Context) error {
	id, err := authentic.KeyID(ctx, s.store)
	if err != nil || s.before.ArtifactKey == id {
		return err
	}
	s.export.Status.ArtifactKey = id
	return s.store.Remove(ctx, authentic.RekeyingFolder)
}

// beginRecord returns the record of the archive, which it begins if nobody has. An export.json
// that names an export of another name or organisation is believed as far as that: this
// export does not touch the archive, whose artifacts it could not judge.
func (s *scope) beginRecord(ctx context.Context, mine evidence.ExportRecord) (evidence.ExportRecord, error) {
	stored, err := artifacts.Get[evidence.ExportRecord](ctx, s.store, evidence.RecordPath)
	if err == nil && mine.IdentityMismatch(stored) != "" {
		return stored, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return stored, err
	}
	// The record may be missing because a process ended while it gave the archive another key.
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := authentic.Resume(ctx, s.store); err != nil {
			return stored, err
		}
	}
	record, err := artifacts.Begin(ctx, s.store, mine)
	if !errors.Is(err, evidence.ErrCorrupt) {
		return record, err
	}
	if resumed, failed := authentic.Resume(ctx, s.store); !resumed || failed != nil {
		return record, err
	}
	return artifacts.Begin(ctx, s.store, mine)
}

// archiveClaims are the records that an archive of this export may have: with the spec as it is,
// and as it was before the window had an end. cluster is this one.
type archiveClaims struct {
	mine, endless evidence.ExportRecord
	cluster       string
}

// mismatched stalls the export if a record is another export's, in whatever cluster.
func (c archiveClaims) mismatched(s *scope, stored evidence.ExportRecord) outcome.Outcome {
	says := mismatch(c.mine, c.endless, stored)
	if says == "" {
		return outcome.Done()
	}
	return outcome.Stall(v1alpha1.ReasonArchiveMismatch, fmt.Sprintf(
		"the archive %s belongs to another export: %s. If it should be this one's, correct the manifest and create the export again; otherwise use another name",
		s.export.Status.Archive, says), 0)
}

// mismatch says in what an archive is another export's, in whatever cluster; empty if
// in nothing. endless is the record of the export before its window had an end.
func mismatch(mine, endless, stored evidence.ExportRecord) string {
	if says := mine.IdentityMismatch(stored); says != "" {
		return says
	}
	if stored.SpecDigest == mine.SpecDigest || stored.SpecDigest == endless.SpecDigest {
		return ""
	}
	terms := mine.Differences(stored)
	if others := endless.Differences(stored); len(others) > 0 && len(others) < len(terms) {
		terms = others
	}
	if len(terms) == 0 {
		return fmt.Sprintf("its spec has the SHA-256 %s, this export's has %s", stored.SpecDigest, mine.SpecDigest)
	}
	return "its spec differs in: " + strings.Join(exportspec.SpecFields(terms), ", ")
}

// loadState reads what the archive proves of the export, lists its batches and
// counts those that have finished.
func (r *Reconciler) loadState(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if err := r.listBatches(ctx, s); err != nil {
		return outcome.Outcome{}, err
	}
	if out, err := r.readPlan(ctx, s); err != nil || !out.IsDone() {
		return out, err
	}
	if err := s.readSeal(ctx); err != nil {
		return outcome.Outcome{}, err
	}
	if err := s.adoptSealed(); err != nil {
		return outcome.Outcome{}, err
	}
	var err error
	s.counted, err = countFinishedBatches(s.plan, &s.export.Status, s.batches)
	return outcome.Done(), err
}

// listBatches lists the export's batches.
func (r *Reconciler) listBatches(ctx context.Context, s *scope) error {
	var list v1alpha1.RecordingExportBatchList
	err := r.Client.List(ctx, &list, client.InNamespace(s.export.Namespace), client.MatchingFields{watch.BatchExport: s.export.Name})
	s.batches = slices.DeleteFunc(list.Items, func(b v1alpha1.RecordingExportBatch) bool { return !metav1.IsControlledBy(&b, s.export) })
	return err
}
