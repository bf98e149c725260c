package recordingexportbatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type mediaReader interface {
	OpenMedia(ctx context.Context, url genesys.SignedURL) (*genesys.Media, error)
}

// errStored ends the copy of a result that turns out to be a file that is stored.
var errStored = errors.New("it is stored already")

// errClosed ends the copy of a result that comes when the bag is closed.
var errClosed = errors.New("its bag is closed: another process has taken over")

// errExpired is why a result is not fetched whose address is too old by now.
var errExpired = &genesys.Error{Op: "read media", Kind: genesys.KindForbidden, Message: "the address has expired"}

// expire notes that an address is of no use any more; old tells whether it is
// because of its age. If it is not, a new address may still help, but only once.
func (l *line) expire(url genesys.SignedURL, err error, old bool) {
	l.gone[url], l.stale[url] = err, old || l.renewals == 0
	l.fail(err, l.stale[url])
}

// fetch brings one result into the bag. One that does not arrive whole is not
// stored, and its recording is outstanding; an error is returned only if all must
// wait: the archive cannot be written, Genesys Cloud said so, or ctx has ended.
func (d *delivery) fetch(ctx context.Context, of *listing, result genesys.BatchResult) error {
	if err := of.gone[result.URL]; err != nil {
		of.fail(err, of.stale[result.URL])
		return nil
	}
	pass, err := d.gates.Acquire(ctx, d.mediaGate, d.limit)
	if err != nil {
		return err
	}
	defer pass.Drop()
	begun := d.clock.Now()
	age := of.age(result, begun)
	if of.tried.Swap(true) && !d.addresses.MayWork(d.mediaGate, age, of.doubted.Load()) {
		of.expire(result.URL, errExpired, true)
		return nil
	}
	err = d.download(ctx, of, result)
	pass.Release(err)
	switch kind := genesys.KindOf(err); {
	case err == nil:
		of.doubted.Store(false)
		now := d.clock.Now()
		d.addresses.Works(d.mediaGate, age, now.Sub(begun), now)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case kind == genesys.KindForbidden, kind == genesys.KindInvalid:
		old := d.addresses.Refused(d.mediaGate, age)
		if old {
			of.doubted.Store(true)
		}
		of.expire(result.URL, err, old)
		return nil
	case kind == genesys.KindNotFound:
		of.expire(result.URL, err, false)
		return nil
	case kind != "" && kind != genesys.KindThrottled, errors.Is(err, transfer.ErrShort):
		of.fail(err, false)
		return nil
	default:
		return err
	}
}

// download streams a result into the bag, unless it turns out to be a file that is
// there already, and notes it down.
func (d *delivery) download(ctx context.Context, of *listing, result genesys.BatchResult) error {
	f, err := d.nextFile(ctx, of, result)
	if err != nil {
		return err
	}
	known := file{}
	stored, err := d.stream(ctx, result, f.path, func(got transfer.Stored) error {
		if same, claimed := of.claim(got.SHA256); claimed {
			known = same
			return errStored
		}
		if err := d.received(ctx, of.line, f, got); err != nil {
			return err
		}
		return d.stillOpen(ctx)
	})
	switch {
	case errors.Is(err, errStored) && (slices.Contains(of.files, known) || slices.Contains(of.elsewhere, known)):
		of.seen[result.URL] = known.number
		return nil
	case errors.Is(err, errStored):
		f.number, f.path, f.sha256, f.size = known.number, known.path, known.sha256, known.size
	case errors.Is(err, fs.ErrExist): // another process was quicker: it may have stored just this
		if _, err := d.taken(ctx, of, f); err != nil {
			return err
		}
		same, claimed := of.claim(stored.SHA256)
		if !claimed {
			return d.download(ctx, of, result)
		}
		known = same
		f.number, f.path, f.sha256, f.size = known.number, known.path, known.sha256, known.size
	case err != nil:
		return err
	default:
		f.sha256, f.size = stored.SHA256, stored.Size
	}
	noted := d.storedFile(of.line, f)
	noted.ContentType, noted.Adopted = result.ContentType, known.path != ""
	number, err := d.note(ctx, of.line, noted)
	of.seen[result.URL], of.claimed[number] = number, true
	return err
}

// received notes down what came, before it is stored.
func (d *delivery) received(ctx context.Context, l *line, f file, got transfer.Stored) error {
	f.sha256, f.size = got.SHA256, got.Size
	stored := d.storedFile(l, f)
	_, err := artifacts.Put(ctx, d.store, artifacts.ReceivedKey(d.batch, stored.File, f.number), artifacts.Received{
		Stamp: stored.Stamp, Path: f.path, SHA256: f.sha256,
	})
	return err
}

// nextFile is what a result is called that has not been received yet: the first
// file of its recording that nobody has stored in the meantime.
func (d *delivery) nextFile(ctx context.Context, of *listing, result genesys.BatchResult) (file, error) {
	for {
		f := file{number: of.number(of.place(result)), request: of.request}
		f.path = evidence.RecordingPath(of.ConversationID, of.RecordingID, f.number, extension(result.ContentType))
		if taken, err := d.taken(ctx, of, f); err != nil || !taken {
			return f, err
		}
	}
}

