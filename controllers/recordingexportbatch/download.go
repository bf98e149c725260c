package recordingexportbatch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type mediaReader interface {
	OpenMedia(ctx context.Context, url genesys.SignedURL) (*genesys.Media, error)
}

// errStored ends the download of a result that turns out to be a stored file.
var errStored = errors.New("it is stored already")

// errClosed ends the download of a result that arrives after the bag was closed.
var errClosed = errors.New("its bag is closed: another process has taken over")

// errExpired is the failure of a result whose address is too old to be used.
var errExpired = &genesys.Error{Op: "read media", Kind: genesys.KindForbidden, Message: "the address has expired"}

// recordDeadURL records that an address does not work. old tells whether its age is the cause.
// If it is not, a new address may still help, but only once.
func (r *recordingState) recordDeadURL(url genesys.SignedURL, err error, old bool) {
	r.deadURLs[url], r.renewableURLs[url] = err, old || r.expiredRequests == 0
	r.recordFailure(err, r.renewableURLs[url])
}

// fetchResult downloads one result into the bag. A result that does not arrive whole is not
// stored, and its recording stays outstanding. An error is returned only if all recordings
// must wait: the archive cannot be written, Genesys Cloud asked to wait, or ctx has ended.
func (d *requestFollower) fetchResult(ctx context.Context, l *listing, result genesys.BatchResult) error {
	if err := l.recording.deadURLs[result.URL]; err != nil {
		l.recording.recordFailure(err, l.recording.renewableURLs[result.URL])
		return nil
	}
	permit, err := d.media.acquire(ctx)
	if err != nil {
		return err
	}
	defer permit.Drop()
	begun := d.clock.Now()
	age := l.urlAge(result, begun)
	if l.answer.wasUsed.Swap(true) && !d.addresses.WorthTrying(d.media.gate, age, l.answer.mayBeExpired.Load()) {
		l.recording.recordDeadURL(result.URL, errExpired, true)
		return nil
	}
	err = d.downloadResult(ctx, l, result)
	permit.Release(err)
	switch kind := genesys.KindOf(err); {
	case err == nil:
		l.answer.mayBeExpired.Store(false)
		now := d.clock.Now()
		d.addresses.RecordWorked(d.media.gate, age, now.Sub(begun), now)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case kind == genesys.KindForbidden, kind == genesys.KindInvalid:
		old := d.addresses.RecordRefused(d.media.gate, age)
		if old {
			l.answer.mayBeExpired.Store(true)
		}
		l.recording.recordDeadURL(result.URL, err, old)
		return nil
	case kind == genesys.KindNotFound:
		l.recording.recordDeadURL(result.URL, err, false)
		return nil
	case kind != "" && kind != genesys.KindThrottled, errors.Is(err, transfer.ErrShort):
		l.recording.recordFailure(err, false)
		return nil
	default:
		return err
	}
}

// downloadResult streams a result into the bag and records the file, unless its content is a
// file that is stored already.
func (d *requestFollower) downloadResult(ctx context.Context, l *listing, result genesys.BatchResult) error {
	f, err := d.nextFile(ctx, l, result)
	if err != nil {
		return err
	}
	known := file{}
	stored, err := d.stream(ctx, result, f.path, func(got transfer.Stored) error {
		if same, claimed := l.claimFile(got.SHA256); claimed {
			known = same
			return errStored
		}
		if err := d.recordReceived(ctx, l.recording, f, got); err != nil {
			return err
		}
		return d.checkBagOpen(ctx)
	})
	switch {
	case errors.Is(err, errStored) && (slices.Contains(l.recording.files, known) || slices.Contains(l.recording.inFormerBag, known)):
		l.recording.fileOfURL[result.URL] = known.number
		return nil
	case errors.Is(err, errStored):
		f.number, f.path, f.sha256, f.size = known.number, known.path, known.sha256, known.size
	case errors.Is(err, fs.ErrExist): // another process was quicker: it may have stored just this
		if _, err := d.isTaken(ctx, l, f); err != nil {
			return err
		}
		same, claimed := l.claimFile(stored.SHA256)
		if !claimed {
			return d.downloadResult(ctx, l, result)
		}
		known = same
		f.number, f.path, f.sha256, f.size = known.number, known.path, known.sha256, known.size
	case err != nil:
		return err
	default:
		f.sha256, f.size = stored.SHA256, stored.Size
	}
	noted := d.newStoredFile(l.recording, f)
	noted.ContentType, noted.Adopted = result.ContentType, known.path != ""
	number, err := d.recordFile(ctx, l.recording, noted)
	l.recording.fileOfURL[result.URL], l.claimed[number] = number, true
	return err
}

