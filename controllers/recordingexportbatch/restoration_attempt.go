package recordingexportbatch

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/once"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// restorationAttempt requests the restoration of one recording, at most once: a second call
// could cost a second restoration. It is the log of that effect (package once).
type restorationAttempt struct {
	*restorationWork
	ref      genesys.RecordingRef
	metadata *genesys.Metadata
	permit   *transfer.Permit
	// attempt is what Begin has recorded.
	attempt artifacts.RestorationAttempt
}

// requestRestoration requests a recording's restoration, unless this or another process has
// done so. It returns why the recording cannot be restored, nil if it may still be restored.
func (w *restorationWork) requestRestoration(ctx context.Context, ref genesys.RecordingRef, metadata *genesys.Metadata) (*artifacts.RestorationEnd, error) {
	a := &restorationAttempt{restorationWork: w, ref: ref, metadata: metadata}
	switch state, err := a.Recorded(ctx); {
	case err != nil:
		return nil, err
	case state != once.None: // there may be a refusal by now, whatever was recorded a moment ago
		return w.readRefusal(ctx, ref)
	case w.last:
		return nil, nil
	case noRestorationsLeft(metadata):
		return &artifacts.RestorationEnd{RecordingRef: ref, Reason: evidence.ReasonRestorationQuota}, nil
	}
	// The gate is passed first, so that nothing delays the call once the attempt is recorded.
	var err error
	if a.permit, err = w.requests.acquire(ctx); err != nil {
		return nil, err
	}
	defer a.permit.Drop()
	if err := w.owner.verify(ctx); err != nil {
		return nil, err
	}
	// The next attempt finds what became of the request: a refusal is recorded, and the file
	// state shows everything else. Nothing else can be seen of a request for a recording that is
	// still archived: its restoration may begin later.
	_, err = once.Effect{Log: a, Call: a.call, Judge: judgeRestoration}.Start(ctx)
	return nil, err
}

// Recorded reads whether the restoration was requested, and refused.
func (a *restorationAttempt) Recorded(ctx context.Context) (once.State, error) {
	known, err := artifacts.Exists(ctx, a.store, artifacts.AttemptKey(a.slice, a.ref))
	if err != nil || !known {
		return once.None, err
	}
	refused, err := artifacts.Exists(ctx, a.store, artifacts.RefusalKey(a.slice, a.ref))
	if refused {
		return once.Refused, err
	}
	return once.Unknown, err
}

// Begin records the attempt, with the recording's dates before it.
func (a *restorationAttempt) Begin(ctx context.Context) (bool, error) {
	stamp, before := a.stamp(), findRecording(a.ref, a.metadata.Recordings).Retention
	a.attempt = artifacts.RestorationAttempt{
		Stamp: stamp, RecordingRef: a.ref, Before: before, Until: genesys.LaterArchiveDate(before, stamp.At).Truncate(time.Millisecond),
	}
	stored, err := artifacts.Put(ctx, a.store, artifacts.AttemptKey(a.slice, a.ref), a.attempt)
	return err == nil && stored == a.attempt, err
}

// Forget removes the attempt.
func (a *restorationAttempt) Forget(ctx context.Context) error {
	return a.store.Remove(ctx, artifacts.AttemptKey(a.slice, a.ref))
}

// Finish records a refusal. A restoration that was accepted shows in the file state.
func (a *restorationAttempt) Finish(ctx context.Context, state once.State, cause error) error {
	if state == once.Refused {
		return a.recordRefusal(ctx, a.ref, cause)
	}
	return ctx.Err()
}

// call makes the request. Unless it certainly had no effect, it counts against the quota that
// the metadata tells of.
func (a *restorationAttempt) call(ctx context.Context) error {
	err := a.cloud.Restore(ctx, a.ref, a.attempt.Before, a.attempt.Until, restoreTimeout)
	a.permit.Release(err)
	if state := judgeRestoration(err); (state == once.Done || state == once.Unknown) && a.metadata.RestorationsLeft != nil {
		*a.metadata.RestorationsLeft--
	}
	return err
}

// judgeRestoration tells what the answer to a restoration request proves.
func judgeRestoration(err error) once.State {
	if err == nil {
		return once.Done
	}
	switch genesys.KindOf(err) {
	case genesys.KindThrottled, genesys.KindOverloaded, genesys.KindUnauthorized, genesys.KindForbidden:
		return once.None
	case genesys.KindNotFound, genesys.KindInvalid:
		return once.Refused
	default:
		return once.Unknown
	}
}

func noRestorationsLeft(metadata *genesys.Metadata) bool {
	return metadata.RestorationsLeft != nil && *metadata.RestorationsLeft <= 0
}

// recordRefusal records that Genesys Cloud refused a restoration, and why. If nothing is left
// of the organisation's quota, that is the reason, whatever the error says.
func (w *restorationWork) recordRefusal(ctx context.Context, ref genesys.RecordingRef, refusal error) error {
	end := notRestored(ref, refusal.Error())
	metadata, err := w.requestMetadata(ctx, ref.ConversationID)
	if err == nil && noRestorationsLeft(&metadata) {
		end.Reason = evidence.ReasonRestorationQuota
	}
	refused := artifacts.RestorationRefusal{Stamp: w.stamp(), RestorationEnd: end}
	_, err = artifacts.Put(ctx, w.store, artifacts.RefusalKey(w.slice, ref), refused)
	return err
}

// readRefusal returns the recorded refusal of a recording's restoration, nil if there is none.
func (w *restorationWork) readRefusal(ctx context.Context, ref genesys.RecordingRef) (*artifacts.RestorationEnd, error) {
	refused, err := artifacts.Get[artifacts.RestorationRefusal](ctx, w.store, artifacts.RefusalKey(w.slice, ref))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &refused.RestorationEnd, err
}
