package recordingexportbatch

import (
	"context"
	"fmt"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// maxMissingRead is for how many conversations Genesys Cloud is asked about missing objects. Each is a call, and
// a few show where they got lost.
const maxMissingRead = 100

// readMissing reads from Genesys Cloud whether it says that it has exported the recordings that are missing
// in the bucket. What it does not tell is left out.
func (w *bulkWork) readMissing(ctx context.Context, missing []genesys.RecordingRef) ([]artifacts.BulkMissing, error) {
	byConversation := map[string]map[string]genesys.Recording{}
	var all []artifacts.BulkMissing
	for _, ref := range missing {
		listed, known := byConversation[ref.ConversationID]
		if !known && len(byConversation) < maxMissingRead {
			var err error
			if listed, err = w.listConversation(ctx, ref.ConversationID); err != nil {
				return nil, err
			}
			byConversation[ref.ConversationID] = listed
		}
		if recording, is := listed[refKey(ref).RecordingID]; is {
			all = append(all, artifacts.BulkMissing{RecordingRef: ref, ExportedDate: recording.Retention.ExportedDate})
		}
	}
	return all, nil
}

// listConversation lists the recordings of a conversation by their ids, none if Genesys Cloud does not tell
// them.
func (w *bulkWork) listConversation(ctx context.Context, id string) (map[string]genesys.Recording, error) {
	permit, err := w.listings.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer permit.Drop()
	got, err := w.metadata.RecordingMetadata(ctx, id, bulkTimeout)
	permit.Release(err)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	listed := map[string]genesys.Recording{}
	for _, recording := range got.Recordings {
		listed[refKey(genesys.RecordingRef{RecordingID: recording.ID}).RecordingID] = recording
	}
	return listed, nil
}

// missingDetail says what Genesys Cloud tells about missing recordings, empty if nothing.
func missingDetail(missing []artifacts.BulkMissing) string {
	exported := 0
	for _, recording := range missing {
		if recording.ExportedDate != "" {
			exported++
		}
	}
	switch {
	case exported > 0:
		return fmt.Sprintf(". Genesys Cloud says that it exported %s of them: look at the bucket of the integration, and at what removes or moves its objects", words.Count(exported, "recording"))
	case len(missing) > 0:
		return ". Genesys Cloud does not say that it exported them: look at the integration and its role"
	default:
		return ""
	}
}
