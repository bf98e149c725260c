package attack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/testenv/intruder"
)

// TestLocalUser is another user of the machine that standalone runs on: no port of
// its control plane tells anything, and no file of it can be read, although the
// state directory was open to all before.
func TestLocalUser(t *testing.T) {
	const signingKey = "the-signing-key-of-the-organisation"
	state := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(state, 0o755); err != nil {
		t.Fatal(err)
	}
	plane, err := controlplane.Start(t.Context(), testenv.Assets(t), state)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	}()
	owner := kubernetes.NewForConfigOrDie(plane.Config)
	localCreate(t, owner, signingKey)
	if !intruder.InStorage(t, filepath.Join(state, "etcd"), signingKey) {
		t.Error("etcd does not contain the key: there is nothing to look for")
	}

	ports := intruder.Ports(t, intruder.Processes(t, state)...)
	found := map[string]int{}
	for _, port := range ports {
		found[port.Process]++
		intruder.Try(t, port, signingKey)
	}
	t.Logf("ports: %+v", ports)
	// etcd listens for clients and for peers, kube-apiserver for clients, the
	// controllers for nobody.
	if found["etcd"] != 2 || found["kube-apiserver"] != 1 || len(ports) != 3 {
		t.Errorf("these processes listen: %v", found)
	}
	if open := intruder.Readable(t, state); len(open) > 0 {
		t.Errorf("others can read %q", open)
	}
	if is, err := os.Stat(plane.Kubeconfig); err != nil || is.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig: %v, %v", is.Mode(), err)
	}
	localCommandLines(t, state, plane.Config.BearerToken)
}

// localCreate stores a signing key where the operator keeps one.
func localCreate(t *testing.T, owner *kubernetes.Clientset, key string) {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "legal"}}
	if _, err := owner.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "signing"}, StringData: map[string]string{"signing.key": key}}
	if _, err := owner.CoreV1().Secrets("legal").Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// localCommandLines looks for the token where everybody can read: in the command
// lines of processes.
func localCommandLines(t *testing.T, state, token string) {
	t.Helper()
	if token == "" {
		t.Fatal("there is no token to look for")
	}
	if pids := intruder.Processes(t, token); len(pids) > 0 {
		t.Errorf("the token is in the command line of the processes %v", pids)
	}
	if pids := intruder.Processes(t, state); len(pids) != 3 {
		t.Errorf("%d processes, want 3", len(pids))
	}
}

// TestLocalUserPlantsAStateDirectory: one into which others could write is refused,
// because the token in it may be theirs; an empty one is closed to them.
func TestLocalUserPlantsAStateDirectory(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	if err := errors.Join(os.MkdirAll(filepath.Join(state, "pki"), 0o700), os.Chmod(state, 0o777),
		os.WriteFile(filepath.Join(state, "pki", "tokens.csv"), []byte("known,admin,admin,system:masters\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	_, err := controlplane.Start(t.Context(), testenv.Assets(t), state)
	if !errors.Is(err, controlplane.ErrNotPrivate) || !strings.Contains(err.Error(), "other users can write to "+state) {
		t.Errorf("started in a planted directory, or %v", err)
	}
}
