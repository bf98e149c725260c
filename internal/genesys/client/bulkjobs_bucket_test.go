package client

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/gcexport/recording-export-operator/internal/bulk"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

const recordingsBucket = "recordings"

// simulatedBucket is a simulator that exports into a bucket of a real S3 server.
func simulatedBucket(t *testing.T) (*simulator.Simulator, *Client, *s3server.Server) {
	t.Helper()
	server := s3server.Start(t)
	server.Bucket(recordingsBucket, false)
	sim, client := simulated(t, func(o *simulator.Options) {
		o.ExportBucket = simulator.Bucket{
			Endpoint: server.URL, Region: s3server.Region, Name: recordingsBucket,
			AccessKeyID: s3server.AccessKeyID, SecretAccessKey: s3server.SecretAccessKey,
		}
	})
	return sim, client, server
}

// run takes a bulk job to its end, if it has found what it should.
func run(t *testing.T, client *Client, query genesys.BulkQuery, inventory []bulk.Listed) genesys.BulkJob {
	t.Helper()
	job, err := client.SubmitBulkJob(t.Context(), query, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	ready, err := client.BulkJob(t.Context(), job.ID)
	if err != nil || ready.State != genesys.BulkReady {
		t.Fatalf("job %+v, %v", ready, err)
	}
	found := bulk.Totals{Conversations: ready.Totals.Conversations, Recordings: ready.Totals.Recordings, Skipped: ready.Totals.Skipped}
	if difference := bulk.Compare(found, bulk.Expect(inventory, bulk.AllMedia)); !difference.None() {
		t.Fatal(difference)
	}
	if _, err := client.ExecuteBulkJob(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	ended, err := client.BulkJob(t.Context(), job.ID)
	if err != nil {
		t.Fatal(err)
	}
	return ended
}

// inventoryOf lists the recordings of conversations.
func inventoryOf(conversations []simulator.Conversation) (listed []bulk.Listed) {
	for _, c := range conversations {
		for _, r := range c.Recordings {
			listed = append(listed, bulk.Listed{
				Recording: bulk.Recording{ConversationID: c.ID, RecordingID: r.ID}, Screen: r.Medium == simulator.Screen, Available: true,
			})
		}
	}
	return listed
}

// objectsIn lists the objects of the bucket in the folders of conversations.
func objectsIn(t *testing.T, server *s3server.Server, organization string, conversations []simulator.Conversation) []bulk.Object {
	t.Helper()
	var places []bulk.Conversation
	for _, c := range conversations {
		places = append(places, bulk.Conversation{ID: c.ID, Start: c.Start})
	}
	var objects []bulk.Object
	bucket := recordingsBucket
	for _, folder := range bulk.Folders(organization, places) {
		pages := s3.NewListObjectsV2Paginator(server.Client(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &folder})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Contents {
				objects = append(objects, bulk.Object{Key: *o.Key, Size: *o.Size, ETag: *o.ETag})
			}
		}
	}
	return objects
}

// read returns the content of an object as it was listed.
func read(t *testing.T, server *s3server.Server, key, etag string) []byte {
	t.Helper()
	bucket := recordingsBucket
	input := &s3.GetObjectInput{Bucket: &bucket, Key: &key}
	if etag != "" {
		input.IfMatch = &etag
	}
	out, err := server.Client().GetObject(t.Context(), input)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	content, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestSimulatedBucket: what a bulk job has exported is found in the bucket, every file of every
// recording with the bytes that a download would have given, and with its metadata.
func TestSimulatedBucket(t *testing.T) {
	sim, client, server := simulatedBucket(t)
	query, chosen := exported(t, sim, 40)
	missing, doubled, short, encrypted := chosen[0].Recordings[0], chosen[1].Recordings[0], chosen[2].Recordings[0], chosen[3].Recordings[0]
	for r, trouble := range map[*simulator.Recording]simulator.ExportTrouble{
		&missing: simulator.MissingObject, &doubled: simulator.DoubledObject, &short: simulator.OtherSize, &encrypted: simulator.EncryptedObject,
	} {
		if err := sim.SetExportTrouble(r.ConversationID, r.ID, trouble); err != nil {
			t.Fatal(err)
		}
	}
	if job := run(t, client, query, inventoryOf(chosen)); job.State != genesys.BulkFulfilled {
		t.Fatalf("job %+v", job)
	}
	sim.Tick()
	var wanted []bulk.Recording
	want := map[string]bool{} // recording id and SHA-256
	for _, c := range chosen {
		for _, r := range c.Recordings {
			wanted = append(wanted, bulk.Recording{ConversationID: c.ID, RecordingID: r.ID})
			for _, f := range r.Files() {
				if r.ID != missing.ID && r.ID != short.ID && r.ID != encrypted.ID {
					want[r.ID+" "+f.SHA256] = true
				}
			}
		}
	}
	got := map[string]bool{}
	for _, found := range bulk.FindObjects(wanted, objectsIn(t, server, sim.Options().OrganizationID, chosen)) {
		if found.Missing() != (found.RecordingID == missing.ID) || len(found.Doubled) > 0 != (found.RecordingID == doubled.ID) {
			t.Errorf("found %+v", found)
		}
		for _, file := range found.Files {
			companion, err := bulk.ReadCompanion(read(t, server, file.Metadata, ""))
			if err != nil || !companion.About(found.Recording) {
				t.Errorf("metadata %+v, %v", companion, err)
			}
			if file.OtherSize(companion.Size) != (found.RecordingID == short.ID) || (file.Encryption == bulk.PGP) != (found.RecordingID == encrypted.ID) {
				t.Errorf("file %+v, its metadata say %+v", file, companion)
			}
			if found.RecordingID != short.ID && found.RecordingID != encrypted.ID {
				sum := sha256.Sum256(read(t, server, file.Key, file.ETag))
				got[found.RecordingID+" "+hex.EncodeToString(sum[:])] = true
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 30 {
		t.Errorf("of %d files, -want +got:\n%s", len(want), diff)
	}
}

// TestSimulatedHalving: with two poisoned conversations, everything else is exported.
func TestSimulatedHalving(t *testing.T) {
	sim, client := simulated(t)
	query, chosen := exported(t, sim, 16)
	slices.SortFunc(chosen, func(a, b simulator.Conversation) int { return slices.Compare([]byte(a.ID), []byte(b.ID)) })
	for _, i := range []int{3, 12} {
		if err := sim.SetJobTrouble(chosen[i].ID, simulator.Poisoned); err != nil {
			t.Fatal(err)
		}
	}
	states := map[bulk.Part]genesys.BulkState{}
	for {
		jobs, alone := bulk.Leaves(bulk.Whole(len(chosen)), genesys.MaxBulkConversations, func(p bulk.Part) bool { return states[p] == genesys.BulkFailed })
		next := slices.IndexFunc(jobs, func(p bulk.Part) bool { return states[p] == "" })
		if next < 0 {
			if diff := cmp.Diff([]bulk.Part{{First: 3, End: 4}, {First: 12, End: 13}}, alone); diff != "" {
				t.Errorf("alone, -want +got:\n%s", diff)
			}
			break
		}
		part := chosen[jobs[next].First:jobs[next].End]
		query.Conversations = nil
		for _, c := range part {
			query.Conversations = append(query.Conversations, c.ID)
		}
		states[jobs[next]] = run(t, client, query, inventoryOf(part)).State
	}
	if len(states) > 17 {
		t.Errorf("%d jobs for two poisoned conversations of 16", len(states))
	}
	for i, c := range chosen {
		after, _ := sim.Dataset().Conversation(c.ID)
		for _, r := range after.Recordings {
			if r.ExportedDate.IsZero() != (i == 3 || i == 12) {
				t.Errorf("conversation %d is exported at %v", i, r.ExportedDate)
			}
		}
	}
}

// TestSimulatedSettling: the list of jobs tells whether a job exists whose answer was lost.
func TestSimulatedSettling(t *testing.T) {
	sim, client := simulated(t)
	query, _ := exported(t, sim, 5)
	attempt := bulk.Attempt{At: time.Now(), Query: bulk.Query(query)}
	find := func(now time.Time) (bulk.Verdict, string) {
		var jobs []bulk.ListedJob
		for _, job := range allJobs(t, client, genesys.BulkJobFilter{Own: true}) {
			jobs = append(jobs, bulk.ListedJob{ID: job.ID, Created: job.Created, Query: bulk.Query(job.Query)})
		}
		return bulk.Find(attempt, jobs, now)
	}
	for lost, want := range map[simulator.Fault]bulk.Verdict{
		{Route: simulator.RouteJobSubmit, Reset: true, Count: 1}:                bulk.NotCreated,
		{Route: simulator.RouteJobSubmit, Reset: true, Applied: true, Count: 1}: bulk.Created,
	} {
		sim.InjectFault(lost)
		query.ActionDate = query.ActionDate.Add(time.Hour)
		attempt.Query.ActionDate = query.ActionDate
		query.Conversations = query.Conversations[:len(query.Conversations)-1]
		attempt.Query.Conversations = query.Conversations
		_, err := client.SubmitBulkJob(t.Context(), query, time.Minute)
		expectKind(t, err, genesys.KindTransient)
		if verdict, id := find(time.Now().Add(time.Hour)); verdict != want || (id != "") != (want == bulk.Created) {
			t.Errorf("%+v: %v %q, want %v", lost, verdict, id, want)
		}
	}
}
