package story

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// plainRecordings are recordings of one file in several conversations, which bulk jobs export.
func (w *bulkStory) plainRecordings(count int) (plain []simulator.Recording) {
	w.Helper()
	for _, c := range w.Sim.Dataset().NotHeld().Started(day, day.AddDate(0, 0, 1)).Conversations {
		i := slices.IndexFunc(c.Recordings, func(r simulator.Recording) bool {
			return r.Medium == simulator.Call && len(r.Files()) == 1 && !r.Sensitive
		})
		if i >= 0 && !c.End.IsZero() && len(plain) < count {
			plain = append(plain, c.Recordings[i])
		}
	}
	if len(plain) < count {
		w.Fatalf("there are only %d such recordings", len(plain))
	}
	return plain
}

// keyOf is where a file of a recording is in the bucket.
func (w *bulkStory) keyOf(r simulator.Recording, ending string) string {
	w.Helper()
	c, _ := w.Sim.Dataset().Conversation(r.ConversationID)
	start := c.Start.UTC()
	return path.Join(simulator.DefaultOrganizationID, fmt.Sprintf("year=%d/month=%d/day=%d/hour=%d/conversation_id=%s",
		start.Year(), start.Month(), start.Day(), start.Hour(), c.ID), r.ID+ending)
}

// put writes an object into the bucket, as its owner.
func (w *bulkStory) put(key, content string) {
	w.Helper()
	if _, err := w.recordings.Client().PutObject(w.Context(), &s3.PutObjectInput{
		Bucket: aws.String(world.RecordingBucket), Key: &key, Body: strings.NewReader(content),
	}); err != nil {
		w.Error(err)
	}
}

// trouble makes trouble for the objects of a recording.
func (w *bulkStory) trouble(r simulator.Recording, trouble simulator.ExportTrouble) {
	w.Helper()
	if err := w.Sim.SetExportTrouble(r.ConversationID, r.ID, trouble); err != nil {
		w.Fatal(err)
	}
}

// replacement is what somebody writes over an object while it is read.
const replacement = "the sound that replaced another one"

// TestTroubleWithObjects: whatever happens to the objects of a recording, it is in the archive once: as
// what the bucket has in the end, or downloaded.
func TestTroubleWithObjects(t *testing.T) {
	w := newBulkStory(t, small)
	chosen := w.plainRecordings(7)
	missing, doubled, short, pgp, empty, kms, replaced := chosen[0], chosen[1], chosen[2], chosen[3], chosen[4], chosen[5], chosen[6]
	w.trouble(missing, simulator.MissingObject)
	w.trouble(doubled, simulator.DoubledObject)
	w.trouble(short, simulator.OtherSize)
	w.trouble(pgp, simulator.EncryptedObject)
	w.trouble(empty, simulator.MissingObject)
	w.put(w.keyOf(empty, ".opus"), "")
	var wasReplaced atomic.Bool
	way := w.wayToBucket(func(rw http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.Contains(r.URL.Path, kms.ID):
			rw.Header().Set("x-amz-server-side-encryption", "aws:kms")
			rw.Header().Set("x-amz-server-side-encryption-aws-kms-key-id", "arn:aws:kms:eu-central-1:1:key/1")
		case strings.Contains(r.URL.Path, replaced.ID) && !strings.HasSuffix(r.URL.Path, "_metadata.json") && !wasReplaced.Swap(true):
			w.put(strings.TrimPrefix(r.URL.Path, "/"+world.RecordingBucket+"/"), replacement)
		}
		return false
	})
	w.Start()
	export := w.bulkExport(func(spec *v1alpha1.RecordingExportSpec) {
		inOneSlice(spec)
		spec.Delivery.BulkJob.S3.Endpoint = way
	})
	w.Create(export)
	testenv.Eventually(t, "everything that is going to be there is there", func() bool {
		return wasReplaced.Load() && w.countMetadata(doubled) == 2 && w.countMetadata(short) == 1 && w.countMetadata(pgp) == 1 && w.countMetadata(kms) == 1
	})
	w.setDeadline(export, time.Second)
	w.Await(export, v1alpha1.ReasonComplete)

	references := w.references()
	for r, want := range map[*simulator.Recording]string{&doubled: "", &pgp: "PGP", &kms: "KMS", &replaced: ""} {
		if line, there := references[r.ID]; !there || line["encryption"] != want || line["etag"] == "" {
			t.Errorf("recording %s is referenced as %v, want the encryption %q", r.ID, line, want)
		}
	}
	for _, r := range []simulator.Recording{missing, short, empty} {
		if line, there := references[r.ID]; there {
			t.Errorf("recording %s is referenced: %v", r.ID, line)
		}
	}
	w.expectReplaced(map[string]string{pgp.ID: w.contentAt(references[pgp.ID]["location"]), replaced.ID: replacement})
}

