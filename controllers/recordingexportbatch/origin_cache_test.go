package recordingexportbatch

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// TestAnExportThatIsGoneIsForgotten, and others are not.
func TestAnExportThatIsGoneIsForgotten(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	named := func(name string) *v1alpha1.RecordingExport {
		return &v1alpha1.RecordingExport{ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: name}}
	}
	api := fake.NewClientBuilder().WithScheme(scheme).WithObjects(named("there"))
	for _, index := range watch.Indexes() {
		api.WithIndex(index.Object, index.Field, index.Extract)
	}
	r := New(Config{Publisher: loop.Publisher{Client: api.Build()}})
	for _, name := range []string{"there", "gone"} {
		r.origins.remember(types.NamespacedName{Namespace: "legal", Name: name}, archiveOrigin{"legal/evidence/" + name, time.Unix(0, 0)})
	}
	for _, name := range []string{"there", "gone"} {
		r.batchesOfExport(t.Context(), named(name))
	}
	if _, there := r.origins.ours[types.NamespacedName{Namespace: "legal", Name: "there"}]; !there || len(r.origins.ours) != 1 {
		t.Errorf("%v are remembered", r.origins.ours)
	}
}
