package controlplane_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

func startPlane(t *testing.T, state string) *controlplane.ControlPlane {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	plane, err := controlplane.Start(ctx, testenv.Assets(t), state)
	if err != nil {
		t.Fatal(err)
	}
	return plane
}

// TestDataSurviveTheControlPlane starts it, writes, stops it and starts it again.
func TestDataSurviveTheControlPlane(t *testing.T) {
	state := t.TempDir()
	plane := startPlane(t, state)
	client := kubernetes.NewForConfigOrDie(plane.Config)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "legal"}}
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), namespace, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := controlplane.Start(t.Context(), testenv.Assets(t), state); !errors.Is(err, controlplane.ErrInUse) {
		t.Errorf("second Start: %v, want ErrInUse", err)
	}
	if err := plane.Stop(); err != nil {
		t.Fatal(err)
	}

	plane = startPlane(t, state)
	defer func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	}()
	client = kubernetes.NewForConfigOrDie(plane.Config)
	if _, err := client.CoreV1().Namespaces().Get(t.Context(), "legal", metav1.GetOptions{}); err != nil {
		t.Errorf("what was written is gone: %v", err)
	}
	kubectl := exec.CommandContext(t.Context(), testenv.Assets(t)+"/kubectl", "--kubeconfig", plane.Kubeconfig, "get", "namespace", "legal", "-o", "name")
	if output, err := kubectl.CombinedOutput(); err != nil || strings.TrimSpace(string(output)) != "namespace/legal" {
		t.Errorf("kubectl: %v: %s", err, output)
	}
	if err := client.CoreV1().Namespaces().Delete(t.Context(), "legal", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, "a deleted namespace is gone", func() bool {
		_, err := client.CoreV1().Namespaces().Get(t.Context(), "legal", metav1.GetOptions{})
		return apierrors.IsNotFound(err)
	})
}

func TestAProcessThatDiesIsToldOf(t *testing.T) {
	plane := startPlane(t, t.TempDir())
	defer func() { _ = plane.Stop() }()
	kill(t, plane.Kubeconfig)
	select {
	case err := <-plane.Failed():
		if !strings.Contains(err.Error(), "kube-controller-manager ended") {
			t.Errorf("told of %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("nobody tells")
	}
}

// kill kills the process that has argument in its command line.
func kill(t *testing.T, argument string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		line, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(line), argument) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && pid != os.Getpid() {
			err = syscall.Kill(pid, syscall.SIGKILL)
		}
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("no process has %s in its command line", argument)
}
