package attack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/world"
)

// signingLog is a log that several goroutines write.
type signingLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *signingLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *signingLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// signingKey makes a key of the platform, and its Secret.
func signingKey(t testing.TB) (*corev1.Secret, signing.Key) {
	t.Helper()
	text, err := signing.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := signing.ParseKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "recording-export-signing-key", Namespace: rbacManagerNamespace},
		Data:       map[string][]byte{"signing.key": text},
	}, key
}

// signingEditor is a user who may do in the tenant's namespace what the role edit gives.
func signingEditor(t testing.TB, w *world.World, server *rest.Config) client.Client {
	t.Helper()
	for _, role := range []string{"system:aggregate-to-edit", "system:aggregate-to-view", "recording-export-editor", "recording-export-viewer"} {
		w.Create(&rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "mallory-"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "mallory"}},
		})
	}
	as := rest.CopyConfig(server)
	as.Impersonate = rest.ImpersonationConfig{UserName: "mallory"}
	editor, err := client.New(as, client.Options{Scheme: operator.NewScheme()})
	if err != nil {
		t.Fatal(err)
	}
	return editor
}

// TestAnEditorForgesASeal: with the platform's key those who are vouched against do
// not have it, each use of it is logged and counted, and a key that is replaced is
// reported.
func TestAnEditorForgesASeal(t *testing.T) {
	server := testenv.Start(t)
	w, log, registry := world.New(t, server, nil), &signingLog{}, prometheus.NewRegistry()
	w.Deploy("default")
	w.OptIn("secrets")
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	destination := w.Destination()
	destination.Spec.Signing = &v1alpha1.Signing{Platform: &v1alpha1.PlatformSigning{}}
	w.Create(destination)
	export := w.Export(nil)
	w.Create(export)
	secret, key := signingKey(t)
	start := func(o *operator.Options) {
		o.SigningKey = types.NamespacedName{Namespace: secret.Namespace, Name: secret.Name}
		o.Metrics = registry
		o.Manager.Logger = logr.FromSlogHandler(slog.NewTextHandler(log, nil))
	}
	stop := w.Start()
	w.Await(destination, v1alpha1.ReasonPlatformKeyMissing)
	stop()
	w.Start(start)
	w.Await(destination, v1alpha1.ReasonSigningKeyNotFound)
	w.Create(secret)
	w.Await(export, v1alpha1.ReasonComplete)
	w.Refresh(destination)
	if destination.Status.SigningKey != key.ID() {
		t.Errorf("the destination's key is %s, want %s", destination.Status.SigningKey, key.ID())
	}
	signingExpectSealed(w, key)
	signingExpectLogged(w, log.String(), registry, key)

	editor := signingEditor(t, w, server)
	if err := editor.Get(t.Context(), client.ObjectKey{Namespace: w.Namespace, Name: "genesys-oauth"}, &corev1.Secret{}); err != nil {
		t.Errorf("the editor is none: %v", err)
	}
	thief := rbacThief{TB: t}
	thief.expectRefused("reading the platform's key", editor.Get(t.Context(), client.ObjectKeyFromObject(secret), &corev1.Secret{}))
	destination.Spec.Signing = &v1alpha1.Signing{SecretRef: v1alpha1.LocalReference{Name: "mine"}}
	thief.expectRefused("signing with a key of one's own", editor.Update(t.Context(), destination))
	w.Refresh(destination)
	destination.Status.SigningKey = "aa"
	thief.expectRefused("changing the status", editor.Status().Update(t.Context(), destination))

	replaced, other := signingKey(t)
	replaced.ResourceVersion = secret.ResourceVersion
	w.Update(replaced)
	w.Refresh(destination)
	destination.Spec.LoadFiles = true // wakes its reconciler
	w.Update(destination)
	testenv.Eventually(t, "the key's change is told of", func() bool {
		w.Refresh(destination)
		condition := meta.FindStatusCondition(destination.Status.Conditions, v1alpha1.ConditionSigningKeyChanged)
		return condition != nil && strings.Contains(condition.Message, "changed from "+key.ID()+" to "+other.ID())
	})
}

// signingExpectSealed: everything is signed with the key.
func signingExpectSealed(w *world.World, key signing.Key) {
	w.Helper()
	trusted, err := verify.ParseKey(key.PublicKey())
	if err != nil {
		w.Fatal(err)
	}
	report, err := verify.Archive(w.Context(), os.DirFS(w.Archive()), verify.Options{Keys: []verify.Key{trusted}})
	if err != nil || len(report.Findings) > 0 || report.SignedBags != report.Bags || report.SignedSeals != 1 {
		w.Errorf("%v, %+v", err, report)
	}
}

// signingExpectLogged: each use of the key is in the log and is counted, and nothing of
// the key itself.
func signingExpectLogged(w *world.World, log string, registry *prometheus.Registry, key signing.Key) {
	w.Helper()
	manifest, err := os.ReadFile(w.Archive() + "/seals/1/manifest-sha256.txt")
	if err != nil {
		w.Fatal(err)
	}
	uses := 0
	for line := range strings.Lines(log) {
		if strings.Contains(line, "Signed a manifest") {
			uses++
		}
	}
	for _, want := range []string{
		"namespace=" + w.Namespace, "destination=evidence", "export=case-1", "key=platform", "keyID=" + key.ID(), "sha256=" + signingSum(manifest),
		"predicateType=https://recording.gcexport.dev/seal/v1", "predicateType=https://recording.gcexport.dev/bag/v1",
	} {
		if !strings.Contains(log, want) {
			w.Errorf("the log does not say %q", want)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		w.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "recording_export_signatures_total" {
			continue
		}
		if got := int(family.GetMetric()[0].GetCounter().GetValue()); got != uses || uses == 0 {
			w.Errorf("%d uses are counted, %d are in the log", got, uses)
		}
		return
	}
	w.Error("uses of the key are not counted")
}

func signingSum(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
