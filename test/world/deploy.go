package world

import (
	"os/exec"
	"path/filepath"

	"k8s.io/client-go/rest"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// Manager is the user that the manager of config/default is to the API server.
const Manager = "system:serviceaccount:recording-export-system:recording-export-manager"

// ManagerNamespace is where the manager of config/default is.
const ManagerNamespace = "recording-export-system"

// Kubectl runs kubectl as an administrator and returns what it prints.
func (w *World) Kubectl(arguments ...string) string {
	w.Helper()
	root, err := controlplane.SourceRoot()
	if err != nil {
		w.Fatal(err)
	}
	command := exec.CommandContext(w.Context(), filepath.Join(testenv.Assets(w), "kubectl"),
		append([]string{"--kubeconfig", testenv.Kubeconfig(w, w.server)}, arguments...)...)
	command.Dir = root
	output, err := command.CombinedOutput()
	if err != nil {
		w.Fatalf("kubectl %v: %v\n%s", arguments, err, output)
	}
	return string(output)
}

// Deploy applies a folder of config that deploys the manager. Operators that are
// started from now on have no more rights than that gives to the manager.
func (w *World) Deploy(folder string) {
	w.Helper()
	w.Kubectl("apply", "--server-side", "--force-conflicts", "-k", filepath.Join("config", folder))
	w.Impersonate(rest.ImpersonationConfig{UserName: Manager})
	w.keyNamespace = ManagerNamespace
}

// OptIn applies folders of config/tenant to the world's namespace.
func (w *World) OptIn(folders ...string) {
	w.Helper()
	for _, folder := range folders {
		w.Kubectl("apply", "--server-side", "-n", w.Namespace, "-k", filepath.Join("config", "tenant", folder))
	}
}
