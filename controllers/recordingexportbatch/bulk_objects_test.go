package recordingexportbatch

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// until makes attempts until one waits for what says.
func (w *bulkWorld) until(says string) error {
	w.t.Helper()
	for range 20 {
		err := w.work().export(w.t.Context(), transfer.Try{})
		if err == nil {
			w.t.Fatalf("it ends without %q", says)
		}
		if strings.Contains(err.Error(), says) {
			return err
		}
		w.clock.Step(time.Minute)
	}
	w.t.Fatalf("it never waits for %q", says)
	return nil
}

// TestABrokenBucket: whatever is wrong with it, the message says what to do; the export continues once
// that is done, and downloads once the deadline is used up.
func TestABrokenBucket(t *testing.T) {
	missing := outcome.UserError{Message: "create it"}
	missing.Reason = v1alpha1.ReasonSecretNotFound
	of := func(kind archive.Kind) error { return &archive.Error{Op: "list", Kind: kind, Message: "teapot"} }
	tests := map[string]struct {
		err    error
		state  outcome.State
		reason string
		says   []string
	}{
		"wrong key":     {of(archive.KindCredentials), outcome.Stalled, v1alpha1.ReasonCredentialsRejected, []string{`"s3-key"`, "teapot", "retry.deadline"}},
		"no permission": {of(archive.KindDenied), outcome.Stalled, v1alpha1.ReasonPermissionMissing, []string{`"s3-key"`, "s3:ListBucket", "s3:GetObject", "retry.deadline"}},
		"no bucket":     {of(archive.KindNoBucket), outcome.Stalled, v1alpha1.ReasonBucketNotFound, []string{"create the bucket recordings", "retry.deadline"}},
		"refused":       {of(archive.KindRefused), outcome.Stalled, v1alpha1.ReasonRequestRefused, []string{"bucket recordings", "retry.deadline"}},
		"unavailable":   {of(archive.KindUnavailable), outcome.Waiting, v1alpha1.ReasonBulkExporting, []string{"retrying: bucket recordings: list: teapot"}},
		"no Secret":     {missing, outcome.Stalled, v1alpha1.ReasonSecretNotFound, []string{"create it (spec.delivery.bulkJob.s3", "retry.deadline"}},
	}
	for name, tt := range tests {
		for end, last := range map[string]bool{"corrected": false, "at the deadline": true} {
			t.Run(name+"/"+end, func(t *testing.T) {
				w := newBulkWorld(t, 3)
				w.broken = tt.err
				err := w.until("bucket recordings: ")
				out := outcome.Of(err, 0)
				if out.State != tt.state || out.Reason != tt.reason || !transfer.DefaultRetryPolicy().Backoff(err, 0).UsesDeadline {
					t.Errorf("%v", out)
				}
				for _, says := range tt.says {
					if !strings.Contains(out.Message, says) {
						t.Errorf("%q does not say %q", out.Message, says)
					}
				}
				want := 3
				if last {
					want = 0
					if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil {
						t.Fatal(err)
					}
				}
				w.broken = nil
				w.run()
				if len(w.files()) != want || last != strings.Contains(w.record().done.Detail, tt.err.Error()) {
					t.Errorf("%d recordings, %q", len(w.files()), w.record().done.Detail)
				}
			})
		}
	}
}

// TestAnObjectThatCannotBeRead keeps no other waiting.
func TestAnObjectThatCannotBeRead(t *testing.T) {
	w := newBulkWorld(t, 40)
	for _, n := range []int{0, 7} {
		w.locked[conversationID(n)] = &archive.Error{Op: "read", Kind: archive.KindDenied, Message: "no decryption"}
	}
	w.locked[conversationID(1)] = &archive.Error{Op: "read", Kind: archive.KindUnavailable, Message: "no answer"}
	_ = w.until("bucket recordings: ")
	if n := len(w.files()); n != 37 {
		t.Errorf("%d recordings, want all but 3", n)
	}
	if err := w.work().export(t.Context(), transfer.Try{Last: true}); err != nil || len(w.files()) != 37 {
		t.Errorf("%v, %d recordings", err, len(w.files()))
	}
}

