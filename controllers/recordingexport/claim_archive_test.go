package recordingexport

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// TestWhoMayClaimAnArchive: the export that began it, in the cluster that it belongs to, with
// what was to be exported.
func TestWhoMayClaimAnArchive(t *testing.T) {
	store := newStore(t)
	claim := func(cluster string, change func(*v1alpha1.RecordingExport)) (*claimed, outcome.Outcome) {
		t.Helper()
		c := &archiveClaimer{
			process: processA, cluster: thisCluster{func(context.Context) (string, error) { return cluster, nil }}, retry: time.Minute,
			owner: ownerCheck{process: processA, pool: stoppedPool(t), retry: time.Minute},
		}
		s := claimedFor(wholeExport(), store).clients
		s.organization.Status.Organization = &v1alpha1.OrganizationIdentity{ID: id(7)}
		if change != nil {
			change(s.export)
		}
		got, out, err := c.claim(t.Context(), s)
		if err != nil || out.IsDone() != (got != nil) {
			t.Fatalf("%+v, %v, %v", got, out, err)
		}
		return got, out
	}
	for range 2 {
		if got, out := claim("a", nil); got == nil || !got.isOurs() || got.record.ClusterID != "a" || got.daily {
			t.Fatalf("%+v, %v", got, out)
		}
	}
	for name, tt := range map[string]struct {
		cluster string
		change  func(*v1alpha1.RecordingExport)
		reason  string
		says    string
	}{
		"another cluster": {"b", nil, v1alpha1.ReasonArchiveOfAnotherCluster, "belongs to cluster a"},
		"another export":  {"a", func(e *v1alpha1.RecordingExport) { e.Name = "case-2" }, v1alpha1.ReasonArchiveMismatch, "belongs to another export"},
		"other media": {"a", func(e *v1alpha1.RecordingExport) {
			e.Spec.MediaTypes = []v1alpha1.Medium{v1alpha1.MediumScreen}
		}, v1alpha1.ReasonArchiveMismatch, "mediaTypes"},
		"bulk jobs": {"a", func(e *v1alpha1.RecordingExport) {
			e.Spec.Delivery.BulkJob = &v1alpha1.BulkJobDelivery{S3: v1alpha1.BulkJobBucket{Bucket: "b"}, Copy: true}
		}, v1alpha1.ReasonArchiveMismatch, "its spec differs in: delivery.bulkJob.s3.bucket, delivery.bulkJob.copy"},
	} {
		if _, out := claim(tt.cluster, tt.change); out.State != outcome.Stalled || out.Reason != tt.reason || out.After != time.Minute || !strings.Contains(out.Message, tt.says) {
			t.Errorf("%s: %v, want %s", name, out, tt.reason)
		}
	}
}
