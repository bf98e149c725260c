package recordingexportbatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"
	"pgregory.net/rapid"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// tester is a test, or one of many that rapid makes.
type tester interface {
	Fatal(...any)
	Context() context.Context
}

// shelf gives what lies at an address, and counts how often.
type shelf struct {
	content map[genesys.SignedURL]string
	broken  map[genesys.SignedURL]error
	given   int
}

func (s *shelf) OpenMedia(_ context.Context, url genesys.SignedURL) (*genesys.Media, error) {
	if err := s.broken[url]; err != nil {
		return nil, err
	}
	s.given++
	body := s.content[url]
	return &genesys.Media{Body: io.NopCloser(strings.NewReader(body)), Length: int64(len(body))}, nil
}

// put lays content out at a new address.
func (s *shelf) put(content string) genesys.BatchResult {
	url := genesys.NewSignedURL(fmt.Sprintf("https://media/%d", len(s.content)))
	s.content[url] = content
	return genesys.BatchResult{RecordingRef: ref(1), URL: url, ContentType: "application/octet-stream"}
}

func newShelf() *shelf {
	return &shelf{content: map[genesys.SignedURL]string{}, broken: map[genesys.SignedURL]error{}}
}

// newRoute is a route that lets one request through at a time.
func newRoute(now clock.PassiveClock) route {
	return route{gates: &transfer.Gates{Clock: now}, limit: 1}
}

func newFollower(t tester, root string, media mediaReader) *requestFollower {
	store, err := archive.OpenDirectory(root, "case-1")
	if err != nil {
		t.Fatal(err)
	}
	return &requestFollower{
		space: freeSpace{store: store},
		bagTransfer: bagTransfer{
			recorder: recorder{process{clock.RealClock{}, "test"}, store}, batch: "b", media: newRoute(clock.RealClock{}), addresses: &transfer.Addresses{},
		},
		polls: newRoute(clock.RealClock{}), source: media, intervals: DefaultIntervals(),
	}
}

// bag returns the contents of the files that are recorded, by number, and fails
// unless they are those of the bag.
func (d *requestFollower) bag(t tester) map[int]string {
	notes, err := artifacts.All[artifacts.StoredFile](t.Context(), d.store, artifacts.FileFolder(d.batch))
	if err != nil {
		t.Fatal(err)
	}
	files := map[int]string{}
	for _, f := range notes {
		content, err := fs.ReadFile(d.store.FS(t.Context()), evidence.BagFolder(d.batch)+"/"+f.Path)
		if err != nil || int64(len(content)) != f.Size {
			t.Fatal("note", f.Path, "does not fit:", err)
		}
		files[f.Number] = string(content)
	}
	stored, err := fs.Glob(d.store.FS(t.Context()), evidence.BagFolder(d.batch)+"/"+evidence.RecordingsFolder+"/*/*/*")
	if err != nil || len(stored) != len(files) {
		t.Fatal("stored", stored, "noted", files, err)
	}
	return files
}

// recalled is the recording's recording as another process would find it.
func (d *requestFollower) recalled(t tester) *recordingState {
	notes, err := artifacts.All[artifacts.StoredFile](t.Context(), d.store, artifacts.FileFolder(d.batch))
	if err != nil {
		t.Fatal(err)
	}
	l := newRecordingStates(refs(1), notes, nil, nil)
	if err := l.findUnrecorded(t.Context(), d.store, d.batch); err != nil {
		t.Fatal(err)
	}
	l[0].startRequest()
	return l[0]
}

// TestFilesAreKnownByTheirContent: whatever the order, however often a request is
// polled or made again, with addresses that stay or change, that break, and with
// contents that are equal: in the end there are as many files of each content as
// there are results, and none is stored twice.
func TestFilesAreKnownByTheirContent(t *testing.T) {
	root, runs := t.TempDir(), 0
	rapid.Check(t, func(t *rapid.T) {
		media := newShelf()
		runs++
		d := newFollower(t, filepath.Join(root, fmt.Sprint(runs)), media)
		contents := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 4).Draw(t, "contents")
		results := func() []genesys.BatchResult {
			out := make([]genesys.BatchResult, len(contents))
			for i, content := range contents {
				out[i] = media.put(content)
			}
			return rapid.Permutation(out).Draw(t, "order")
		}
		for request := range rapid.IntRange(1, 3).Draw(t, "requests") {
			l, listed := d.recalled(t), results()
			for range rapid.IntRange(1, 3).Draw(t, "polls") {
				if rapid.Bool().Draw(t, "new addresses") {
					listed = results()
				}
				shown := listed[:rapid.IntRange(1, len(listed)).Draw(t, "shown")]
				clear(media.broken)
				for _, result := range shown {
					if rapid.Bool().Draw(t, "broken") {
						media.broken[result.URL] = &genesys.Error{Kind: genesys.KindTransient}
					}
				}
				if err := d.fetchRecording(t.Context(), newListing(&pollAnswer{request: fmt.Sprint(request)}, l, shown)); err != nil {
					t.Fatal(err)
				}
			}
		}
		l := d.recalled(t)
		clear(media.broken)
		for range 2 {
			if err := d.fetchRecording(t.Context(), newListing(&pollAnswer{request: "last"}, l, results())); err != nil {
				t.Fatal(err)
			}
		}
		got := slices.Sorted(maps.Values(d.bag(t)))
		if diff := cmp.Diff(slices.Sorted(slices.Values(contents)), got); diff != "" || l.expectsMore() {
			t.Fatalf("open %v, contents (-want +got):\n%s", l.expectsMore(), diff)
		}
	})
}

