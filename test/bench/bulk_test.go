package bench

import (
	"bufio"
	"fmt"
	"maps"
	"os"
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

// BenchmarkDelivery exports a day of 600 conversations by download and through bulk jobs, with and
// without what is under legal hold, and compares the calls and the digests of the files.
func BenchmarkDelivery(b *testing.B) {
	for _, holds := range []v1alpha1.HoldScope{v1alpha1.HoldInclude, v1alpha1.HoldExclude} {
		digests := map[string]map[string]bool{}
		for _, mode := range []string{v1alpha1.DeliveryDownload, v1alpha1.DeliveryBulkJob} {
			b.Run(fmt.Sprintf("holds=%s/mode=%s", holds, mode), func(b *testing.B) {
				for b.Loop() {
					digests[mode] = benchmarkDelivery(b, holds, mode)
				}
			})
		}
		if !maps.Equal(digests[v1alpha1.DeliveryDownload], digests[v1alpha1.DeliveryBulkJob]) {
			b.Errorf("with holds=%s the files of the two modes differ", holds)
		}
	}
}

// benchmarkDelivery exports the day once, and returns the SHA-256 of all files of recordings.
func benchmarkDelivery(b *testing.B, holds v1alpha1.HoldScope, mode string) map[string]bool {
	bucket, w := newDeliveryWorld(b)
	begun := time.Now()
	done := exportDay(b, w, func(s *v1alpha1.RecordingExportSpec) {
		s.LegalHold.Scope, s.Slicing.Width = holds, &metav1.Duration{Duration: 24 * time.Hour}
		if mode == v1alpha1.DeliveryBulkJob {
			s.Delivery = w.BulkDelivery(bucket, false)
		}
	})
	took, journal, recordings := time.Since(begun), w.Sim.Journal(), float64(done.Status.Recordings.Exported)
	delivery, metadata := 0, journal.Count(simulator.RouteMetadata, 0)
	for route, byStatus := range journal.Counts() {
		if strings.Contains(route, "/recording/jobs") || strings.Contains(route, "/recording/batchrequests") || route == simulator.RouteIntegrations {
			for _, n := range byStatus {
				delivery += n
			}
		}
	}
	b.ReportMetric(recordings, "recordings")
	b.ReportMetric(float64(calls(journal))/recordings, "calls/recording")
	b.ReportMetric(float64(metadata)/recordings, "metadata-calls/recording")
	b.ReportMetric(float64(delivery)/recordings, "delivery-calls/recording")
	b.ReportMetric(float64(journal.Count(simulator.RouteJobSubmit, 0)), "jobs")
	b.ReportMetric(took.Seconds(), "seconds")
	return fileDigests(b, w)
}

// newDeliveryWorld makes a world whose organisation has a bucket, with latencies like Genesys Cloud's
// in small.
func newDeliveryWorld(b *testing.B) (*s3server.Server, *world.World) {
	b.Helper()
	bucket := world.StartBucket(b)
	w := world.New(b, server, func(o *simulator.Options) {
		*o = simulator.Defaults()
		o.RequestsPerMinute = 3000
		jobs, objects := o.JobDelay, o.ExportDelay
		world.ExportTo(bucket)(o)
		o.JobDelay, o.ExportDelay = jobs, objects
	})
	w.Create(w.BucketSecret())
	return bucket, w
}

// fileDigests returns the SHA-256 of all files of recordings, as the manifests of the bags list them.
func fileDigests(b *testing.B, w *world.World) map[string]bool {
	b.Helper()
	manifests, err := filepath.Glob(filepath.Join(w.Archive(), "bags", "*", "manifest-sha256.txt"))
	if err != nil || len(manifests) == 0 {
		b.Fatalf("%d manifests: %v", len(manifests), err)
	}
	digests := map[string]bool{}
	for _, name := range manifests {
		file, err := os.Open(name)
		if err != nil {
			b.Fatal(err)
		}
		for lines := bufio.NewScanner(file); lines.Scan(); {
			digest, path, _ := strings.Cut(lines.Text(), " ")
			if strings.HasPrefix(strings.TrimSpace(path), "data/recordings/") {
				digests[digest] = true
			}
		}
		_ = file.Close()
	}
	if len(digests) == 0 {
		b.Fatal("the bags list no recordings")
	}
	return digests
}
