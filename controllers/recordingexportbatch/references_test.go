package recordingexportbatch

import (
	"context"
	"errors"
	"io"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// clientOf is a client of an API server that has these objects.
func clientOf(t *testing.T, objects ...client.Object) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
}

// lockingStore is a store with legal holds. It counts the files that were created under one.
type lockingStore struct {
	archive.Store
	held int
}

func (s *lockingStore) CreateHeld(ctx context.Context, key string, write func(io.Writer) error) error {
	s.held++
	return s.Create(ctx, key, write)
}

// TestTheReferencesOfABatch: the outcome names what does not exist. What batches of the hold
// lanes store is under legal hold.
func TestTheReferencesOfABatch(t *testing.T) {
	export := &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "case-1"}}
	export.Spec.DestinationRef.Name = "evidence"
	destination := &v1alpha1.ExportDestination{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "evidence"}}
	broken := errors.New("broken")
	tests := map[string]struct {
		objects []client.Object
		lane    v1alpha1.Lane
		archive error
		// reason is empty if the references are there.
		reason string
		held   bool
	}{
		"no export":                      {reason: v1alpha1.ReasonExportNotFound},
		"no destination":                 {objects: []client.Object{export}, reason: v1alpha1.ReasonDestinationNotFound},
		"an archive that does not open":  {objects: []client.Object{export, destination}, archive: broken},
		"of the lane Standard":           {objects: []client.Object{export, destination}, lane: v1alpha1.LaneStandard},
		"of the lane Isolated":           {objects: []client.Object{export, destination}, lane: v1alpha1.LaneIsolated},
		"of the lane LegalHold":          {objects: []client.Object{export, destination}, lane: v1alpha1.LaneLegalHold, held: true},
		"of the lane of held recordings": {objects: []client.Object{export, destination}, lane: v1alpha1.LaneLegalHoldScreen, held: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store := &lockingStore{Store: openStore(t)}
			batch := resolvedAs(store, "b").batch
			batch.Spec.Lane = tt.lane
			r := referenceResolver{
				client:   clientOf(t, tt.objects...),
				archive:  func(*v1alpha1.ExportDestination, string) (archive.Store, error) { return store, tt.archive },
				location: func(d *v1alpha1.ExportDestination, export string) string { return d.Name + "/" + export },
			}
			b, out, err := r.resolve(t.Context(), batch)
			if !errors.Is(err, tt.archive) || out.Reason != tt.reason || (out.State == outcome.Stalled) != (tt.reason != "") {
				t.Errorf("%v, %v; want %q, %v", out, err, tt.reason, tt.archive)
			}
			if tt.reason != "" || tt.archive != nil {
				return
			}
			putAll(t, b.store, map[string]any{artifacts.SliceKey("b"): artifacts.Slice{}})
			if held := store.held == 1; b.location != "evidence/case-1" || b.batch == batch || held != tt.held {
				t.Errorf("the archive at %s, under legal hold: %t", b.location, held)
			}
		})
	}
}
