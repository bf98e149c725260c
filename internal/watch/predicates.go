package watch

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/loop"
)

// updates passes updates that differ, and all creations and deletions. It passes also the
// updates of a resync, in which the object is the same: the cache sends one of each object
// every ten hours or so, in case that something was missed.
func updates[T client.Object](differ func(before, now T) bool) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: changed(func(before, now T) bool {
		return before.GetResourceVersion() == now.GetResourceVersion() || differ(before, now)
	})}
}

// changed passes updates between two objects of the type that differ.
func changed[T client.Object](differ func(before, now T) bool) func(event.UpdateEvent) bool {
	return func(e event.UpdateEvent) bool {
		before, okBefore := e.ObjectOld.(T)
		now, okNow := e.ObjectNew.(T)
		return okBefore && okNow && differ(before, now)
	}
}

// isReplaced reports whether an object was changed by a user, is being deleted, or is
// another one of the same name.
func isReplaced(before, now client.Object) bool {
	return before.GetGeneration() != now.GetGeneration() || before.GetUID() != now.GetUID() ||
		before.GetDeletionTimestamp().IsZero() != now.GetDeletionTimestamp().IsZero()
}

// Requested passes what concerns the reconciler of an object itself: its spec changed, it
// is being deleted, or one of the annotations changed by which people ask for something.
// Its own writes of the status, and annotations of other programs, do not pass.
func Requested(annotations ...string) predicate.Predicate {
	return updates(func(before, now client.Object) bool {
		return isReplaced(before, now) || slices.ContainsFunc(annotations, func(key string) bool {
			return before.GetAnnotations()[key] != now.GetAnnotations()[key]
		})
	})
}

// Organization passes the changes of a GenesysOrganization that matter to exports and
// batches: its spec, which organisation the login belongs to, and whether and why a person
// has to fix something. How each OAuth client stands does not matter to them.
var Organization = updates(func(before, now *v1alpha1.GenesysOrganization) bool {
	return isReplaced(before, now) || needs(before) != needs(now) ||
		!equality.Semantic.DeepEqual(before.Status.Organization, now.Status.Organization)
})

// Destination passes the changes of an ExportDestination that matter to exports and
// batches: its spec, where it is, and whether and why a person has to fix something. How
// much is free there, its signing key and its verifications do not matter to them.
var Destination = updates(func(before, now *v1alpha1.ExportDestination) bool {
	return isReplaced(before, now) || needs(before) != needs(now) || before.Status.Location != now.Status.Location
})

// need is what a person has to fix.
type need struct{ reason, message string }

// needs is what a person has to fix of an object, zero if nothing.
func needs(obj conditions.Object) need {
	if !conditions.IsStalled(obj) {
		return need{}
	}
	return need{conditions.Reason(obj), conditions.Message(obj)}
}

// Export passes the changes of a RecordingExport that matter to its batches: its spec, with
// spec.suspend, whether it is cancelled, and whether its archive is another cluster's. The
// batches write most of the rest of its status themselves.
var Export = updates(func(before, now *v1alpha1.RecordingExport) bool {
	return isReplaced(before, now) || before.Status.Cancelled != now.Status.Cancelled || isLost(before) != isLost(now)
})

// isLost reports whether an export says that its archive is another cluster's.
func isLost(export *v1alpha1.RecordingExport) bool {
	return conditions.Reason(export) == v1alpha1.ReasonArchiveOfAnotherCluster
}

// BatchTurned passes the changes of a RecordingExportBatch after which its export has
// something to do: a condition has another status or reason (as when the batch is finished),
// what a person has to fix changed, or the batch is being deleted.
var BatchTurned = updates(batchTurned)

func batchTurned(before, now *v1alpha1.RecordingExportBatch) bool {
	return isReplaced(before, now) || needs(before) != needs(now) || loop.IsTurningPoint(now, before)
}

// BatchProgressed passes the other changes of a RecordingExportBatch that its export
// shows in its own status: what it has exported, what left it and when it is retried.
var BatchProgressed = predicate.Funcs{
	CreateFunc:  func(event.CreateEvent) bool { return false },
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
	UpdateFunc: changed(func(before, now *v1alpha1.RecordingExportBatch) bool {
		return !batchTurned(before, now) && !equality.Semantic.DeepEqual(shownOf(before), shownOf(now))
	}),
}

// shownOf is the part of a batch's status that its export adds up.
func shownOf(batch *v1alpha1.RecordingExportBatch) v1alpha1.RecordingExportBatchStatus {
	status := batch.Status
	return v1alpha1.RecordingExportBatchStatus{
		Recordings: status.Recordings, Gaps: status.Gaps, Bytes: status.Bytes, Isolated: status.Isolated,
		Moved: status.Moved, Replaces: status.Replaces, Retry: status.Retry, Split: status.Split, Bag: status.Bag, CompletionTime: status.CompletionTime,
	}
}
