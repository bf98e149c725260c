package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// claimed is an export whose archive is its own, and belongs to this cluster.
type claimed struct {
	*clients
	record evidence.ExportRecord
	ownerHistory
	// daily tells that the window had no end when the archive was begun.
	daily bool
}

// archiveClaimer makes the archive this export's, or finds that it is already, or that it is
// another export's or another cluster's.
type archiveClaimer struct {
	process
	cluster  thisCluster
	owner    ownerCheck
	rekeying rekeying
	// retry is the wait before the next evaluation of an export whose archive is another's.
	retry time.Duration
}

// claim returns the export with its archive. The outcome says whose the archive is, if it is
// another's.
func (c *archiveClaimer) claim(ctx context.Context, opened *clients) (*claimed, outcome.Outcome, error) {
	s := &claimed{clients: opened}
	cluster, err := c.cluster.id(ctx)
	if err != nil {
		return nil, outcome.Outcome{}, err
	}
	record := func(terms any) (evidence.ExportRecord, error) {
		return evidence.NewExportRecord(s.export.Namespace, s.export.Name, cluster, s.organization.Status.Organization.ID, terms, c.clock.Now())
	}
	mine, err := record(exportspec.EvidenceSpec(s.export.Spec))
	if err != nil {
		return nil, outcome.Outcome{}, err
	}
	endless, err := record(exportspec.EvidenceSpecWithoutEnd(s.export.Spec))
	if err != nil {
		return nil, outcome.Outcome{}, err
	}
	claims := archiveClaims{mine, endless, cluster}
	s.record, err = s.beginRecord(ctx, mine)
	var unknown *authentic.UnknownKeyError
	if errors.As(err, &unknown) {
		out, err := c.rekeying.rekey(ctx, s, claims, unknown)
		return nil, out, err
	}
	if err != nil {
		return nil, outcome.Outcome{}, err
	}
	if out := claims.mismatched(s, s.record); !out.IsDone() {
		out.After = c.retry
		return nil, out, nil
	}
	// The archive may have been begun before the window got its end.
	s.daily = endless.SpecDigest == s.record.SpecDigest
	out, err := c.owner.check(ctx, s, cluster)
	if err != nil || !out.IsDone() {
		return nil, out, err
	}
	return s, out, s.recordArtifactKey(ctx)
}

// recordArtifactKey has the status tell with which artifact key this export's archive was found
// authentic. At the first time, copies are removed that a process left when it gave the
// archive this key.
func (s *clients) recordArtifactKey(ctx context.Context) error {
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
func (s *clients) beginRecord(ctx context.Context, mine evidence.ExportRecord) (evidence.ExportRecord, error) {
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
func (c archiveClaims) mismatched(s *claimed, stored evidence.ExportRecord) outcome.Outcome {
	difference := mismatch(c.mine, c.endless, stored)
	if difference == "" {
		return outcome.Done()
	}
	return outcome.Stall(v1alpha1.ReasonArchiveMismatch, fmt.Sprintf(
		"the archive %s belongs to another export: %s. To use this archive, correct the manifest and create the export again; otherwise use another name",
		s.export.Status.Archive, difference), 0)
}

// mismatch says in what an archive is another export's, in whatever cluster; empty if
// in nothing. endless is the record of the export before its window had an end.
func mismatch(mine, endless, stored evidence.ExportRecord) string {
	if difference := mine.IdentityMismatch(stored); difference != "" {
		return difference
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
