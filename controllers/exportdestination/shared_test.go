package exportdestination

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// inS3 is a destination that has been looked at, created at an hour.
func inS3(namespace string, hour int, bucket, prefix, workBucket string) *v1alpha1.ExportDestination {
	return &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "d", CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC))},
		Spec:       v1alpha1.ExportDestinationSpec{S3: &v1alpha1.S3Destination{Bucket: bucket, Prefix: prefix, WorkBucket: workBucket}},
		Status:     v1alpha1.ExportDestinationStatus{ObservedGeneration: 1},
	}
}

// TestNamespacesDoNotShareBuckets: the later destination says which field to change.
func TestNamespacesDoNotShareBuckets(t *testing.T) {
	first := inS3("legal", 1, "evidence", "legal/cases", "work")
	elsewhere := inS3("sales", 2, "evidence", "legal", "other")
	elsewhere.Spec.S3.Endpoint = "https://minio.example"
	here, written := inS3("legal", 1, "evidence", "legal", "work"), inS3("sales", 2, "sales", "", "work")
	here.Spec.S3.Endpoint, written.Spec.S3.Endpoint = "https://minio.example", "HTTPS://MinIO.example.:443/"
	stalled := first.DeepCopy()
	outcomeOf := outcome.Stall(v1alpha1.ReasonCredentialsRejected, "x", 0)
	loop.Mark(stalled, outcomeOf, "", "")
	unseen := first.DeepCopy()
	unseen.Status.ObservedGeneration = 0
	tests := []struct {
		name      string
		there, of *v1alpha1.ExportDestination
		field     string
	}{
		{"the same workBucket", first, inS3("sales", 2, "sales", "", "work"), "workBucket"},
		{"its evidence where others work", first, inS3("sales", 2, "work", "", "sales"), "bucket"},
		{"working where others have evidence", first, inS3("sales", 2, "sales", "", "evidence"), "workBucket"},
		{"the same prefix", first, inS3("sales", 2, "evidence", "legal/cases", "sales"), "bucket"},
		{"a prefix above", first, inS3("sales", 2, "evidence", "legal", "sales"), "bucket"},
		{"a prefix below", first, inS3("sales", 2, "evidence", "legal/cases/x", "sales"), "bucket"},
		{"no prefix", first, inS3("sales", 2, "evidence", "", "sales"), "bucket"},
		{"of the same second", first, inS3("sales", 1, "sales", "", "work"), "workBucket"},
		{"another prefix", first, inS3("sales", 2, "evidence", "legal/cases2", "sales"), ""},
		{"the same namespace", first, inS3("legal", 2, "evidence", "legal/cases", "work"), ""},
		{"the first one", inS3("sales", 2, "evidence", "", "work"), first, ""},
		{"another service", first, elsewhere, ""},
		{"the same service, written otherwise", here, written, "workBucket"},
		{"one that cannot use it", stalled, inS3("sales", 2, "sales", "", "work"), ""},
		{"one that nobody has looked at", unseen, inS3("sales", 2, "sales", "", "work"), ""},
		{"a directory", &v1alpha1.ExportDestination{ObjectMeta: metav1.ObjectMeta{Namespace: "x", Name: "d"}}, inS3("sales", 2, "sales", "", "work"), ""},
	}
	for _, tt := range tests {
		scheme := runtime.NewScheme()
		if err := v1alpha1.AddToScheme(scheme); err != nil {
			t.Fatal(err)
		}
		there := tt.there.DeepCopy()
		if there.Namespace == tt.of.Namespace {
			there.Name = "other"
		}
		r := &Reconciler{Publisher: loop.Publisher{Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(there, tt.of.DeepCopy()).Build()}}
		out, err := r.alone(t.Context(), tt.of)
		if err != nil {
			t.Fatal(err)
		}
		if out.IsDone() != (tt.field == "") || tt.field != "" && (out.Reason != v1alpha1.ReasonBucketShared || !strings.Contains(out.Message, "spec.s3."+tt.field+" ")) {
			t.Errorf("%s: %v, want field %q", tt.name, out, tt.field)
		}
	}
}
