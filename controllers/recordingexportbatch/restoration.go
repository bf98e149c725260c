package recordingexportbatch

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Besides recording:recording:view, restoring needs the permissions
// recording:recording:editRetention and, for screen recordings,
// recording:screenRecording:editRetention (Platform API, PUT
// conversations/{conversationId}/recordings/{recordingId}).

type recordingRestorer interface {
	metadataReader
	Restore(ctx context.Context, ref genesys.RecordingRef, before genesys.Retention, until time.Time, timeout time.Duration) error
}

// restoreTimeout is how long the answer to a request to restore may take, the longest
// that any answer is given: the request is made once, so that it cannot be given more
// time the next time.
var restoreTimeout = genesys.Timeout(2)

// restoreArchived has Genesys Cloud bring back what it has archived, if the export
// asks for that, and waits for it. It comes once the metadata is known and before
// the inventory is taken that says what is transferred, which therefore has as
// much time as if it had begun with the last restoration's end. Only the lane
// Isolated does so, where nothing else waits for it.
func (r *Reconciler) restoreArchived(ctx context.Context, s *scope) (outcome.Outcome, error) {
	if !s.restores() || len(s.state.missingMetadata) > 0 || s.state.inventory != nil {
		return outcome.Done(), nil
	}
	ended, err := readEndedRestorations(ctx, s.store, s.state.slice)
	if err != nil {
		return outcome.Outcome{}, err
	}
	hold, err := artifacts.Get[artifacts.Hold](ctx, s.store, artifacts.HoldKey(s.state.slice.Group))
	if errors.Is(err, fs.ErrNotExist) {
		return outcome.Done(), nil // asked for with the metadata, in the next step
	}
	if err != nil {
		return outcome.Outcome{}, err
	}
	inventory, err := takeInventory(ctx, s, hold)
	if err != nil {
		return outcome.Outcome{}, err
	}
	left := stillArchived(inventory, ended)
	if len(left) == 0 {
		return outcome.Done(), nil
	}
	lane := s.batch.Spec.Lane
	work := &restorationWork{
		store: s.store, cloud: s.cloud, clock: r.Clock, instance: r.InstanceID, gates: r.Gates,
		gate: s.gate(metadataLane(lane), "metadata"), limit: exportspec.Parallelism(s.export.Spec, metadataLane(lane)),
		slice: s.state.slice, ended: ended, remaining: left,
	}
	return r.runWork(s, lane, v1alpha1.StepRestoration, loop.Task{
		Key: s.batch.Name + "/restoration", Work: work.run, Reason: v1alpha1.ReasonRestoringArchived, Message: "waiting for archived recordings to be restored",
	}), nil
}

// restores tells whether the batch has archived recordings restored.
func (s *scope) restores() bool {
	return s.batch.Spec.Lane == v1alpha1.LaneIsolated && s.export.Spec.Archived == v1alpha1.ArchivedRestore
}

// readEndedRestorations reads how the restorations of a slice's conversations ended.
func readEndedRestorations(ctx context.Context, store archive.Store, slice artifacts.Slice) ([]artifacts.Restoration, error) {
	return artifacts.All[artifacts.Restoration](ctx, store, artifacts.RestorationFolder(slice))
}

// archivedConversation is a conversation some of whose recordings are in the archive.
type archivedConversation struct {
	id         string
	recordings []genesys.RecordingRef
}

// stillArchived lists the conversations with recordings that are archived or on their
// way back, but for those whose restoration has ended.
func stillArchived(inventory evidence.Inventory, ended []artifacts.Restoration) []archivedConversation {
	over := map[string]bool{}
	for _, restoration := range ended {
		over[restoration.ConversationID] = true
	}
	var out []archivedConversation
	for _, r := range inventory.Recordings {
		if over[r.ConversationID] || !mayReturn(r) {
			continue
		}
		if n := len(out); n == 0 || out[n-1].id != r.ConversationID {
			out = append(out, archivedConversation{id: r.ConversationID})
		}
		last := &out[len(out)-1]
		last.recordings = append(last.recordings, r.Ref())
	}
	return out
}

// mayReturn tells whether a recording is archived or on its way back.
func mayReturn(r evidence.Recording) bool {
	return r.Reason == evidence.ReasonArchived ||
		r.Reason == evidence.ReasonNotReady && r.Detail == string(genesys.FileRestoring)
}

// applyRestorations enters what became of archived recordings into an inventory that
// was taken before.
func applyRestorations(ctx context.Context, store archive.Store, slice artifacts.Slice, inventory *evidence.Inventory) error {
	ended, err := readEndedRestorations(ctx, store, slice)
	if err != nil {
		return err
	}
	became := map[genesys.RecordingRef]artifacts.Restored{}
	for _, restoration := range ended {
		for _, r := range restoration.Recordings {
			became[r.RecordingRef] = r
		}
	}
	for i := range inventory.Recordings {
		r := &inventory.Recordings[i]
		now, known := became[r.Ref()]
		switch {
		case !known || !mayReturn(*r):
		case now.Reason == "":
			r.Disposition, r.Reason, r.Detail = evidence.Wanted, "", ""
		default:
			r.Reason, r.Detail = now.Reason, now.Detail
		}
	}
	return nil
}
