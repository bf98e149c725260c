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
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// TestLeastPrivilege runs an export with no more rights than config/default
// gives to the manager, to a destination whose signing key is to be made.
func TestLeastPrivilege(t *testing.T) {
	w := newStory(t, nil)
	w.leastPrivilege()
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	destination := w.signed(func(s *v1alpha1.Signing) { s.Create = true })
	w.Create(destination)
	export := w.Export(nil)
	w.Create(export)
	w.Start()
	w.Await(export, v1alpha1.ReasonComplete)
	w.expectEvents(export, v1alpha1.ReasonComplete)
	w.expectMadeOnce(destination)
}

// leastPrivilege gives operators that are started from now on no more rights than
// config/default gives to the manager.
func (w *story) leastPrivilege() {
	w.Helper()
	kustomize := exec.CommandContext(w.Context(), filepath.Join(testenv.Assets(w), "kubectl"), "kustomize", "../../config/default")
	manifests, err := kustomize.Output()
	if err != nil {
		w.Fatal(err)
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
}
