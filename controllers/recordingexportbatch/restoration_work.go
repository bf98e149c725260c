package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// restorationWork has the archived recordings of one slice restored.
type restorationWork struct {
	store archive.Store
	cloud recordingRestorer
	clock clock.PassiveClock
	actor string
	gates *transfer.Gates
	gate  transfer.Gate
	limit int
	slice artifacts.Slice
	ended []artifacts.Restoration
	left  []archived
	// late tells that there is no patience left, timeout bounds a look at metadata.
	late    bool
	timeout time.Duration
	// asked are the recordings whose restoration had been asked for before the present
	// attempt: what it reads of them was read after the request.
	asked map[genesys.RecordingRef]bool
}

// run looks once at each conversation whose restoration has not ended, and asks
// for what has not been asked for.
func (w *restorationWork) run(ctx context.Context, try transfer.Try) error {
	if err := w.begin(ctx, try); err != nil {
		return err
	}
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
		try.Progress()
	}
	if sum.waiting > 0 {
		return sum
	}
	return nil
}

// begin prepares an attempt.
func (w *restorationWork) begin(ctx context.Context, try transfer.Try) error {
	w.late, w.timeout, w.asked = try.Last, genesys.Timeout(try.Failures), map[genesys.RecordingRef]bool{}
	attempts, err := artifacts.All[artifacts.Attempt](ctx, w.store, artifacts.AttemptFolder(w.slice))
	for _, attempt := range attempts {
		w.asked[attempt.RecordingRef] = true
	}
	return err
}

// look reads how far a conversation's recordings are, asks for those that nobody
// asked for, and notes the end once none is waited for any more. What is asked for
// in a look never ends in it: the next one reads the dates as they are afterwards.
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
	pass, err := w.gates.Acquire(ctx, w.gate, w.limit)
	if err != nil {
		return genesys.Metadata{}, err
	}
	defer pass.Drop()
	metadata, err := w.cloud.RecordingMetadata(ctx, conversationID, w.timeout)
	pass.Release(err)
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
		if !w.late {
			sum.waiting, sum.last = sum.waiting+len(c.recordings), err
			return nil
		}
	}
	end := artifacts.Restoration{ConversationID: c.id}
	for _, ref := range c.recordings {
		became, noted := w.answer(ctx, ref)
		if noted != nil {
			return noted
		}
		if became == nil {
			gap := notRestored(ref, err.Error())
			became = &gap
		}
		end.Recordings = append(end.Recordings, *became)
	}
	return w.note(ctx, end)
}

func notRestored(ref genesys.RecordingRef, detail string) artifacts.Restored {
	return artifacts.Restored{RecordingRef: ref, Reason: evidence.ReasonNotRestored, Detail: detail}
}

// settle says what became of a recording, nil if it is waited for, and what dates it
// has then.
func (w *restorationWork) settle(ctx context.Context, ref genesys.RecordingRef, metadata *genesys.Metadata) (*artifacts.Restored, error) {
	end, err := w.judge(ctx, ref, metadata)
	if end != nil && w.asked[ref] {
		if now := listed(ref, metadata.Recordings); now != nil {
			end.After = &now.Retention
		}
	}
	return end, err
}

func (w *restorationWork) judge(ctx context.Context, ref genesys.RecordingRef, metadata *genesys.Metadata) (*artifacts.Restored, error) {
	var end *artifacts.Restored
	var err error
	var state genesys.FileState
	if now := listed(ref, metadata.Recordings); now != nil {
		state = now.FileState
	}
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
	if end == nil && err == nil && w.late {
		gap := notRestored(ref, fmt.Sprintf("it was still %s when retry.deadline was used up", state))
		end = &gap
	}
	return end, err
}

// listed finds a recording in the metadata of its conversation, nil if it is not there.
func listed(ref genesys.RecordingRef, recordings []genesys.Recording) *genesys.Recording {
	for i := range recordings {
		if recordings[i].ID == ref.RecordingID {
			return &recordings[i]
		}
	}
	return nil
}

// ask asks for a recording's restoration unless that has been done, at this or at
// another time: a second call could cost a second restoration. The attempt is
// noted before it is made; how one ended of which that is not known shows in the
// recording's file state alone. It returns why the recording cannot be restored,
// nil if it may still be or has just been asked for.
func (w *restorationWork) ask(ctx context.Context, ref genesys.RecordingRef, metadata *genesys.Metadata) (*artifacts.Restored, error) {
	switch known, err := artifacts.Exists(ctx, w.store, artifacts.AttemptKey(w.slice, ref)); {
	case err != nil:
		return nil, err
	case known:
		return w.answer(ctx, ref)
	case w.late:
		return nil, nil
	case metadata.RestorationsLeft != nil && *metadata.RestorationsLeft <= 0:
		return &artifacts.Restored{RecordingRef: ref, Reason: evidence.ReasonRestorationQuota}, nil
	}
	pass, err := w.gates.Acquire(ctx, w.gate, w.limit)
	if err != nil {
		return nil, err
	}
	defer pass.Drop()
	err = w.askOnce(ctx, pass, ref, metadata)
	switch genesys.KindOf(err) {
	case genesys.KindNotFound, genesys.KindInvalid:
		return nil, w.refused(ctx, ref, err)
	default:
		return nil, err
	}
}

// askOnce notes the attempt and makes it. The gate is passed already: nothing
// comes in between that could end the one without the other.
func (w *restorationWork) askOnce(ctx context.Context, pass *transfer.Permit, ref genesys.RecordingRef, metadata *genesys.Metadata) error {
	key, now := artifacts.AttemptKey(w.slice, ref), w.clock.Now()
	before := listed(ref, metadata.Recordings).Retention
	attempt := artifacts.Attempt{
		Stamp: artifacts.NewStamp(now, w.actor), RecordingRef: ref,
		Before: before, Until: genesys.LaterArchiveDate(before, now).Truncate(time.Millisecond),
	}
	stored, err := artifacts.Put(ctx, w.store, key, attempt)
	if err != nil || stored != attempt {
		return err // another process asks
	}
	err = w.cloud.Restore(ctx, ref, attempt.Before, attempt.Until, restoreTimeout)
	pass.Release(err)
	switch genesys.KindOf(err) {
	case genesys.KindThrottled, genesys.KindOverloaded, genesys.KindUnauthorized, genesys.KindForbidden: // it took no effect
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
func (w *restorationWork) refused(ctx context.Context, ref genesys.RecordingRef, refusal error) error {
	end := notRestored(ref, refusal.Error())
	metadata, err := w.metadata(ctx, ref.ConversationID)
	if err == nil && metadata.RestorationsLeft != nil && *metadata.RestorationsLeft <= 0 {
		end.Reason = evidence.ReasonRestorationQuota
	}
	refused := artifacts.Refusal{Stamp: artifacts.NewStamp(w.clock.Now(), w.actor), Restored: end}
	_, err = artifacts.Put(ctx, w.store, artifacts.RefusalKey(w.slice, ref), refused)
	return err
}

// answer recalls how the request to restore a recording was answered, nil if it was
// not refused.
func (w *restorationWork) answer(ctx context.Context, ref genesys.RecordingRef) (*artifacts.Restored, error) {
	refused, err := artifacts.Get[artifacts.Refusal](ctx, w.store, artifacts.RefusalKey(w.slice, ref))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return &refused.Restored, err
}
