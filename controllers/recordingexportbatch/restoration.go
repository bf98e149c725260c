package recordingexportbatch

import (
	"context"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// Besides recording:recording:view, restoring needs the permissions
// recording:recording:editRetention and, for screen recordings,
// recording:screenRecording:editRetention (Platform API, PUT
// conversations/{conversationId}/recordings/{recordingId}).

type recordingRestorer interface {
	metadataReader
	Restore(ctx context.Context, ref genesys.RecordingRef, before genesys.Retention, until time.Time, timeout time.Duration) error
}

// restoreTimeout is how long the answer to a restoration request may take. It is the longest
// time-out of all, because the request is made only once.
var restoreTimeout = genesys.Timeout(2)

// restorationStep has Genesys Cloud restore what it has archived, if the export asks for that,
// and waits for it. It runs between the metadata step and the inventory step, so that recordings
// that are restored have as much time for their transfer as all others. Only batches of the lane
// Isolated do so, where nothing else waits for it.
type restorationStep struct {
	process
	owner archiveOwner
	work  batchWork
	gates *transfer.Gates
}

// Reconcile is satisfied once no restoration is waited for.
func (r *restorationStep) Reconcile(_ context.Context, b *connectedBatch) (outcome.Outcome, error) {
	if !b.state.restorationPending {
		return outcome.Done(), nil
	}
	lane := b.batch.Spec.Lane
	work := &restorationWork{
		recorder: recorder{r.process, b.store}, owner: r.owner.verifier(b.resolvedBatch), cloud: b.cloud, requests: b.route(r.gates, metadataLane(lane), "metadata"),
	}
	return r.work.run(b.loadedBatch, v1alpha1.StepRestoration, loop.Task{
		Pool: string(lane), Key: b.batch.Name + "/restoration",
		Work: func(ctx context.Context, try transfer.Try) error {
			return work.restoreArchived(ctx, b.resolvedBatch, try)
		},
		Reason: v1alpha1.ReasonRestoringArchived, Message: "waiting for archived recordings to be restored",
	}), nil
}

// readEndedRestorations returns how the restorations of a slice's conversations ended.
func readEndedRestorations(ctx context.Context, store archive.Store, slice artifacts.Slice) ([]artifacts.Restoration, error) {
	return artifacts.All[artifacts.Restoration](ctx, store, artifacts.RestorationFolder(slice))
}

// archivedConversation is a conversation with recordings that Genesys Cloud has archived.
type archivedConversation struct {
	id         string
	recordings []genesys.RecordingRef
}

// stillArchived returns the conversations with recordings that are archived or being restored,
// except those whose restoration has ended.
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

// mayReturn tells whether a recording is archived or being restored.
func mayReturn(r evidence.Recording) bool {
	return r.Reason == evidence.ReasonArchived ||
		r.Reason == evidence.ReasonNotReady && r.Detail == string(genesys.FileRestoring)
}

// applyRestorations changes an inventory by what became of archived recordings.
func applyRestorations(ctx context.Context, store archive.Store, slice artifacts.Slice, inventory *evidence.Inventory) error {
	ended, err := readEndedRestorations(ctx, store, slice)
	if err != nil {
		return err
	}
	became := map[genesys.RecordingRef]artifacts.RestorationEnd{}
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
