package operator

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
)

// TestActorCanBePartOfAKey, and tells processes apart.
func TestActorCanBePartOfAKey(t *testing.T) {
	first, second := actor(), actor()
	if err := archive.CheckKey(artifacts.RunKey("b", first)); err != nil {
		t.Error(err)
	}
	if first == second {
		t.Errorf("two processes are both %s", first)
	}
}

func TestProbeLeavesNothingBehind(t *testing.T) {
	o := &operator{Options: Options{ArchiveRoot: t.TempDir()}, artifactKey: &artifactKey{}}
	destination := &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Namespace: "legal", Name: "d"},
		Spec:       v1alpha1.ExportDestinationSpec{Directory: &v1alpha1.DirectoryDestination{Name: "evidence"}},
	}
	if err := o.probe(t.Context(), destination); err != nil {
		t.Fatal(err)
	}
	store, err := o.archive(destination, "case-1")
	if err != nil {
		t.Fatal(err)
	}
	if got := o.location(destination, "case-1"); got != "legal/evidence/case-1" {
		t.Errorf("location %s", got)
	}
	outer, err := archive.OpenDirectory(o.ArchiveRoot, "legal/evidence")
	if err != nil {
		t.Fatal(err)
	}
	if names, err := artifacts.Names(t.Context(), outer, ".work/probe"); err != nil || len(names) != 0 {
		t.Errorf("the probe left %v, %v", names, err)
	}
	if names, err := artifacts.Names(t.Context(), store, "."); err != nil || len(names) != 0 {
		t.Errorf("a new archive contains %v, %v", names, err)
	}
}
