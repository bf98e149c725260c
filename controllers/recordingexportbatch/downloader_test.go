package recordingexportbatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

func newDownloader(t *testing.T, media mediaReader) *downloader {
	t.Helper()
	follower := newFollower(t, t.TempDir(), media)
	return &downloader{bagTransfer: follower.bagTransfer, follower: *follower, wanted: refs(1)}
}

// closeBagOf has another process close the bag of a downloader.
func closeBagOf(t *testing.T, d *downloader) {
	t.Helper()
	other := *d
	if err := other.closeBag(t.Context()); err != nil {
		t.Error(err)
	}
}

// hooked gives media, and calls during after the first bytes of each.
type hooked struct {
	mediaReader
	during func()
}

func (h hooked) OpenMedia(ctx context.Context, url genesys.SignedURL) (*genesys.Media, error) {
	media, err := h.mediaReader.OpenMedia(ctx, url)
	if err == nil {
		first := io.LimitReader(media.Body, 1)
		media.Body = io.NopCloser(io.MultiReader(first, &callingReader{h.during}, media.Body))
	}
	return media, err
}

// callingReader is an empty stream that calls a function when it is read.
type callingReader struct{ call func() }

func (r *callingReader) Read([]byte) (int, error) {
	r.call()
	return 0, io.EOF
}

// digestOf is the SHA-256 of a content.
func digestOf(content string) string {
	digest := sha256.Sum256([]byte(content))
	return hex.EncodeToString(digest[:])
}

// TestNothingIsStoredInAClosedBag, whether the bag is closed before a download begins or while it
// runs. A download into an open bag is stored.
func TestNothingIsStoredInAClosedBag(t *testing.T) {
	tests := map[string]struct {
		before, during, stored bool
	}{
		"open":                           {stored: true},
		"closed before the download":     {before: true},
		"closed while the download runs": {during: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			media := newShelf()
			var d *downloader
			d = newDownloader(t, hooked{media, func() {
				if tt.during {
					closeBagOf(t, d)
				}
			}})
			if tt.before {
				closeBagOf(t, d)
			}
			result := media.put("content")
			err := d.follower.fetchResult(t.Context(), newListing(&pollAnswer{request: "r"}, d.follower.recalled(t), []genesys.BatchResult{result}), result)
			if errors.Is(err, errClosed) == tt.stored {
				t.Errorf("fetchResult: %v", err)
			}
			if tt.before && media.given > 0 {
				t.Error("it was downloaded although the bag was closed")
			}
			if files := d.follower.bag(t); (len(files) == 1) != tt.stored {
				t.Errorf("the bag contains %v", files)
			}
		})
	}
}

// TestAClosedBagIsNotWorkedOn: the work that finds it closed requests and polls nothing.
func TestAClosedBagIsNotWorkedOn(t *testing.T) {
	d := newDownloader(t, newShelf()) // its cloud is nil
	closeBagOf(t, d)
	if err := d.deliver(t.Context(), transfer.Try{}); err != nil {
		t.Error(err)
	}
}

// TestAWriteThatTheClosingOvertakesFails: a former leader has written all of a file but the last
// step.
func TestAWriteThatTheClosingOvertakesFails(t *testing.T) {
	d := newDownloader(t, newShelf())
	key := evidence.BagFolder(d.batch) + "/" + evidence.RecordingPath(ref(1).ConversationID, ref(1).RecordingID, 1, "bin")
	err := d.store.Create(t.Context(), key, func(w io.Writer) error {
		_, err := io.WriteString(w, "content")
		closeBagOf(t, d)
		return err
	})
	if there, existsErr := artifacts.Exists(t.Context(), d.store, key); err == nil || there || existsErr != nil {
		t.Errorf("Create: %v; the file is there: %t, %v", err, there, existsErr)
	}
}

// TestAStoredFileWithoutARecordIsAdopted when its bag is closed: its process ended before it
// could record it. A file that no process received is not.
func TestAStoredFileWithoutARecordIsAdopted(t *testing.T) {
	for name, tt := range map[string]struct {
		received string
		want     error
	}{
		"received":                  {"content", nil},
		"never received":            {"", evidence.ErrCorrupt},
		"received with another sum": {"another", evidence.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDownloader(t, newShelf())
			path := evidence.RecordingPath(ref(1).ConversationID, ref(1).RecordingID, 1, "bin")
			if tt.received != "" {
				got := transfer.Stored{SHA256: digestOf(tt.received), Size: int64(len(tt.received))}
				if err := d.follower.recordReceived(t.Context(), d.follower.recalled(t), file{number: 1, path: path}, got); err != nil {
					t.Fatal(err)
				}
			}
			if err := d.store.Create(t.Context(), evidence.BagFolder(d.batch)+"/"+path, func(w io.Writer) error {
				_, err := io.Copy(w, strings.NewReader("content"))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			outcomes, err := d.finish(t.Context())
			if !errors.Is(err, tt.want) {
				t.Fatalf("finish: %v, want %v", err, tt.want)
			}
			record, recordErr := artifacts.Get[artifacts.StoredFile](t.Context(), d.store, artifacts.FileKey(d.batch, ref(1), 1))
			if tt.want != nil {
				if !errors.Is(recordErr, fs.ErrNotExist) {
					t.Errorf("it is recorded: %+v, %v", record, recordErr)
				}
				return
			}
			if recordErr != nil || !record.Adopted || record.SHA256 != digestOf("content") || record.Path != path || outcomes[ref(1)].Files != 1 {
				t.Errorf("record %+v, %v; outcomes %v", record, recordErr, outcomes)
			}
			if there, err := artifacts.Exists(t.Context(), d.store, artifacts.ClosingKey(d.batch)); err != nil || !there {
				t.Errorf("the bag is closed: %t, %v", there, err)
			}
		})
	}
}