// TestFilesThatComeLate: each file of a recording is recorded once, whatever comes first, whether it is
// copied or not.
func TestFilesThatComeLate(t *testing.T) {
	for name, copies := range map[string]bool{"referenced": false, "copied": true} {
		t.Run(name, func(t *testing.T) {
			w := newBulkWorld(t, 1)
			w.batch.export.Spec.Delivery.BulkJob.Copy = copies
			w.absent[conversationID(0)] = true
			_ = w.until("waiting for 1 recording in the bucket")
			for _, file := range []string{"_2", "_1", ""} {
				w.putFile(file+".opus", "part"+file)
				_ = w.until("looking for more files in the bucket")
			}
			w.putFile("_3.opus", "part_1") // the same content under another name
			w.run()
			var got, paths []string
			for _, files := range w.files() {
				for _, f := range files {
					got, paths = append(got, f.SHA256), append(paths, f.Path)
				}
			}
			want := []string{digestOf("part_2"), digestOf("part_1"), digestOf("part")}
			slices.Sort(got)
			slices.Sort(want)
			slices.Sort(paths)
			if !slices.Equal(got, want) || len(slices.Compact(paths)) != 3 {
				t.Errorf("%v with the paths %v, want %v", got, paths, want)
			}
		})
	}
}

// TestObjectsOfAnotherLane do not count as what a job exports.
func TestObjectsOfAnotherLane(t *testing.T) {
	var listed []bulk.Listed
	var objects []bulk.Object
	for n := range 4 {
		listed = append(listed, bulk.Listed{Recording: bulk.Recording{ConversationID: conversationID(n), RecordingID: recordingID(n)}, Screen: n > 0})
		objects = append(objects, bulk.Object{Key: objectKey(n, ".opus"), Size: 1})
	}
	for media, want := range map[bulk.Media]int{bulk.AllMedia: 4, bulk.NoScreens: 1, bulk.OnlyScreens: 3} {
		if n := countThere(listed, objects, media); n != want {
			t.Errorf("media %v: %d recordings are there, want %d", media, n, want)
		}
	}
}

// TestUnfitObjects are refused with the reason, and the recording is downloaded at once.
func TestUnfitObjects(t *testing.T) {
	tests := map[string]struct{ content, metadata, detail string }{
		"empty":                         {"", `{}`, "it is empty"},
		"another size":                  {"short", `{"mediaSizeBytes": 10}`, "it has 5 bytes, its metadata say 10"},
		"another recording":             {"sound", fmt.Sprintf(`{"recordingId": %q}`, recordingID(1)), "another recording"},
		"as the metadata say":           {"sound", fmt.Sprintf(`{"mediaSizeBytes": 5, "recordingId": %q}`, recordingID(0)), ""},
		"metadata that nobody can read": {"sound", `[]`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newBulkWorld(t, 1)
			w.absent[conversationID(0)] = true
			w.put(".opus", tt.content)
			w.put(".opus_metadata.json", tt.metadata)
			w.run()
			refused := w.refused()
			if tt.detail == "" {
				if len(refused) != 0 || len(w.files()) != 1 {
					t.Errorf("refused %v, %d recordings", refused, len(w.files()))
				}
				return
			}
			if len(refused) != 1 || !strings.Contains(refused[0].Detail, tt.detail) || len(w.files()) != 0 {
				t.Errorf("refused %+v, %d recordings", refused, len(w.files()))
			}
		})
	}
}

// TestATellingReader: an end is an end, and an error of the bucket tells so.
func TestATellingReader(t *testing.T) {
	tell := func(err error) error {
		return asBucketError(t.Context(), v1alpha1.BulkJobBucket{Bucket: "recordings"}, err)
	}
	whole := &tellingReader{io.NopCloser(strings.NewReader("sound")), tell}
	if content, err := io.ReadAll(whole); err != nil || string(content) != "sound" {
		t.Errorf("%q, %v", content, err)
	}
	for _, cause := range []error{io.ErrUnexpectedEOF, errors.New("reset")} {
		var broken *bucketError
		_, err := io.ReadAll(&tellingReader{io.NopCloser(iotest.ErrReader(cause)), tell})
		if !errors.As(err, &broken) || !errors.Is(err, cause) {
			t.Errorf("%v", err)
		}
	}
}
