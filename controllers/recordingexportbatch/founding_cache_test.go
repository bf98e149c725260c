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
	r := New(Config{Publisher: loop.Publisher{Client: fake.NewClientBuilder().WithScheme(scheme).WithObjects(named("there")).Build()}})
	for _, name := range []string{"there", "gone"} {
		r.foundings.remember(types.NamespacedName{Namespace: "legal", Name: name}, founding{"legal/evidence/" + name, time.Unix(0, 0)})
	}
	for _, name := range []string{"there", "gone"} {
		r.ofExport(t.Context(), named(name))
	}
	if _, there := r.foundings.ours[types.NamespacedName{Namespace: "legal", Name: "there"}]; !there || len(r.foundings.ours) != 1 {
		t.Errorf("%v are remembered", r.foundings.ours)
	}
}
