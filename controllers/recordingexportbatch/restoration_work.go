package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// restorationWork has the archived recordings of one slice restored.
type restorationWork struct {
	store    archive.Store
	cloud    recordingRestorer
	clock    clock.PassiveClock
	actor    string
	gates    *transfer.Gates
	gate     transfer.Gate
	limit    int
	slice    artifacts.Slice
	ended    []artifacts.Restoration
	left     []archived
	deadline time.Time
}

// restoringError tells that restorations are waited for.
type restoringError struct {
	restored, gone, waiting int
	last                    error
}

// count counts recordings that are not waited for any more.
func (e *restoringError) count(ended []artifacts.Restored) {
	for _, r := range ended {
		if r.Reason == "" {
			e.restored++
		} else {
			e.gone++
		}
	}
}

func (e *restoringError) Error() string {
	says := fmt.Sprintf("of %d archived recordings %d are restored, %d cannot be, %d are waited for",
		e.restored+e.gone+e.waiting, e.restored, e.gone, e.waiting)
	if e.last != nil {
		says += ", and the last look failed: " + e.last.Error()
	}
	return says
}

func (e *restoringError) Unwrap() error { return e.last }

// Outcome is to wait, and to look again ever more rarely.
func (e *restoringError) Outcome() outcome.Outcome {
	return outcome.Wait(v1alpha1.ReasonRestoringArchived, e.Error(), 0)
}

// run looks once at each conversation whose restoration has not ended, and asks
// for what has not been asked for.
func (w *restorationWork) run(ctx context.Context, _ int) error {
	sum := &restoringError{}
	for _, end := range w.ended {
		sum.count(end.Recordings)
	}
	for _, c := range w.left {
		if there, err := artifacts.Exists(ctx, w.store, artifacts.RestorationKey(w.slice, c.id)); err != nil || there {
			if err != nil {
				return err
			}
			continue
		}
		if err := w.look(ctx, c, sum); err != nil {
			return err
		}
	}
	if sum.waiting > 0 {
		return sum
	}
	return nil
}

// look sees how far a conversation's recordings are, asks for those that nobody
// asked for, and notes the end down once none is waited for any more.
func (w *restorationWork) look(ctx context.Context, c archived, sum *restoringError) error {
	metadata, err := w.metadata(ctx, c.id)
	if err != nil {
		return w.unseen(ctx, c, err, sum)
	}
	end := artifacts.Restoration{ConversationID: c.id, CorrelationID: metadata.CorrelationID, Body: metadata.Body}
	waiting := 0
	for _, ref := range c.recordings {
		now, err := w.settle(ctx, ref, &metadata)
		if err != nil {
			return err
		}
		if now == nil {
			waiting++
			continue
		}
		end.Recordings = append(end.Recordings, *now)
	}
	sum.count(end.Recordings)
	sum.waiting += waiting
	if waiting > 0 {
		return nil
	}
	return w.note(ctx, end)
}

func (w *restorationWork) metadata(ctx context.Context, conversationID string) (genesys.Metadata, error) {
	pass, err := w.gates.Enter(ctx, w.gate, w.limit)
	if err != nil {
		return genesys.Metadata{}, err
	}
	defer pass.Drop()
	metadata, err := w.cloud.RecordingMetadata(ctx, conversationID, restoreTimeout)
	pass.Leave(err)
	return metadata, err
}

func (w *restorationWork) note(ctx context.Context, end artifacts.Restoration) error {
	end.Stamp = artifacts.NewStamp(w.clock.Now(), w.actor)
	_, err := artifacts.Put(ctx, w.store, artifacts.RestorationKey(w.slice, end.ConversationID), end)
	return err
}

// unseen decides what it means that a conversation cannot be looked at.
func (w *restorationWork) unseen(ctx context.Context, c archived, err error, sum *restoringError) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	switch genesys.KindOf(err) {
	case "", genesys.KindThrottled, genesys.KindUnauthorized, genesys.KindForbidden:
		return err
	case genesys.KindNotFound:
	default:
		if !w.late() {
			sum.waiting, sum.last = sum.waiting+len(c.recordings), err
			return nil
		}
	}
	end := artifacts.Restoration{ConversationID: c.id}
	for _, ref := range c.recordings {
		end.Recordings = append(end.Recordings, notRestored(ref, err.Error()))
	}
	return w.note(ctx, end)
}

func (w *restorationWork) late() bool { return !w.clock.Now().Before(w.deadline) }

func notRestored(ref genesys.RecordingRef, detail string) artifacts.Restored {
	return artifacts.Restored{RecordingRef: ref, Reason: evidence.ReasonNotRestored, Detail: detail}
}

