package recordingexport

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// TestRequestsOfAnnotations are noted in the status. Of two new requests the later one applies,
// and that to cancel if nobody can tell which is later.
func TestRequestsOfAnnotations(t *testing.T) {
	const early, late = "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"
	type status = v1alpha1.RecordingExportStatus
	seal, end := &v1alpha1.SealStatus{Number: 1}, &metav1.Time{Time: first}
	tests := map[string]struct {
		cancel, retry string
		before, want  status
		// left is the request that a later step acts upon.
		left string
	}{
		"none":                {},
		"cancel":              {cancel: "a", want: status{LastCancelRequest: "a", Cancelled: true}},
		"cancel, handled":     {cancel: "a", before: status{LastCancelRequest: "a"}, want: status{LastCancelRequest: "a"}},
		"cancel, finished":    {cancel: "a", before: status{CompletionTime: end}, want: status{LastCancelRequest: "a", CompletionTime: end}},
		"retry":               {retry: "b", want: status{LastRetryRequest: "b"}},
		"retry, handled":      {retry: "b", before: status{LastRetryRequest: "b"}, want: status{LastRetryRequest: "b"}},
		"retry, sealed":       {retry: "b", before: status{Seal: seal}, want: status{Seal: seal}, left: "b"},
		"retry, cancelled":    {retry: "b", before: status{Cancelled: true}, want: status{LastRetryRequest: "b"}},
		"cancel, then retry":  {cancel: early, retry: late, want: status{LastCancelRequest: early, LastRetryRequest: late}},
		"retry, then cancel":  {cancel: late, retry: early, want: status{LastCancelRequest: late, Cancelled: true}},
		"cancel, retry, when": {cancel: "a", retry: "b", want: status{LastCancelRequest: "a", Cancelled: true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := &subject{export: wholeExport()}
			s.export.Annotations = map[string]string{v1alpha1.AnnotationCancel: tt.cancel, v1alpha1.AnnotationRetry: tt.retry}
			s.export.Status = tt.before
			(&requestHandler{stoppedPool(t), &exportMemories{}}).handle(s)
			if s.retry != tt.left {
				t.Errorf("left is %q", s.retry)
			}
			if diff := cmp.Diff(tt.want, s.export.Status); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}