// taken tells whether another process has stored something under a file's name, and
// if so enters that among what was found.
func (d *delivery) taken(ctx context.Context, of *listing, f file) (bool, error) {
	if err := d.stillOpen(ctx); err != nil {
		return false, err
	}
	there, err := artifacts.Exists(ctx, d.store, evidence.BagFolder(d.batch)+"/"+f.path)
	if err != nil || !there {
		return false, err
	}
	of.found = append(of.found, f)
	return true, d.examine(ctx, of.line)
}

// stillOpen refuses to store what comes once another process has closed the bag.
func (d *delivery) stillOpen(ctx context.Context) error {
	closed, err := d.isClosed(ctx)
	if closed {
		return errClosed
	}
	return err
}

func (d *delivery) isClosed(ctx context.Context) (bool, error) {
	return artifacts.Exists(ctx, d.store, artifacts.ClosingKey(d.batch))
}

func (d *delivery) stream(ctx context.Context, result genesys.BatchResult, path string, accept func(transfer.Stored) error) (transfer.Stored, error) {
	media, err := d.media.OpenMedia(ctx, result.URL)
	if err != nil {
		return transfer.Stored{}, err
	}
	defer func() { _ = media.Body.Close() }()
	reserved, err := d.room.take(ctx, max(media.Length, 0))
	if err != nil {
		return transfer.Stored{}, err
	}
	defer reserved.Release()
	if err := checkType(result.ContentType, media.ContentType); err != nil {
		return transfer.Stored{}, err
	}
	head := make([]byte, pageHead)
	n, err := io.ReadFull(media.Body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return transfer.Stored{}, err
	}
	head = head[:n]
	if err := checkHead(result.ContentType, head); err != nil {
		return transfer.Stored{}, err
	}
	whole := &sharing{Reader: io.MultiReader(bytes.NewReader(head), media.Body), room: d.room, reserved: reserved, endless: media.Length < 0}
	return transfer.Copy(ctx, d.store, evidence.BagFolder(d.batch)+"/"+path, transfer.Stream{From: whole, Length: media.Length, Accept: accept})
}

// extensions of files, by content type. Nothing else becomes part of a path.
var extensions = map[string]string{
	"application/json": "json",
	"application/zip":  "zip",
	"audio/mpeg":       "mp3",
	"audio/ogg":        "ogg",
	"audio/opus":       "opus",
	"audio/vnd.wave":   "wav",
	"audio/wav":        "wav",
	"audio/webm":       "webm",
	"audio/x-wav":      "wav",
	"message/rfc822":   "eml",
	"text/plain":       "txt",
	"video/mp4":        "mp4",
	"video/webm":       "webm",
}

// extension names a file of the given content type; bin if it is not known.
func extension(contentType string) string {
	if known, ok := extensions[mediaType(contentType)]; ok {
		return known
	}
	return "bin"
}

// mediaType is a content type without its parameters, which may be malformed.
func mediaType(contentType string) string {
	parsed, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		before, _, _ := strings.Cut(contentType, ";")
		return strings.ToLower(strings.TrimSpace(before))
	}
	return parsed
}

// pageHead is how many bytes of a body tell whether it is a page (http.DetectContentType).
const pageHead = 512

// checkType refuses an error page that comes in a recording's place: markup where
// something else was announced, JSON where sound or pictures were.
func checkType(announced, received string) error {
	got, was := mediaType(received), mediaType(announced)
	if got != was && isMarkup(got) || got == "application/json" && isBinary(was) {
		return aPage(got, was)
	}
	return nil
}

// checkHead refuses an error page that says it were a recording: markup where
// something else than text was announced, text where sound or pictures were.
func checkHead(announced string, head []byte) error {
	got, was := mediaType(http.DetectContentType(head)), mediaType(announced)
	isText := strings.HasPrefix(was, "text/") || isMarkup(was)
	if isMarkup(got) && !isText || isBinary(was) && isASCII(head) {
		return aPage(got, was)
	}
	return nil
}

func isMarkup(contentType string) bool {
	return contentType == "text/html" || strings.HasSuffix(contentType, "/xml") || strings.HasSuffix(contentType, "+xml")
}

func isBinary(contentType string) bool {
	return strings.HasPrefix(contentType, "audio/") || strings.HasPrefix(contentType, "video/") || contentType == "application/zip"
}

// isASCII tells whether there is something, all of it printable.
func isASCII(head []byte) bool {
	return len(head) > 0 && !slices.ContainsFunc(head, func(b byte) bool {
		return b >= utf8.RuneSelf || b < ' ' && !strings.ContainsRune("\t\n\r", rune(b))
	})
}

func aPage(got, announced string) error {
	return &genesys.Error{
		Op: "fetch recording", Kind: genesys.KindMalformed,
		Err: fmt.Errorf("a page of type %s came where %s was announced", got, announced),
	}
}
