package recordingexporttrigger

import (
	"context"
	"errors"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// startDue starts the exports whose windows have ended. It returns how long it takes until the
// next one has to start, 0 if there is none.
func (r *Reconciler) startDue(ctx context.Context, exports []v1alpha1.RecordingExport) (next time.Duration, err error) {
	var failed []error
	for i := range exports {
		until, isCollecting := readCollection(&exports[i]).collectsUntil()
		if !isCollecting {
			continue
		}
		if wait := until.Sub(r.Clock.Now()); wait > 0 {
			if next == 0 || wait < next {
				next = wait
			}
			continue
		}
		failed = append(failed, client.IgnoreNotFound(r.start(ctx, &exports[i])))
	}
	return next, errors.Join(failed...)
}

// start starts an export: no further events join it. If an event joins at the same time, the
// write loses the race and is repeated.
func (r *Reconciler) start(ctx context.Context, export *v1alpha1.RecordingExport) error {
	before := export.DeepCopy()
	delete(export.Annotations, v1alpha1.AnnotationCollectsUntil)
	export.Spec.Suspend = false
	ctrl.LoggerFrom(ctx).Info("Starting export", "export", export.Name, "conversations", len(conversations(export)))
	return r.Client.Patch(ctx, export, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}