// recordReceived records the digest of a file before it is stored.
func (d *requestFollower) recordReceived(ctx context.Context, recording *recordingState, f file, got transfer.Stored) error {
	f.sha256, f.size = got.SHA256, got.Size
	stored := d.newStoredFile(recording, f)
	_, err := artifacts.Put(ctx, d.store, artifacts.ReceivedKey(d.batch, stored.File, f.number), artifacts.Received{
		Stamp: stored.Stamp, Path: f.path, SHA256: f.sha256,
	})
	return err
}

// nextFile returns the name for a new result: the first number of its recording that no
// process has used.
func (d *requestFollower) nextFile(ctx context.Context, l *listing, result genesys.BatchResult) (file, error) {
	for {
		f := file{number: l.recording.freeNumber(l.position(result)), request: l.answer.request}
		f.path = evidence.RecordingPath(l.recording.ConversationID, l.recording.RecordingID, f.number, extension(result.ContentType))
		if taken, err := d.isTaken(ctx, l, f); err != nil || !taken {
			return f, err
		}
	}
}

// isTaken tells whether another process has stored a file under this name. If so it adds the
// file to the unrecorded ones.
func (d *requestFollower) isTaken(ctx context.Context, l *listing, f file) (bool, error) {
	if err := d.checkBagOpen(ctx); err != nil {
		return false, err
	}
	there, err := artifacts.Exists(ctx, d.store, evidence.BagFolder(d.batch)+"/"+f.path)
	if err != nil || !there {
		return false, err
	}
	l.recording.unrecorded = append(l.recording.unrecorded, f)
	return true, d.hashUnrecorded(ctx, l.recording)
}

// checkBagOpen returns errClosed once a process has closed the bag.
func (d *requestFollower) checkBagOpen(ctx context.Context) error {
	closed, err := d.isBagClosed(ctx)
	if closed {
		return errClosed
	}
	return err
}

func (t bagTransfer) isBagClosed(ctx context.Context) (bool, error) {
	return artifacts.Exists(ctx, t.store, artifacts.ClosingKey(t.batch))
}

func (d *requestFollower) stream(ctx context.Context, result genesys.BatchResult, path string, accept func(transfer.Stored) error) (transfer.Stored, error) {
	media, err := d.source.OpenMedia(ctx, result.URL)
	if err != nil {
		return transfer.Stored{}, err
	}
	defer func() { _ = media.Body.Close() }()
	reserved, err := d.space.reserveFile(ctx, max(media.Length, 0))
	if err != nil {
		return transfer.Stored{}, err
	}
	defer reserved.Release()
	if err := checkContentType(result.ContentType, media.ContentType); err != nil {
		return transfer.Stored{}, err
	}
	head := make([]byte, sniffLength)
	n, err := io.ReadFull(media.Body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return transfer.Stored{}, err
	}
	head = head[:n]
	if err := checkContent(result.ContentType, head); err != nil {
		return transfer.Stored{}, err
	}
	whole := &reservedReader{Reader: io.MultiReader(bytes.NewReader(head), media.Body), space: d.space, reserved: reserved, unknownLength: media.Length < 0}
	return transfer.Copy(ctx, d.store, evidence.BagFolder(d.batch)+"/"+path, transfer.Stream{From: whole, Length: media.Length, Accept: accept})
}