// settle says what became of a recording, nil if it is waited for.
func (w *restorationWork) settle(ctx context.Context, ref genesys.RecordingRef, metadata *genesys.Metadata) (*artifacts.Restored, error) {
	var end *artifacts.Restored
	var err error
	state := stateOf(ref, metadata.Recordings)
	switch state {
	case genesys.FileAvailable, genesys.FileRestored:
		return &artifacts.Restored{RecordingRef: ref}, nil
	case genesys.FileRestoring:
	case genesys.FileArchived:
		end, err = w.ask(ctx, ref, metadata)
	default:
		gap := notRestored(ref, fmt.Sprintf("its file state became %q", state))
		return &gap, nil
	}
	if end == nil && err == nil && w.late() {
		gap := notRestored(ref, fmt.Sprintf("it was %s when time was up", state))
		end = &gap
	}
	return end, err
}

func stateOf(ref genesys.RecordingRef, recordings []genesys.Recording) genesys.FileState {
	for _, r := range recordings {
		if r.ID == ref.RecordingID {
			return r.FileState
		}
	}
	return ""
}

// ask asks for a recording's restoration unless that has been done, at this or at
// another time: a second call could cost a second restoration. The attempt is
// noted before it is made; how one ended of which that is not known shows in the
// recording's file state alone. It returns why the recording cannot be restored,
// nil if it may still be.
func (w *restorationWork) ask(ctx context.Context, ref genesys.RecordingRef, metadata *genesys.Metadata) (*artifacts.Restored, error) {
	key := artifacts.AttemptKey(w.slice, ref)
	known, err := artifacts.Get[artifacts.Attempt](ctx, w.store, key)
	switch {
	case err == nil:
		return w.answer(ctx, known)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case w.late():
		return nil, nil
	case metadata.RestorationsLeft != nil && *metadata.RestorationsLeft <= 0:
		return &artifacts.Restored{RecordingRef: ref, Reason: evidence.ReasonRestorationQuota}, nil
	}
	pass, err := w.gates.Enter(ctx, w.gate, w.limit)
	if err != nil {
		return nil, err
	}
	defer pass.Drop()
	err = w.askOnce(ctx, pass, ref, metadata)
	switch genesys.KindOf(err) {
	case genesys.KindNotFound, genesys.KindInvalid:
		return w.refused(ctx, ref, err)
	default:
		return nil, err
	}
}

// askOnce notes the attempt and makes it. The gate is passed already: nothing
// comes in between that could end the one without the other.
func (w *restorationWork) askOnce(ctx context.Context, pass *transfer.Pass, ref genesys.RecordingRef, metadata *genesys.Metadata) error {
	key := artifacts.AttemptKey(w.slice, ref)
	attempt := artifacts.Attempt{Stamp: artifacts.NewStamp(w.clock.Now(), w.actor), RecordingRef: ref}
	stored, err := artifacts.Put(ctx, w.store, key, attempt)
	if err != nil || stored != attempt {
		return err // another process asks
	}
	err = w.cloud.Restore(ctx, ref)
	pass.Leave(err)
	switch genesys.KindOf(err) {
	case genesys.KindThrottled, genesys.KindUnauthorized, genesys.KindForbidden: // it took no effect
		return errors.Join(err, w.store.Remove(ctx, key))
	case genesys.KindNotFound, genesys.KindInvalid:
		return err
	default: // it did, or that is not known
		if metadata.RestorationsLeft != nil {
			*metadata.RestorationsLeft--
		}
		return ctx.Err()
	}
}

// refused notes down that Genesys Cloud refused a restoration, and why: for the
// organisation's quota if there is nothing left of it now, whatever the words.
func (w *restorationWork) refused(ctx context.Context, ref genesys.RecordingRef, refusal error) (*artifacts.Restored, error) {
	end := notRestored(ref, refusal.Error())
	metadata, err := w.metadata(ctx, ref.ConversationID)
	if err == nil && metadata.RestorationsLeft != nil && *metadata.RestorationsLeft <= 0 {
		end.Reason = evidence.ReasonRestorationQuota
	}
	refused := artifacts.Refusal{Stamp: artifacts.NewStamp(w.clock.Now(), w.actor), Restored: end}
	_, err = artifacts.Put(ctx, w.store, artifacts.RefusalKey(w.slice, ref), refused)
	return &end, err
}

// answer recalls how an attempt was answered, nil if it was not refused.
func (w *restorationWork) answer(ctx context.Context, attempt artifacts.Attempt) (*artifacts.Restored, error) {
	refused, err := artifacts.Get[artifacts.Refusal](ctx, w.store, artifacts.RefusalKey(w.slice, attempt.RecordingRef))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &refused.Restored, err
}
