package operator

import (
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestBucketsGoWithTheirDestination, and no others do.
func TestBucketsGoWithTheirDestination(t *testing.T) {
	b := newBuckets(nil, Options{}, nil)
	for i := range 100 {
		d := &v1alpha1.ExportDestination{
			ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: fmt.Sprint("d-", i)},
			Spec:       v1alpha1.ExportDestinationSpec{S3: &v1alpha1.S3Destination{Bucket: "evidence", WorkBucket: "work", Region: "eu-central-1"}},
		}
		if _, err := b.of(d); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			b.forget(client.ObjectKeyFromObject(d))
		}
	}
	if len(b.open) != 1 {
		t.Errorf("%d are open, want 1", len(b.open))
	}
}
