package exportdestination

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// inS3 is a destination that was evaluated and has its place, created at an hour.
func inS3(namespace string, hour int, bucket, prefix, workBucket string) *v1alpha1.ExportDestination {
	return &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "d", UID: types.UID(namespace), Generation: 1, CreationTimestamp: metav1.NewTime(time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC))},
		Spec:       v1alpha1.ExportDestinationSpec{S3: &v1alpha1.S3Destination{Bucket: bucket, Prefix: prefix, WorkBucket: workBucket}},
		Status:     v1alpha1.ExportDestinationStatus{ObservedGeneration: 1, ClaimTime: &metav1.Time{Time: noon}},
	}
}

// TestNamespacesDoNotShareBuckets: the later destination says which field to change.
func TestNamespacesDoNotShareBuckets(t *testing.T) {
	first := inS3("legal", 1, "evidence", "legal/cases", "work")
	elsewhere := inS3("sales", 2, "evidence", "legal", "other")
	elsewhere.Spec.S3.Endpoint = "https://minio.example"
	here, written := inS3("legal", 1, "evidence", "legal", "work"), inS3("sales", 2, "sales", "", "work")
	here.Spec.S3.Endpoint, written.Spec.S3.Endpoint = "https://minio.example", "HTTPS://MinIO.example.:443/"
	stall := func(d *v1alpha1.ExportDestination) *v1alpha1.ExportDestination {
		d = d.DeepCopy()
		loop.Mark(d, outcome.Stall(v1alpha1.ReasonCredentialsRejected, "x", 0), "", "")
		return d
	}
	unclaimed := func(d *v1alpha1.ExportDestination) *v1alpha1.ExportDestination {
		d = d.DeepCopy()
		d.Status.ClaimTime = nil
		return d
	}
	unseen, deleted := unclaimed(first), first.DeepCopy()
	unseen.Status.ObservedGeneration = -1
	deleted.DeletionTimestamp, deleted.Finalizers = &metav1.Time{Time: noon}, []string{"example.com/keeps-it"}
	former := unclaimed(first)
	loop.Mark(former, outcome.Done(), v1alpha1.ReasonWritable, "x")
	later := inS3("sales", 2, "sales", "", "work")
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
		{"one that cannot use it now", stall(first), unclaimed(later), "workBucket"},
		{"one that never could use it", stall(unclaimed(first)), unclaimed(later), ""},
		{"a later one that has it", later, unclaimed(first), "workBucket"},
		{"a later one that has it and cannot use it now", stall(later), unclaimed(first), "workBucket"},
		{"one of a former version that is ready", former, unclaimed(later), "workBucket"},
		{"one that is being deleted", deleted, unclaimed(later), ""},
		{"one that was never evaluated", unseen, later, ""},
		{"a directory", &v1alpha1.ExportDestination{ObjectMeta: metav1.ObjectMeta{Namespace: "x", Name: "d"}}, inS3("sales", 2, "sales", "", "work"), ""},
	}
	for _, tt := range tests {
		there := tt.there.DeepCopy()
		if there.Namespace == tt.of.Namespace {
			there.Name = "other"
		}
		out, err := reconcilerOf(t, there, tt.of.DeepCopy()).claim().checkUnclaimed(t.Context(), tt.of)
		if err != nil {
			t.Fatal(err)
		}
		if out.IsDone() != (tt.field == "") || tt.field != "" && (out.Reason != v1alpha1.ReasonBucketShared || !strings.Contains(out.Message, "spec.s3."+tt.field+" ")) {
			t.Errorf("%s: %v, want field %q", tt.name, out, tt.field)
		}
	}
}

// reconcilerOf is a reconciler whose API server has these destinations.
func reconcilerOf(t *testing.T, destinations ...client.Object) *Reconciler {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return &Reconciler{
		Publisher: loop.Publisher{Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(destinations...).Build()},
		Clock:     clocktesting.NewFakeClock(noon), Intervals: DefaultIntervals(),
	}
}

