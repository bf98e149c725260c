package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

type mediaReader interface {
	OpenMedia(ctx context.Context, url genesys.SignedURL) (*genesys.Media, error)
}

// fetch stores one result as a file of its recording. A result that does not
// arrive whole is not stored, and its recording is outstanding; an error is
// returned only if the archive cannot be written, or ctx has ended.
func (d *delivery) fetch(ctx context.Context, request artifacts.Request, result genesys.BatchResult, file fileRef) error {
	if d.ledger.has(file) {
		return nil
	}
	leave, err := d.gates.Enter(ctx, d.mediaGate, d.limit)
	if err != nil {
		return err
	}
	defer leave()
	stored, err := d.download(ctx, result, file)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err()
	case genesys.KindOf(err) != "" || errors.Is(err, transfer.ErrShort):
		d.ledger.fail(file, err)
		return nil
	default:
		return err
	}
	stored.RequestID = request.RequestID
	if _, err := artifacts.Put(ctx, d.store, artifacts.FileKey(d.batch, file.RecordingRef, file.number), stored); err != nil {
		return err
	}
	d.ledger.store(file)
	return nil
}

// download streams a result into the bag. If the file is there already, stored
// by a process that ended before it could note so, it is adopted as it is.
func (d *delivery) download(ctx context.Context, result genesys.BatchResult, file fileRef) (artifacts.StoredFile, error) {
	path := evidence.RecordingPath(file.ConversationID, file.RecordingID, file.number, extension(result.ContentType))
	key := evidence.BagFolder(d.batch) + "/" + path
	stored, err := transfer.Inspect(ctx, d.store, key)
	adopted := err == nil
	if errors.Is(err, fs.ErrNotExist) {
		stored, err = d.stream(ctx, result, key)
	}
	at := artifacts.NewStamp(d.clock.Now(), d.actor)
	return artifacts.StoredFile{
		Stamp: at, Adopted: adopted, Number: file.number,
		File: evidence.File{
			Path: path, ConversationID: file.ConversationID, RecordingID: file.RecordingID,
			Size: stored.Size, SHA256: stored.SHA256, ContentType: result.ContentType, ReceivedAt: at.At,
		},
	}, err
}

func (d *delivery) stream(ctx context.Context, result genesys.BatchResult, key string) (transfer.Stored, error) {
	media, err := d.media.OpenMedia(ctx, result.URL)
	if err != nil {
		return transfer.Stored{}, err
	}
	defer func() { _ = media.Body.Close() }()
	if err := checkType(result.ContentType, media.ContentType); err != nil {
		return transfer.Stored{}, err
	}
	return transfer.Copy(ctx, d.store, key, media.Body, media.Length)
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

// checkType refuses an error page that comes in a recording's place: markup
// where something else was announced.
func checkType(announced, received string) error {
	got := mediaType(received)
	page := got == "text/html" || strings.HasSuffix(got, "/xml") || strings.HasSuffix(got, "+xml")
	if page && got != mediaType(announced) {
		return &genesys.Error{
			Op: "fetch recording", Kind: genesys.KindMalformed,
			Err: fmt.Errorf("a page of type %s came where %s was announced", got, mediaType(announced)),
		}
	}
	return nil
}
