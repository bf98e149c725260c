// Package manifests has a real API server judge what config contains.
package manifests

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

const config = "../../config"

// cluster is a control plane and the kubectl that reaches it.
type cluster struct {
	*testing.T
	plane *controlplane.ControlPlane
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	plane, err := controlplane.Start(ctx, testenv.Assets(t), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	return &cluster{t, plane}
}

// must runs kubectl.
func (c *cluster) must(arguments ...string) string {
	c.Helper()
	kubectl := filepath.Join(testenv.Assets(c), "kubectl")
	command := exec.CommandContext(c.Context(), kubectl, append([]string{"--kubeconfig", c.plane.Kubeconfig}, arguments...)...)
	output, err := command.CombinedOutput()
	if err != nil {
		c.Fatalf("kubectl %v: %v\n%s", arguments, err, output)
	}
	return string(output)
}

// TestEverythingIsAccepted dry-runs every manifest strictly: an unknown field,
// or one that the API server would refuse, fails it.
func TestEverythingIsAccepted(t *testing.T) {
	c := newCluster(t)
	// A dry run needs the kinds and the namespaces to be there.
	c.must("apply", "--server-side", "-k", config+"/crd")
	c.must("wait", "--for=condition=Established", "--timeout=60s", "-f", config+"/crd/bases")
	c.must("create", "-f", config+"/samples/namespace.yaml")
	c.must("create", "namespace", "recording-export-system")
	c.must("label", "namespace", "recording-export-system", "pod-security.kubernetes.io/enforce=restricted")
	for _, folder := range []string{"default", "namespaced", "samples", "samples-bulkjob", "samples-trigger", "events"} {
		output := c.must("apply", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict", "-k", filepath.Join(config, folder))
		if strings.Contains(output, "Warning") {
			t.Errorf("config/%s: %s", folder, output)
		}
	}
	for _, folder := range []string{".", "secrets", "signing-create", "quota", "namespaced"} {
		output := c.must("apply", "--server-side", "--dry-run=server", "--validate=strict", "-n", "legal", "-k", filepath.Join(config, "tenant", folder))
		if strings.Contains(output, "Warning") {
			t.Errorf("config/tenant/%s: %s", folder, output)
		}
	}
	c.expectNoSecretsClusterWide()
	c.expectPinnedImage()
	c.expectPodIsRestricted()
	c.expectEveryFileIsReached()
}

// expectNoSecretsClusterWide: no ClusterRole of ours gives anything to do with Secrets.
func (c *cluster) expectNoSecretsClusterWide() {
	c.Helper()
	for _, folder := range []string{"default", "namespaced"} {
		for document := range strings.SplitSeq(c.must("kustomize", filepath.Join(config, folder)), "\n---\n") {
			var role rbacv1.ClusterRole
			if !strings.Contains(document, "\nkind: ClusterRole\n") {
				continue
			}
			if err := yaml.UnmarshalStrict([]byte(document), &role); err != nil {
				c.Fatal(err)
			}
			for _, rule := range role.Rules {
				if slices.Contains(rule.Resources, "secrets") || slices.Contains(rule.Resources, "*") || slices.Contains(rule.Verbs, "*") {
					c.Errorf("config/%s: the ClusterRole %s gives %v", folder, role.Name, rule)
				}
			}
		}
	}
}

// expectPinnedImage: the manager runs from an image with a digest, and is told which.
func (c *cluster) expectPinnedImage() {
	c.Helper()
	for document := range strings.SplitSeq(c.must("kustomize", filepath.Join(config, "default")), "\n---\n") {
		if !strings.Contains(document, "\nkind: Deployment\n") {
			continue
		}
		var deployment appsv1.Deployment
		if err := yaml.UnmarshalStrict([]byte(document), &deployment); err != nil {
			c.Fatal(err)
		}
		manager := deployment.Spec.Template.Spec.Containers[0]
		told := slices.IndexFunc(manager.Env, func(e corev1.EnvVar) bool { return e.Name == "IMAGE" })
		if !strings.Contains(manager.Image, "@sha256:") || manager.Env[told].Value != manager.Image || !slices.Contains(manager.Args, "--image=$(IMAGE)") {
			c.Errorf("the image is %s, %v tells of it in %v", manager.Image, manager.Args, manager.Env)
		}
		return
	}
	c.Error("config/default has no Deployment")
}

// expectPodIsRestricted asks Pod Security for the manager's Pod itself: for a
// Deployment it would only warn.
func (c *cluster) expectPodIsRestricted() {
	c.Helper()
	content, err := os.ReadFile(config + "/manager/deployment.yaml")
	if err != nil {
		c.Fatal(err)
	}
	var deployment appsv1.Deployment
	if err := yaml.UnmarshalStrict(content, &deployment); err != nil {
		c.Fatal(err)
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "manager", Labels: deployment.Spec.Template.Labels}, Spec: deployment.Spec.Template.Spec}
	pods := kubernetes.NewForConfigOrDie(c.plane.Config).CoreV1().Pods("recording-export-system")
	if _, err := pods.Create(c.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		c.Errorf("the manager's Pod is refused: %v", err)
	}
	pod.Spec.Containers[0].SecurityContext.Capabilities = nil
	if _, err := pods.Create(c.Context(), pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err == nil {
		c.Error("a Pod that is not restricted is accepted: the test shows nothing")
	}
}

// expectEveryFileIsReached finds manifests that no kustomization names.
func (c *cluster) expectEveryFileIsReached() {
	c.Helper()
	for _, folder := range []string{
		"crd", "rbac", "manager", "samples", "samples-bulkjob", "samples-trigger", "events", "tenant", "tenant/secrets", "tenant/signing-create", "tenant/quota", "tenant/namespaced", "network-policy",
	} {
		kustomization, err := os.ReadFile(filepath.Join(config, folder, "kustomization.yaml"))
		if err != nil {
			c.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(config, folder, "*.yaml"))
		if err != nil {
			c.Fatal(err)
		}
		bases, err := filepath.Glob(filepath.Join(config, folder, "bases", "*.yaml"))
		if err != nil {
			c.Fatal(err)
		}
		for _, file := range append(files, bases...) {
			name, err := filepath.Rel(filepath.Join(config, folder), file)
			if err != nil {
				c.Fatal(err)
			}
			if name != "kustomization.yaml" && !bytes.Contains(kustomization, []byte("- "+name+"\n")) {
				c.Errorf("config/%s/%s is in no kustomization", folder, name)
			}
		}
	}
}

// TestColumns: what a person sees with kubectl get.
func TestColumns(t *testing.T) {
	c := newCluster(t)
	c.must("apply", "--server-side", "-k", config+"/crd")
	c.must("wait", "--for=condition=Established", "--timeout=60s", "-f", config+"/crd/bases")
	c.must("create", "-f", config+"/samples/namespace.yaml")
	c.must("apply", "-k", config+"/samples")
	c.must("apply", "-k", config+"/samples-trigger")
	for arguments, header := range map[string]string{
		"get rex -n legal":         "NAME READY REASON EXPORTED GAPS ISOLATED BYTES AGE",
		"get rex -n legal -o wide": "NAME READY REASON EXPORTED GAPS ISOLATED BYTES AGE START END MESSAGE",
		"get crd recordingexportbatches.recording.gcexport.dev -o jsonpath={.spec.versions[0].additionalPrinterColumns[*].name}": "Ready Reason Lane Exported Gaps Bytes Age Queue Job Start End Message",
		"get gcorg -n legal -o wide":   "NAME READY REASON ORGANIZATION REGION AGE ID MESSAGE",
		"get gcdest -n legal":          "NAME READY REASON LOCATION FREE VERIFIED AGE",
		"explain rexb.spec.ordinal":    "GROUP: recording.gcexport.dev",
		"get rext -n legal":            "NAME READY REASON EXPORTS COLLECTING EVENTS LAST AGE",
		"get genesys -n legal -o name": "exportdestination.recording.gcexport.dev/evidence",
	} {
		first, _, _ := strings.Cut(c.must(strings.Fields(arguments)...), "\n")
		if got := strings.Join(strings.Fields(first), " "); got != header {
			t.Errorf("kubectl %s begins with %q, want %q", arguments, got, header)
		}
	}
}
