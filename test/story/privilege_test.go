package story

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestLeastPrivilege runs an export with no more rights than config/default
// gives to the manager.
func TestLeastPrivilege(t *testing.T) {
	w := newStory(t, nil)
	kustomize := exec.CommandContext(t.Context(), filepath.Join(testenv.Assets(t), "kubectl"), "kustomize", "../../config/default")
	manifests, err := kustomize.Output()
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(string(manifests), "\n---\n") {
		var role rbacv1.ClusterRole
		var binding rbacv1.ClusterRoleBinding
		switch {
		case strings.Contains(document, "\nkind: ClusterRole\n") && yaml.Unmarshal([]byte(document), &role) == nil:
			w.Create(&role)
		case strings.Contains(document, "\nkind: ClusterRoleBinding\n") && yaml.Unmarshal([]byte(document), &binding) == nil:
			w.Create(&binding)
		}
	}
	w.Impersonate(rest.ImpersonationConfig{UserName: "system:serviceaccount:recording-export-system:recording-export-manager"})
	w.Furnish()
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.expectEvents(export, v1alpha1.ReasonComplete)
}
