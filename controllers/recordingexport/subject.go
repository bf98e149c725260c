package recordingexport

import (
	"cmp"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/loop"
)

// subject is the export that is evaluated. Each step that follows adds what it has found
// out, so that what a step needs is in the type of its argument:
//
//	subject -> references -> clients -> claimed -> loaded
type subject struct {
	export *v1alpha1.RecordingExport
	// before is the status as it is stored.
	before v1alpha1.RecordingExportStatus
	// retry is a request to retry what is unavailable that was not acted upon yet, empty if
	// there is none.
	retry string
}

func (s *subject) name() types.NamespacedName { return client.ObjectKeyFromObject(s.export) }

// organizationDependency is the dependency of work that calls Genesys Cloud.
func (s *subject) organizationDependency() string {
	return loop.OrganizationDependency(s.export.Spec.OrganizationRef.Name)
}

// lastRequest is the last retry request, whether or not it was accepted already.
func (s *subject) lastRequest() string { return cmp.Or(s.retry, s.export.Status.LastRetryRequest) }

// acceptRetry notes that a retry was acted upon.
func (s *subject) acceptRetry() {
	s.export.Status.LastRetryRequest, s.retry = s.retry, ""
}

// isFinished reports whether the export has ended: all of it is sealed, and nothing more
// will come. Then nothing that it refers to is needed, whatever is edited: all that
// decides what is exported is fixed, and an edit of the rest has nothing to act upon
// but the batches that are kept.
func (s *subject) isFinished() bool {
	return s.export.Status.CompletionTime != nil && !exportspec.IsContinuous(s.export.Spec)
}

// retryCommand is what a person runs to have an export retried at once.
func retryCommand(export *v1alpha1.RecordingExport) string {
	return fmt.Sprintf("kubectl annotate rex %s -n %s --overwrite %s=$(date -u +%%FT%%TZ)", export.Name, export.Namespace, v1alpha1.AnnotationRetry)
}
