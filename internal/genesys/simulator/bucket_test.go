package simulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

const exportBucket = "recordings"

// newBucketWorld starts a simulator that exports into a bucket.
func newBucketWorld(t *testing.T) (*world, *s3server.Server) {
	t.Helper()
	server := s3server.Start(t)
	server.Bucket(exportBucket, false)
	w := newWorld(t, func(o *simulator.Options) {
		o.HeldScreenTimeouts = simulator.QuirkOff
		o.ExportBucket = simulator.Bucket{
			Endpoint: server.URL, Region: s3server.Region, Name: exportBucket,
			AccessKeyID: s3server.AccessKeyID, SecretAccessKey: s3server.SecretAccessKey,
		}
	})
	return w, server
}

// exportNow runs a bulk job about a conversation and lets its objects arrive.
func (w *world) exportNow(c simulator.Conversation) {
	w.t.Helper()
	if a := w.runJob(w.exportQuery(c)); a.text("state") != "FULFILLED" {
		w.t.Fatalf("job is %s", a.body)
	}
	w.clock.advance(w.Options().ExportDelay)
	w.Tick()
}

// object reads an object of the bucket.
func (w *world) object(server *s3server.Server, key string) []byte {
	w.t.Helper()
	bucket := exportBucket
	out, err := server.Client().GetObject(w.t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		w.t.Fatal(err)
	}
	defer out.Body.Close()
	content, err := io.ReadAll(out.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return content
}

// folder is that of a conversation in the bucket. Its numbers are not padded.
func folder(c simulator.Conversation) string {
	return fmt.Sprintf("%s/year=%d/month=%d/day=%d/hour=%d/conversation_id=%s/",
		simulator.DefaultOrganizationID, c.Start.Year(), c.Start.Month(), c.Start.Day(), c.Start.Hour(), c.ID)
}

// TestExportIntoABucket over real HTTP: every file of every recording, beside its metadata.
func TestExportIntoABucket(t *testing.T) {
	w, server := newBucketWorld(t)
	c := w.pick(heldWithScreens)
	if a := w.runJob(w.exportQuery(c)); a.text("state") != "FULFILLED" {
		t.Fatalf("job is %s", a.body)
	}
	if keys := server.Keys(exportBucket, ""); len(keys) != 0 {
		t.Errorf("a fulfilled job has written %v", keys)
	}
	w.clock.advance(w.Options().ExportDelay)
	if got := w.get(metadataPath(c) + "/" + c.Recordings[0].ID).text("exportedDate"); got == "" {
		t.Error("the request that finds objects due does not have them written")
	}
	var want []string
	for _, r := range c.Recordings {
		for i, file := range r.Files() {
			extension := map[simulator.Medium]string{simulator.Call: "wav", simulator.Screen: "webm", simulator.Email: "eml"}[r.Medium]
			name := r.ID + "." + extension
			if extension == "" || i > 0 {
				t.Fatalf("the conversation has a recording %+v", r)
			}
			sum := sha256.Sum256(w.object(server, folder(c)+name))
			if hex.EncodeToString(sum[:]) != file.SHA256 {
				t.Errorf("%s has other bytes", name)
			}
			var companion map[string]any
			if err := json.Unmarshal(w.object(server, folder(c)+name+"_metadata.json"), &companion); err != nil {
				t.Fatal(err)
			}
			if companion["recordingId"] != r.ID || companion["conversationId"] != c.ID || companion["mediaType"] != string(r.Medium) {
				t.Errorf("metadata %v", companion)
			}
			want = append(want, folder(c)+name, folder(c)+name+"_metadata.json")
		}
	}
	slices.Sort(want)
	if got := server.Keys(exportBucket, ""); !slices.Equal(got, want) {
		t.Errorf("objects\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTroubledObjects(t *testing.T) {
	w, server := newBucketWorld(t)
	var calls []simulator.Conversation
	for _, c := range w.Dataset().Conversations {
		if quiet(c) && c.Medium == simulator.Call && len(c.Recordings) == 1 && len(c.Recordings[0].Files()) == 1 {
			calls = append(calls, c)
		}
	}
	tests := []struct {
		trouble simulator.ExportTrouble
		names   []string // behind the recording's id
	}{
		{simulator.MissingObject, nil},
		{simulator.DoubledObject, []string{".wav", ".wav_metadata.json", "_copy.wav", "_copy.wav_metadata.json"}},
		{simulator.OtherSize, []string{".wav", ".wav_metadata.json"}},
		{simulator.EncryptedObject, []string{".wav.pgp", ".wav_metadata.json"}},
		{"", []string{".wav", ".wav_metadata.json"}},
	}
	for i, tt := range tests {
		c := calls[i]
		r := c.Recordings[0]
		if err := w.SetExportTrouble(c.ID, r.ID, tt.trouble); err != nil {
			t.Fatal(err)
		}
		w.exportNow(c)
		var names []string
		for _, key := range server.Keys(exportBucket, folder(c)) {
			names = append(names, strings.TrimPrefix(path.Base(key), r.ID))
		}
		if !slices.Equal(names, tt.names) {
			t.Errorf("%q: objects %v, want %v", tt.trouble, names, tt.names)
		}
		if got := w.get(metadataPath(c) + "/" + r.ID).text("exportedDate"); got == "" {
			t.Errorf("%q: not exported", tt.trouble)
		}
		whole := string(r.Media(0))
		for _, name := range names {
			content := string(w.object(server, folder(c)+r.ID+name))
			switch isMetadata := strings.HasSuffix(name, ".json"); {
			case isMetadata && strings.Contains(content, fmt.Sprintf(`"mediaSizeBytes":%d`, len(whole))) != (tt.trouble == simulator.OtherSize):
				t.Errorf("%q: metadata %s", tt.trouble, content)
			case !isMetadata && tt.trouble == simulator.OtherSize && content != whole[:len(whole)/2],
				!isMetadata && tt.trouble == simulator.EncryptedObject && (len(content) <= len(whole) || strings.Contains(content, whole[:8])),
				!isMetadata && (tt.trouble == simulator.DoubledObject || tt.trouble == "") && content != whole:
				t.Errorf("%q: %s has %d bytes of %d", tt.trouble, name, len(content), len(whole))
			}
		}
	}
	if w.SetExportTrouble("unknown", "unknown", simulator.OtherSize) == nil || w.SetExportTrouble(calls[0].ID, calls[0].Recordings[0].ID, "x") == nil {
		t.Error("no error")
	}
}

// TestABucketThatDoesNotAnswer delays an export, and nothing else.
func TestABucketThatDoesNotAnswer(t *testing.T) {
	w, server := newBucketWorld(t)
	c := w.pick(quiet)
	server.Kill()
	w.exportNow(c)
	one := metadataPath(c) + "/" + c.Recordings[0].ID
	if a := w.get(one); a.text("exportDate") == "" || a.text("exportedDate") != "" {
		t.Errorf("recording is %s", a.body)
	}
	server.Run()
	w.Tick()
	if w.get(one).text("exportedDate") == "" || len(server.Keys(exportBucket, folder(c))) == 0 {
		t.Error("nothing was written once the bucket answers")
	}
}

func TestBucketOptions(t *testing.T) {
	good := simulator.Bucket{Endpoint: "http://127.0.0.1:9000", Region: "r", Name: "b", AccessKeyID: "k", SecretAccessKey: "s"}
	for name, change := range map[string]func(*simulator.Bucket){
		"no endpoint": func(b *simulator.Bucket) { b.Endpoint = "" }, "no region": func(b *simulator.Bucket) { b.Region = "" },
		"no name": func(b *simulator.Bucket) { b.Name = "" }, "no key": func(b *simulator.Bucket) { b.AccessKeyID = "" },
		"no secret": func(b *simulator.Bucket) { b.SecretAccessKey = "" }, "not an address": func(b *simulator.Bucket) { b.Endpoint = "127.0.0.1" },
	} {
		bucket := good
		change(&bucket)
		if (simulator.Options{ExportBucket: bucket}).Validate() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := (simulator.Options{ExportBucket: good}).Validate(); err != nil {
		t.Error(err)
	}
	if err := (simulator.Options{ExportBucket: good, ExportDir: "/x"}).Validate(); err == nil {
		t.Error("a bucket and a directory: no error")
	}
}
