package recordingexport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
)

// clearInterval is the wait before the next evaluation of an export whose batches are being deleted.
const clearInterval = time.Second

// rekeying continues archives whose artifact key is lost.
type rekeying struct {
	process
	events  events.EventRecorder
	pool    exportPool
	batches existingBatches
	plans   *planLogs
	archive archiveOpener
	signer  signerFinder
	tool    func() evidence.Tool
	// retry is the wait before the next evaluation.
	retry time.Duration
}

// rekey continues an archive whose artifacts name a key that this operator does not have,
// if a person has said so on the export, and has said whose the archive is; otherwise it
// says how. Nothing is touched before that: another cluster may have the key, and work on
// the archive. If the status knows the archive with another key than the one that it names,
// somebody has changed it, and no annotation helps: each applies to one lost key.
func (r *rekeying) rekey(ctx context.Context, s *claimed, claims archiveClaims, unknown *authentic.UnknownKeyError) (outcome.Outcome, error) {
	if known := s.before.ArtifactKey; known != "" && known != unknown.ID {
		return outcome.Outcome{}, fmt.Errorf("%w: artifact %s names the artifact key %s, and had the key %s when the export's status was written: it was changed, "+
			"or another cluster has continued the archive (docs/disaster-recovery.md)", evidence.ErrCorrupt, unknown.Artifact, unknown.ID, known)
	}
	stored, err := unverifiedRecord(ctx, s.store)
	if err != nil {
		return outcome.Outcome{}, err
	}
	if out := claims.mismatched(s, stored); !out.IsDone() {
		out.After = r.retry
		return out, nil
	}
	if s.export.Annotations[v1alpha1.AnnotationContinueWithoutKey] != unknown.ID || !unknown.IsReadable() {
		return outcome.Stall(v1alpha1.ReasonArtifactKeyUnknown, keyUnknown(s.export, unknown), r.retry), nil
	}
	s.ownerHistory = ownerHistory{
		cluster: claims.cluster, begunBy: stored.ClusterID, begunAt: stored.CreatedAt, log: unverifiedOwners(ctx, s.store),
	}.withoutOwnLines()
	if !s.isOurs() && s.export.Annotations[v1alpha1.AnnotationTakeOver] != s.token() {
		return outcome.Stall(v1alpha1.ReasonArchiveOfAnotherCluster, s.transferMessage(s.export), r.retry), nil
	}
	if out, err := r.clearForRekeying(ctx, s); err != nil || !out.IsDone() {
		return out, err
	}
	return r.startRekeying(s, claims, *unknown), nil
}

// unverifiedRecord is export.json, or what the record says if there is none, though nobody
// can say who wrote it. It only serves to ask the person for more than the seals would.
func unverifiedRecord(ctx context.Context, store archive.Store) (evidence.ExportRecord, error) {
	record, err := artifacts.Get[evidence.ExportRecord](ctx, store, evidence.RecordPath)
	if !errors.Is(err, fs.ErrNotExist) {
		return record, err
	}
	content, err := authentic.ReadUnverified(ctx, store, artifacts.RecordKey)
	if err != nil {
		return record, err
	}
	if err := json.Unmarshal(content, &record); err != nil {
		return record, fmt.Errorf("%w: artifact %s: %w", evidence.ErrCorrupt, artifacts.RecordKey, err)
	}
	return record, nil
}

// keyUnknown says what to do about artifacts that name another key.
func keyUnknown(export *v1alpha1.RecordingExport, unknown *authentic.UnknownKeyError) string {
	const restore = "restore the Secret with the artifact key from its backup and restart the manager: "
	if !unknown.IsReadable() {
		return restore + unknown.Error()
	}
	overwrite := ""
	if export.Annotations[v1alpha1.AnnotationContinueWithoutKey] != "" {
		overwrite = " --overwrite"
	}
	return fmt.Sprintf("%s%v. If the key is lost and no other cluster uses the archive, this removes everything that no seal lists and requests it again "+
		"(recordings that Genesys Cloud has deleted since are lost, see docs/disaster-recovery.md): kubectl annotate rex %s -n %s%s %s=%s",
		restore, unknown, export.Name, export.Namespace, overwrite, v1alpha1.AnnotationContinueWithoutKey, unknown.ID)
}

// mostOwners bounds how many lines of a log of owners are read that nobody vouches for.
const mostOwners = 1000

// unverifiedOwners reads the log of owners as far as it can be read, though nobody can say
// who wrote it. It only serves to ask the person for more than the seals would.
func unverifiedOwners(ctx context.Context, store archive.Store) []artifacts.Owner {
	var log []artifacts.Owner
	for len(log) < mostOwners {
		var owner artifacts.Owner
		content, err := authentic.ReadUnverified(ctx, store, artifacts.OwnerKey(len(log)+1))
		if err != nil || json.Unmarshal(content, &owner) != nil || owner.ClusterID == "" {
			break
		}
		owner.ClusterID = evidence.Printable(owner.ClusterID, 64)
		log = append(log, owner)
	}
	return log
}

// clearForRekeying deletes the export's batches and forgets what the status counts of them: the plan
// that they come from is not believed any more. What is sealed is counted again from the
// seals. Only once the status says so is the archive touched, since afterwards nothing
// would show that the status is too old.
func (r *rekeying) clearForRekeying(ctx context.Context, s *claimed) (outcome.Outcome, error) {
	batches, err := r.batches.list(ctx, s.export)
	if err != nil {
		return outcome.Outcome{}, err
	}
	err = r.batches.deleteAll(ctx, batches)
	r.plans.drop(s.name())
	status, before := &s.export.Status, s.before
	status.Lanes, status.CompletionTime = nil, nil
	status.Batches, status.Survey, status.Recordings, status.Isolated = v1alpha1.BatchCounts{}, v1alpha1.SurveyStatus{}, v1alpha1.RecordingCounts{}, v1alpha1.IsolatedStatus{}
	status.Gaps, status.Progress = 0, ""
	isClear := len(batches) == 0 && len(before.Lanes) == 0 && before.CompletionTime == nil && before.Batches == status.Batches
	if err != nil || isClear {
		return outcome.Done(), err
	}
	return outcome.Wait(v1alpha1.ReasonContinuingWithoutKey, "deleting the batches before the archive continues without its artifact key", clearInterval), nil
}

// startRekeying has the pool continue the archive.
func (r *rekeying) startRekeying(s *claimed, claims archiveClaims, unknown authentic.UnknownKeyError) outcome.Outcome {
	destination, export := s.destination.DeepCopy(), s.export.DeepCopy()
	work := &rekeyWork{
		recorder: recorder{r.process, s.store}, from: unknown.ID, to: unknown.Own, cluster: claims.cluster, known: s.before.Seal.DeepCopy(),
		confirmed: s.others(), export: export, mine: claims.mine, version: r.tool().Version,
		signer: func(ctx context.Context) (*signing.Signer, error) { return r.signer(ctx, destination, export.Name) },
		shared: func() (archive.Store, error) { return r.archive(destination, artifacts.SharedArchive) },
		tell: func(message string) {
			r.events.Eventf(export, nil, corev1.EventTypeWarning, evidence.ArtifactKeyReplaced, "Continue", "%s", loop.Note(message))
		},
	}
	return r.pool.start(s.subject, loop.Task{
		Key: "rekey", Reason: v1alpha1.ReasonContinuingWithoutKey, Message: "judging the seals that the archive continues from without its artifact key", Work: work.continueArchive,
	})
}
