package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
	"github.com/gcexport/recording-export-operator/test/world"
)

// aBulkView is aView with two running jobs of one batch, and two batches that wait for one.
func aBulkView() snapshot {
	v := aView()
	at := metav1.NewTime(time.Date(2023, 10, 2, 6, 10, 0, 0, time.UTC))
	v.batches[0].Status.BulkJob = &v1alpha1.BulkJobStatus{Jobs: []v1alpha1.BulkJobEntry{
		{Part: "0-4", State: "FAILED", CreateTime: at, Ended: true}, {Part: "0-2", State: "READY", CreateTime: at}, {Part: "2-4", State: "PROCESSING", CreateTime: at},
	}}
	for _, position := range []int32{3, 2} {
		waiting := *v.batches[0].DeepCopy()
		waiting.Name += string('a' + position)
		waiting.Status.BulkJob = &v1alpha1.BulkJobStatus{QueuePosition: position}
		v.batches = append(v.batches, waiting)
	}
	return v
}

// TestJobsAreShown: the lanes and the lines show the running jobs and the place in the queue.
func TestJobsAreShown(t *testing.T) {
	const jobs = "; 2 bulk jobs (PROCESSING, READY); 2 batches queued for a bulk job, position 2"
	v := aBulkView()
	if got := table([]snapshot{v}); !strings.Contains(got, "3 batches running, metadata 9/12"+jobs+"\n") {
		t.Errorf("the table is\n%s", got)
	}
	if got := summaryLine(v); !strings.HasSuffix(got, "14 running"+jobs) {
		t.Errorf("the line is %q", got)
	}
	if got := summaryLine(aView()); strings.Contains(got, ";") {
		t.Errorf("without jobs the line is %q", got)
	}
}

// TestSeenJobsAreCounted: the status of a batch forgets jobs, the summary does not.
func TestSeenJobsAreCounted(t *testing.T) {
	v := aBulkView()
	seen := seenJobs{}
	seen.add(&v.batches[0])
	jobs := v.batches[0].Status.BulkJob.Jobs
	jobs[1].State, jobs[1].Ended = "FAILED", true
	v.batches[0].Status.BulkJob.Jobs = jobs[1:]
	seen.add(&v.batches[0])
	seen.add(&v.batches[1])
	v.jobs = seen
	var out bytes.Buffer
	noteJobs(&screen{out: &out}, v)
	noteJobs(&screen{out: &out}, aView())
	if got := out.String(); got != "  3 recording bulk jobs, 2 of them failed\n" {
		t.Errorf("it says %q", got)
	}
}

// TestAnExportThroughBulkJobs: the bucket and its Secret are taken from the manifests, and the summary
// tells of jobs and of what stays in the bucket.
func TestAnExportThroughBulkJobs(t *testing.T) {
	server := world.StartBucket(t)
	o := newOffice(t, func(s *simulator.Options) {
		world.ExportTo(server)(s)
		s.Conversations = 50
	})
	world.Deliver(t, o.sim)
	integration, _ := o.sim.S3Integrations()
	o.write("manifests/bucket.yaml", "{apiVersion: v1, kind: Secret, metadata: {name: recordings-s3, namespace: legal}, stringData: {accessKeyId: "+
		s3server.AccessKeyID+", secretAccessKey: "+s3server.SecretAccessKey+"}}")
	o.write("manifests/00-all.yaml", strings.Replace(o.read("manifests/00-all.yaml"), "  slicing: {width: 6h}\n", `  slicing: {width: 24h}
  delivery:
    mode: BulkJob
    bulkJob:
      integrationId: `+integration+`
      s3: {bucket: `+world.RecordingBucket+`, region: `+s3server.Region+`, endpoint: "`+server.URL+`", pathStyle: true, secretRef: {name: recordings-s3}}
`, 1))
	o.ends(o.start(), exitComplete, "0 gaps", "  3 recording bulk jobs\n", "Outside the archive, in s3://"+world.RecordingBucket+": ", filepath.Join("legal", "evidence", "case-1"))
	if n := o.sim.Journal().Count(simulator.RouteDownload, 0); n > 0 {
		t.Errorf("%d recordings were downloaded", n)
	}
}
