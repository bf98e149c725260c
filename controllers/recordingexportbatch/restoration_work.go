package recordingexportbatch

import (
	"context"
	"fmt"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// restorationWork has the archived recordings of one slice restored.
type restorationWork struct {
	recorder
	owner     ownerVerifier
	cloud     recordingRestorer
	requests  route
	slice     artifacts.Slice
	ended     []artifacts.Restoration
	remaining []archivedConversation
	// last tells that the deadline is used up; timeout bounds the answer to a metadata
	// request.
	last    bool
	timeout time.Duration
	// requestedBefore are the recordings whose restoration was requested before the current
	// attempt: the dates that this attempt reads are those after the request.
	requestedBefore map[genesys.RecordingRef]bool
}

// restoreArchived reads which recordings are archived, and makes one attempt to have them
// restored.
func (w *restorationWork) restoreArchived(ctx context.Context, b *resolvedBatch, try transfer.Try) (err error) {
	if w.slice, err = artifacts.Get[artifacts.Slice](ctx, w.store, artifacts.SliceKey(b.batch.Name)); err != nil {
		return err
	}
	if w.ended, err = readEndedRestorations(ctx, w.store, w.slice); err != nil {
		return err
	}
	inventory, err := takeInventory(ctx, b, w.slice)
	if err != nil {
		return err
	}
	w.remaining = stillArchived(inventory, w.ended)
	return w.checkRemaining(ctx, try)
}

// checkRemaining checks each conversation whose restoration has not ended once, and requests the
// restorations that have not been requested.
func (w *restorationWork) checkRemaining(ctx context.Context, try transfer.Try) error {
	if err := w.startAttempt(ctx, try); err != nil {
		return err
	}
	sum := &restoringError{}
	for _, end := range w.ended {
		sum.addEnded(end.Recordings)
	}
	for _, c := range w.remaining {
		if there, err := artifacts.Exists(ctx, w.store, artifacts.RestorationKey(w.slice, c.id)); err != nil || there {
			if err != nil {
				return err
			}
			continue
		}
		if err := w.checkConversation(ctx, c, sum); err != nil {
			return err
		}
	}
	if sum.pending > 0 {
		return sum
	}
	return nil
}

// startAttempt prepares an attempt.
func (w *restorationWork) startAttempt(ctx context.Context, try transfer.Try) error {
	w.last, w.timeout, w.requestedBefore = try.Last, genesys.Timeout(try.Failures), map[genesys.RecordingRef]bool{}
	attempts, err := artifacts.All[artifacts.RestorationAttempt](ctx, w.store, artifacts.AttemptFolder(w.slice))
	for _, attempt := range attempts {
		w.requestedBefore[attempt.RecordingRef] = true
	}
	return err
}

// checkConversation reads the state of a conversation's recordings, requests the missing
// restorations, and records the end once none is waited for. A restoration that this attempt
// requests never ends in it: the next attempt reads the dates as they are afterwards.
func (w *restorationWork) checkConversation(ctx context.Context, c archivedConversation, sum *restoringError) error {
	metadata, err := w.requestMetadata(ctx, c.id)
	if err != nil {
		return w.handleReadFailure(ctx, c, err, sum)
	}
	end := artifacts.Restoration{ConversationID: c.id, CorrelationID: metadata.CorrelationID, Body: metadata.Body}
	waiting := 0
	for _, ref := range c.recordings {
		now, err := w.recordingEnd(ctx, ref, &metadata)
		if err != nil {
			return err
		}
		if now == nil {
			waiting++
			continue
		}
		end.Recordings = append(end.Recordings, *now)
	}
	sum.addEnded(end.Recordings)
	sum.pending += waiting
	if waiting > 0 {
		return nil
	}
	return w.recordEnd(ctx, end)
}

func (w *restorationWork) requestMetadata(ctx context.Context, conversationID string) (genesys.Metadata, error) {
	permit, err := w.requests.acquire(ctx)
	if err != nil {
		return genesys.Metadata{}, err
	}
	defer permit.Drop()
	metadata, err := w.cloud.RecordingMetadata(ctx, conversationID, w.timeout)
	permit.Release(err)
	return metadata, err
}

func (w *restorationWork) recordEnd(ctx context.Context, end artifacts.Restoration) error {
	end.Stamp = w.stamp()
	_, err := artifacts.Put(ctx, w.store, artifacts.RestorationKey(w.slice, end.ConversationID), end)
	return err
}

// handleReadFailure decides what to do about a conversation whose metadata cannot be read.
func (w *restorationWork) handleReadFailure(ctx context.Context, c archivedConversation, err error, sum *restoringError) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch genesys.KindOf(err) {
	case "", genesys.KindThrottled, genesys.KindUnauthorized, genesys.KindForbidden:
		return err
	case genesys.KindNotFound:
	default:
		if !w.last {
			sum.pending, sum.last = sum.pending+len(c.recordings), err
			return nil
		}
	}
	end := artifacts.Restoration{ConversationID: c.id}
	for _, ref := range c.recordings {
		became, noted := w.readRefusal(ctx, ref)
		if noted != nil {
			return noted
		}
		if became == nil {
			gap := notRestored(ref, err.Error())
			became = &gap
		}
		end.Recordings = append(end.Recordings, *became)
	}
	return w.recordEnd(ctx, end)
}

func notRestored(ref genesys.RecordingRef, detail string) artifacts.RestorationEnd {
	return artifacts.RestorationEnd{RecordingRef: ref, Reason: evidence.ReasonNotRestored, Detail: detail}
}

// recordingEnd returns what became of a recording and its dates afterwards, nil if it is
// waited for.
func (w *restorationWork) recordingEnd(ctx context.Context, ref genesys.RecordingRef, metadata *genesys.Metadata) (*artifacts.RestorationEnd, error) {
	end, err := w.judgeState(ctx, ref, metadata)
	if end != nil && w.requestedBefore[ref] {
		if now := findRecording(ref, metadata.Recordings); now != nil {
			end.After = &now.Retention
		}
	}
	return end, err
}

func (w *restorationWork) judgeState(ctx context.Context, ref genesys.RecordingRef, metadata *genesys.Metadata) (*artifacts.RestorationEnd, error) {
	var end *artifacts.RestorationEnd
	var err error
	var state genesys.FileState
	if now := findRecording(ref, metadata.Recordings); now != nil {
		state = now.FileState
	}
	switch state {
	case genesys.FileAvailable, genesys.FileRestored:
		return &artifacts.RestorationEnd{RecordingRef: ref}, nil
	case genesys.FileRestoring:
	case genesys.FileArchived:
		end, err = w.requestRestoration(ctx, ref, metadata)
	default:
		gap := notRestored(ref, fmt.Sprintf("its file state became %q", state))
		return &gap, nil
	}
	if end == nil && err == nil && w.last {
		gap := notRestored(ref, fmt.Sprintf("it was still %s when retry.deadline was used up", state))
		end = &gap
	}
	return end, err
}

// findRecording finds a recording in the metadata of its conversation, nil if it is not there.
func findRecording(ref genesys.RecordingRef, recordings []genesys.Recording) *genesys.Recording {
	for i := range recordings {
		if recordings[i].ID == ref.RecordingID {
			return &recordings[i]
		}
	}
	return nil
}