// countMetadata counts the metadata of a recording in the bucket. They come after their file.
func (w *bulkStory) countMetadata(r simulator.Recording) (n int) {
	w.Helper()
	for _, key := range w.recordings.Keys(world.RecordingBucket, "") {
		if strings.HasPrefix(path.Base(key), r.ID) && strings.HasSuffix(key, "_metadata.json") {
			n++
		}
	}
	return n
}

// setDeadline changes retry.deadline of an export.
func (w *story) setDeadline(export *v1alpha1.RecordingExport, deadline time.Duration) {
	w.Helper()
	testenv.Eventually(w, "the deadline is changed", func() bool {
		w.Refresh(export)
		export.Spec.Retry.Deadline = &metav1.Duration{Duration: deadline}
		return w.Client.Update(w.Context(), export) == nil
	})
}

// contentAt is the content of an object.
func (w *bulkStory) contentAt(location string) string {
	w.Helper()
	from, err := w.openReferenced(w.Context(), location)
	if err != nil {
		w.Fatalf("%s: %v", location, err)
	}
	defer func() { _ = from.Close() }()
	content, err := io.ReadAll(from)
	if err != nil {
		w.Fatal(err)
	}
	return string(content)
}

// expectReplaced: each recording is in the archive once, with its own content or, by its id, another.
func (w *bulkStory) expectReplaced(contents map[string]string) {
	w.Helper()
	completed, _ := w.complete()
	files := completed.storedFiles()
	for _, r := range w.exportable() {
		for i, file := range r.Files() {
			want := file.SHA256
			if content, is := contents[r.ID]; is {
				sum := sha256.Sum256([]byte(content))
				want = hex.EncodeToString(sum[:])
			}
			key := fmt.Sprintf("%s/%s/%02d", r.ConversationID, r.ID, i+1)
			if files[key] != want {
				w.Errorf("recording %s is stored as %q, want %s", key, files[key], want)
			}
			delete(files, key)
		}
	}
	if len(files) > 0 {
		w.Errorf("%v are stored and not wanted", files)
	}
}

// TestObjectsThatComeLate are waited for, and nothing is downloaded in their place.
func TestObjectsThatComeLate(t *testing.T) {
	w := newBulkStory(t, small)
	late := w.plainRecordings(1)[0]
	w.trouble(late, simulator.MissingObject)
	w.Start()
	export := w.bulkExport(inOneSlice)
	w.Create(export)
	w.awaitBatch("waiting for ", " in the bucket", "then downloads what is missing")
	w.put(w.keyOf(late, ".opus"), string(late.Media(0)))
	w.awaitBatch("waiting for the metadata of 1 recording in the bucket")
	w.put(w.keyOf(late, ".opus_metadata.json"), "{}")
	w.Await(export, v1alpha1.ReasonComplete)
	w.judgeReferences(w.exportable())
	if _, there := w.references()[late.ID]; !there {
		t.Error("it is not referenced")
	}
	for _, entry := range w.Sim.Journal().Entries() {
		if strings.Contains(entry.Path, "/media/"+late.ConversationID+"/"+late.ID) {
			t.Errorf("it was downloaded: %s", entry.Path)
		}
	}
}