// TestNothingIsFetchedTwice as long as the request is the same, though it signs
// new addresses.
func TestNothingIsFetchedTwice(t *testing.T) {
	media := newShelf()
	d := newFollower(t, t.TempDir(), media)
	l := d.recalled(t)
	for range 3 {
		results := []genesys.BatchResult{media.put("a"), media.put("b")}
		if err := d.fetchRecording(t.Context(), newListing(&pollAnswer{request: "r"}, l, results)); err != nil {
			t.Fatal(err)
		}
		l = d.recalled(t) // as after a restart
	}
	if media.given != 2 {
		t.Errorf("media were fetched %d times, want once each", media.given)
	}
}

// TestNumbersFollowTheListing, and stay with the content when the order changes.
func TestNumbersFollowTheListing(t *testing.T) {
	media := newShelf()
	d := newFollower(t, t.TempDir(), media)
	a, b := media.put("a"), media.put("b")
	media.broken[a.URL] = &genesys.Error{Kind: genesys.KindNotFound}
	l := d.recalled(t)
	if err := d.fetchRecording(t.Context(), newListing(&pollAnswer{request: "1"}, l, []genesys.BatchResult{a, b})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[int]string{2: "b"}, d.bag(t)); diff != "" || !l.expired {
		t.Errorf("expired %v, files (-want +got):\n%s", l.expired, diff)
	}
	l = d.recalled(t)
	again := []genesys.BatchResult{media.put("c"), media.put("b"), media.put("a")}
	if err := d.fetchRecording(t.Context(), newListing(&pollAnswer{request: "2"}, l, again)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[int]string{1: "c", 2: "b", 3: "a"}, d.bag(t)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestAFileThatNobodyNoted is found by its content, whatever its type was called,
// and otherwise kept as it is, if it was received.
func TestAFileThatNobodyNoted(t *testing.T) {
	media := newShelf()
	d := newFollower(t, t.TempDir(), media)
	for number, content := range []string{"a", "lost"} {
		key := evidence.BagFolder("b") + "/" + evidence.RecordingPath("c", "1", number+1, "ogg")
		if err := d.store.Create(t.Context(), key, func(w io.Writer) error { _, err := io.WriteString(w, content); return err }); err != nil {
			t.Fatal(err)
		}
	}
	l := d.recalled(t)
	if err := d.fetchRecording(t.Context(), newListing(&pollAnswer{request: "r"}, l, []genesys.BatchResult{media.put("b"), media.put("a")})); err != nil {
		t.Fatal(err)
	}
	if err := d.adoptUnrecorded(t.Context(), l); !errors.Is(err, evidence.ErrCorrupt) || !strings.Contains(err.Error(), "02.ogg") {
		t.Errorf("a file that was never received: %v, want evidence.ErrCorrupt with its name", err)
	}
	lost := file{number: 2, path: evidence.RecordingPath("c", "1", 2, "ogg")}
	if err := d.recordReceived(t.Context(), l, lost, transfer.Stored{Size: 4, SHA256: digestOf("lost")}); err != nil {
		t.Fatal(err)
	}
	if err := d.adoptUnrecorded(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[int]string{1: "a", 2: "lost", 3: "b"}, d.bag(t)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestAnotherProcessWasQuicker: what it stored under the same name is kept, and
// used if it is the same.
func TestAnotherProcessWasQuicker(t *testing.T) {
	for _, theirs := range []string{"a", "other"} {
		media := newShelf()
		root := t.TempDir()
		d, other := newFollower(t, root, media), newFollower(t, root, media)
		l := d.recalled(t)
		if err := other.fetchRecording(t.Context(), newListing(&pollAnswer{request: "r"}, other.recalled(t), []genesys.BatchResult{media.put(theirs)})); err != nil {
			t.Fatal(err)
		}
		if err := d.fetchRecording(t.Context(), newListing(&pollAnswer{request: "r"}, l, []genesys.BatchResult{media.put("a")})); err != nil {
			t.Fatal(err)
		}
		want := map[int]string{1: theirs}
		if theirs != "a" {
			want[2] = "a"
		}
		if diff := cmp.Diff(want, d.bag(t)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
}

// TestEqualContentsAreTwoFiles, from the first poll on.
func TestEqualContentsAreTwoFiles(t *testing.T) {
	media := newShelf()
	d := newFollower(t, t.TempDir(), media)
	l := d.recalled(t)
	if err := d.fetchRecording(t.Context(), newListing(&pollAnswer{request: "r"}, l, []genesys.BatchResult{media.put("a"), media.put("a")})); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[int]string{1: "a", 2: "a"}, d.bag(t)); diff != "" || l.expectsMore() {
		t.Errorf("open %v, files (-want +got):\n%s", l.expectsMore(), diff)
	}
}

// TestARefusalWithoutAWord is told in words of ours, which nobody takes for those of
// Genesys Cloud.
func TestARefusalWithoutAWord(t *testing.T) {
	for says, want := range map[string]bool{"": false, "it is archived": true} {
		l := &recordingState{RecordingRef: ref(1)}
		newListing(&pollAnswer{request: "request"}, l, []genesys.BatchResult{{RecordingRef: ref(1), Error: says}})
		if got := l.outcome(); got.Reason != evidence.ReasonRefused || evidence.Said(got.Reason, got.Detail) != want {
			t.Errorf("of %q the outcome is %+v", says, got)
		}
	}
}
