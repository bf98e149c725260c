package world

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// RecordingBucket is the bucket into which the bulk jobs of a test's organisation export.
const RecordingBucket = "recordings"

// bucketSecret names the Secret with the access key of that bucket.
const bucketSecret = "recordings-s3"

// StartBucket starts an S3 server with the bucket.
func StartBucket(t testing.TB) *s3server.Server {
	t.Helper()
	server := s3server.Start(t)
	server.Bucket(RecordingBucket, false)
	return server
}

// ExportTo has the bulk jobs of a simulated organisation export into the bucket of a server, at once.
func ExportTo(server *s3server.Server) func(*simulator.Options) {
	return func(o *simulator.Options) {
		o.JobDelay, o.ExportDelay = 20*time.Millisecond, 20*time.Millisecond
		o.ExportBucket = simulator.Bucket{
			Endpoint: server.URL, Region: s3server.Region, Name: RecordingBucket,
			AccessKeyID: s3server.AccessKeyID, SecretAccessKey: s3server.SecretAccessKey,
		}
	}
}

// Deliver has a simulated organisation put objects into its bucket when they are due, until the test ends:
// otherwise they would wait for a request, and whoever looks into the bucket sends none.
func Deliver(t testing.TB, sim *simulator.Simulator) {
	tick := time.NewTicker(20 * time.Millisecond)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-tick.C:
				sim.Tick()
			case <-end:
				return
			}
		}
	}()
	t.Cleanup(func() {
		tick.Stop()
		close(end)
		<-ended
	})
}

// BulkDelivery has bulk jobs deliver through the organisation's integration and the bucket of a server.
func (w *World) BulkDelivery(server *s3server.Server, copies bool) v1alpha1.Delivery {
	integration, _ := w.Sim.S3Integrations()
	return v1alpha1.Delivery{Mode: v1alpha1.DeliveryBulkJob, BulkJob: &v1alpha1.BulkJobDelivery{
		IntegrationID: integration, Copy: copies,
		S3: v1alpha1.BulkJobBucket{
			Bucket: RecordingBucket, Region: s3server.Region, Endpoint: server.URL, PathStyle: true,
			SecretRef: v1alpha1.LocalReference{Name: bucketSecret},
		},
	}}
}

// BucketSecret has the access key of the owner of all buckets.
func (w *World) BucketSecret() *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: bucketSecret, Namespace: w.Namespace},
		StringData: map[string]string{"accessKeyId": s3server.AccessKeyID, "secretAccessKey": s3server.SecretAccessKey},
	}
}
