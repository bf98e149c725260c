package watch

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
)

// change is a change of an object, and whether a predicate passes it.
type change[T client.Object] struct {
	does func(T)
	pass bool
}

// try makes each change of a copy of an object, and sees whether a predicate passes it.
func try[T client.Object](t *testing.T, p predicate.Predicate, obj T, changes map[string]change[T]) {
	t.Helper()
	for name, c := range changes {
		now, _ := obj.DeepCopyObject().(T)
		now.SetResourceVersion("2")
		c.does(now)
		if got := p.Update(event.UpdateEvent{ObjectOld: obj, ObjectNew: now}); got != c.pass {
			t.Errorf("%s: passed %t, want %t", name, got, c.pass)
		}
	}
}

// users are changes that are made by users, which always pass, as resyncs do; and writes
// that change nothing.
func users[T client.Object](changes map[string]change[T]) map[string]change[T] {
	changes["the spec"] = change[T]{func(obj T) { obj.SetGeneration(obj.GetGeneration() + 1) }, true}
	changes["a deletion"] = change[T]{func(obj T) { obj.SetDeletionTimestamp(&metav1.Time{Time: time.Unix(1, 0)}) }, true}
	changes["created again"] = change[T]{func(obj T) { obj.SetUID("another") }, true}
	changes["nothing"] = change[T]{func(T) {}, false}
	changes["a resync"] = change[T]{func(obj T) { obj.SetResourceVersion(meta.ResourceVersion) }, true}
	changes["a label"] = change[T]{func(obj T) { obj.SetLabels(map[string]string{"a": "b"}) }, false}
	changes["a write of somebody"] = change[T]{func(obj T) { obj.SetResourceVersion("7") }, false}
	return changes
}

var meta = metav1.ObjectMeta{Name: "a", Namespace: "legal", Generation: 1, UID: "uid", ResourceVersion: "1"}

func TestOrganization(t *testing.T) {
	organization := &v1alpha1.GenesysOrganization{ObjectMeta: meta}
	organization.Status.Organization = &v1alpha1.OrganizationIdentity{ID: "1", Name: "Acme"}
	conditions.Ready(organization, "LoggedIn", "logged in")
	type ch = change[*v1alpha1.GenesysOrganization]
	try(t, Organization, organization, users(map[string]ch{
		"another identity":    {func(o *v1alpha1.GenesysOrganization) { o.Status.Organization.ID = "2" }, true},
		"no identity":         {func(o *v1alpha1.GenesysOrganization) { o.Status.Organization = nil }, true},
		"a person is needed":  {func(o *v1alpha1.GenesysOrganization) { conditions.Stalled(o, "SecretNotFound", "create it") }, true},
		"trouble that passes": {func(o *v1alpha1.GenesysOrganization) { conditions.Reconciling(o, "GenesysUnavailable", "retrying") }, false},
		"a client is out": {func(o *v1alpha1.GenesysOrganization) {
			o.Status.Clients = []v1alpha1.OAuthClientStatus{{SecretName: "s", State: v1alpha1.ClientInactive}}
		}, false},
	}))
	stalled := organization.DeepCopy()
	conditions.Stalled(stalled, "SecretNotFound", "create it")
	try(t, Organization, stalled, map[string]ch{
		"another message": {func(o *v1alpha1.GenesysOrganization) { conditions.Stalled(o, "SecretNotFound", "create that") }, true},
		"it was fixed":    {func(o *v1alpha1.GenesysOrganization) { conditions.Ready(o, "LoggedIn", "logged in") }, true},
	})
}

func TestDestination(t *testing.T) {
	destination := &v1alpha1.ExportDestination{ObjectMeta: meta}
	destination.Status.Location = "legal/evidence"
	conditions.Ready(destination, "Writable", "evidence can be written")
	type ch = change[*v1alpha1.ExportDestination]
	try(t, Destination, destination, users(map[string]ch{
		"another place":      {func(d *v1alpha1.ExportDestination) { d.Status.Location = "elsewhere" }, true},
		"a person is needed": {func(d *v1alpha1.ExportDestination) { conditions.Stalled(d, "DestinationFull", "free space") }, true},
		"its free space":     {func(d *v1alpha1.ExportDestination) { d.Status.Free = resource.NewQuantity(1, resource.BinarySI) }, false},
		"a verification": {func(d *v1alpha1.ExportDestination) {
			d.Status.Verification = &v1alpha1.VerificationStatus{Progress: "1/2 exports"}
			conditions.SetStep(d, v1alpha1.ConditionVerified, metav1.ConditionUnknown, "Verifying", "first")
		}, false},
		"it does not answer just now": {func(d *v1alpha1.ExportDestination) { conditions.Reconciling(d, "DestinationUnavailable", "retrying") }, false},
	}))
}