// TestAnEarlierDestinationIsWaitedFor until it was evaluated once: whether it can use
// the bucket decides, and not which of the two is evaluated first.
func TestAnEarlierDestinationIsWaitedFor(t *testing.T) {
	earlier, later := inS3("legal", 1, "legal", "", "work"), inS3("sales", 2, "sales", "", "work")
	for _, d := range []*v1alpha1.ExportDestination{earlier, later} {
		d.Status = v1alpha1.ExportDestinationStatus{ObservedGeneration: -1}
	}
	r := reconcilerOf(t, earlier, later)
	if out, err := r.claim().checkUnclaimed(t.Context(), later); err != nil || out.State != outcome.Waiting || out.Reason != v1alpha1.ReasonPending {
		t.Errorf("the later one: %v, %v; want it to wait", out, err)
	}
	if out, err := r.claim().checkUnclaimed(t.Context(), earlier); err != nil || !out.IsDone() {
		t.Errorf("the earlier one: %v, %v", out, err)
	}
	earlier.Status.ObservedGeneration = 1
	if out, err := reconcilerOf(t, earlier, later).claim().checkUnclaimed(t.Context(), later); err != nil || !out.IsDone() {
		t.Errorf("the later one, after the earlier one could not use the bucket: %v, %v", out, err)
	}
}

// TestOneOfTwoThatAreLookedAtTogetherGetsTheBucket: no status tells of a claim yet.
func TestOneOfTwoThatAreLookedAtTogetherGetsTheBucket(t *testing.T) {
	one, other := inS3("legal", 1, "legal", "", "work"), inS3("sales", 1, "sales", "", "work")
	one.Status.ClaimTime, other.Status.ClaimTime = nil, nil
	r := reconcilerOf(t, one, other)
	for _, d := range []*v1alpha1.ExportDestination{one, other} {
		if out, err := r.claim().checkUnclaimed(t.Context(), d); err != nil || !out.IsDone() {
			t.Fatalf("%s: %v, %v", d.Namespace, out, err)
		}
	}
	if out, err := r.claim().takePlace(t.Context(), other); err != nil || !out.IsDone() || other.Status.ClaimTime == nil {
		t.Errorf("the first to be written to: %v, %v", out, err)
	}
	if out, err := r.claim().takePlace(t.Context(), one); err != nil || out.Reason != v1alpha1.ReasonBucketShared || one.Status.ClaimTime != nil {
		t.Errorf("the other one: %v, %v", out, err)
	}
	if woken := r.claim().otherClaimants(t.Context(), other); len(woken) != 1 || woken[0].Namespace != "legal" {
		t.Errorf("%v were woken", woken)
	}
	if woken := r.claim().otherClaimants(t.Context(), one); len(woken) != 0 {
		t.Errorf("one that has nothing woke %v", woken)
	}
	r.claims.drop(client.ObjectKeyFromObject(other))
	if len(r.claims.byName) != 0 {
		t.Errorf("%v are remembered", r.claims.byName)
	}
}

// TestADestinationThatIsGoneIsForgotten by all who know of it.
func TestADestinationThatIsGoneIsForgotten(t *testing.T) {
	gone := inS3("sales", 1, "sales", "", "work")
	r, forgotten := reconcilerOf(t), []types.NamespacedName{}
	r.Forget = func(name types.NamespacedName) { forgotten = append(forgotten, name) }
	r.claims.byName = map[types.NamespacedName]types.UID{client.ObjectKeyFromObject(gone): gone.UID}
	if _, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(gone)}); err != nil {
		t.Fatal(err)
	}
	if len(r.claims.byName) != 0 || len(forgotten) != 1 || forgotten[0] != client.ObjectKeyFromObject(gone) {
		t.Errorf("%v are remembered, %v was forgotten", r.claims.byName, forgotten)
	}
}