func TestExport(t *testing.T) {
	export := &v1alpha1.RecordingExport{ObjectMeta: meta}
	conditions.Reconciling(export, "BatchesInProgress", "1 of 2")
	try(t, Export, export, users(map[string]change[*v1alpha1.RecordingExport]{
		"cancelled": {func(e *v1alpha1.RecordingExport) { e.Status.Cancelled = true }, true},
		"another cluster's": {func(e *v1alpha1.RecordingExport) {
			conditions.Stalled(e, v1alpha1.ReasonArchiveOfAnotherCluster, "take it over")
		}, true},
		"its progress":          {func(e *v1alpha1.RecordingExport) { e.Status.Progress, e.Status.Bytes = "1/2", 7 }, false},
		"a condition":           {func(e *v1alpha1.RecordingExport) { conditions.Ready(e, "Complete", "done") }, false},
		"a request that is new": {func(e *v1alpha1.RecordingExport) { e.SetAnnotations(map[string]string{v1alpha1.AnnotationRetry: "1"}) }, false},
	}))
}

func TestBatches(t *testing.T) {
	batch := &v1alpha1.RecordingExportBatch{ObjectMeta: meta}
	conditions.Reconciling(batch, "Transferring", "downloading")
	tests := map[string]struct {
		does               func(*v1alpha1.RecordingExportBatch)
		turned, progressed bool
	}{
		"nothing":           {func(*v1alpha1.RecordingExportBatch) {}, false, false},
		"a resync":          {func(b *v1alpha1.RecordingExportBatch) { b.ResourceVersion = meta.ResourceVersion }, true, false},
		"a deletion":        {func(b *v1alpha1.RecordingExportBatch) { b.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }, true, false},
		"another reason":    {func(b *v1alpha1.RecordingExportBatch) { conditions.Reconciling(b, "RecordingsPending", "waiting") }, true, false},
		"it is finished":    {func(b *v1alpha1.RecordingExportBatch) { conditions.Ready(b, "Complete", "done") }, true, false},
		"another message":   {func(b *v1alpha1.RecordingExportBatch) { conditions.Reconciling(b, "Transferring", "still") }, false, false},
		"metadata came":     {func(b *v1alpha1.RecordingExportBatch) { b.Status.Metadata = 7 }, false, false},
		"a recording came":  {func(b *v1alpha1.RecordingExportBatch) { b.Status.Recordings.Exported, b.Status.Bytes = 1, 10 }, false, true},
		"something left it": {func(b *v1alpha1.RecordingExportBatch) { b.Status.Isolated.Recordings = 1 }, false, true},
		"it is retried":     {func(b *v1alpha1.RecordingExportBatch) { b.Status.Retry = &v1alpha1.RetryStatus{Failures: 1} }, false, true},
		"finished, and a recording came": {func(b *v1alpha1.RecordingExportBatch) {
			b.Status.Recordings.Exported = 1
			conditions.Ready(b, "Complete", "done")
		}, true, false},
	}
	for name, test := range tests {
		now := batch.DeepCopy()
		now.ResourceVersion = "2"
		test.does(now)
		update := event.UpdateEvent{ObjectOld: batch, ObjectNew: now}
		if turned, progressed := BatchTurned.Update(update), BatchProgressed.Update(update); turned != test.turned || progressed != test.progressed {
			t.Errorf("%s: turned %t, progressed %t; want %t, %t", name, turned, progressed, test.turned, test.progressed)
		}
	}
	stalled := batch.DeepCopy()
	conditions.Stalled(stalled, "ArchiveCorrupt", "one file")
	other := batch.DeepCopy()
	other.ResourceVersion = "2"
	conditions.Stalled(other, "ArchiveCorrupt", "another file")
	if !BatchTurned.Update(event.UpdateEvent{ObjectOld: stalled, ObjectNew: other}) {
		t.Error("the export quotes what a person has to fix, and is not told of it")
	}
}

// TestCreationsAndDeletions pass, but are not progress.
func TestCreationsAndDeletions(t *testing.T) {
	for name, p := range map[string]predicate.Predicate{"Organization": Organization, "Destination": Destination, "Export": Export, "BatchTurned": BatchTurned, "Requested": Requested()} {
		if !p.Create(event.CreateEvent{}) || !p.Delete(event.DeleteEvent{}) {
			t.Errorf("%s does not pass creations and deletions", name)
		}
	}
	if BatchProgressed.Create(event.CreateEvent{}) || BatchProgressed.Delete(event.DeleteEvent{}) {
		t.Error("a creation or deletion is taken for progress")
	}
}

func TestRequested(t *testing.T) {
	export := &v1alpha1.RecordingExport{ObjectMeta: meta}
	annotate := func(key string) func(*v1alpha1.RecordingExport) {
		return func(e *v1alpha1.RecordingExport) { e.SetAnnotations(map[string]string{key: "now"}) }
	}
	try(t, Requested(v1alpha1.AnnotationRetry, v1alpha1.AnnotationCancel), export, users(map[string]change[*v1alpha1.RecordingExport]{
		"a retry":                   {annotate(v1alpha1.AnnotationRetry), true},
		"a cancellation":            {annotate(v1alpha1.AnnotationCancel), true},
		"another's annotation":      {annotate("kubectl.kubernetes.io/last-applied-configuration"), false},
		"what the reconciler wrote": {func(e *v1alpha1.RecordingExport) { conditions.Ready(e, "R", "m") }, false},
	}))
}
