package attack

import (
	"fmt"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/test/world"
)

// boundsAdmin is a user who may do all that a tenant ever may: what the role admin of
// a namespace gives.
func boundsAdmin(t testing.TB, w *world.World, server *rest.Config) client.Client {
	t.Helper()
	for _, role := range []string{"admin", "editor", "viewer"} {
		w.Create(&rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "mallory-"},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "recording-export-" + role},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "mallory"}},
		})
	}
	as := rest.CopyConfig(server)
	as.Impersonate = rest.ImpersonationConfig{UserName: "mallory"}
	admin, err := client.New(as, client.Options{Scheme: operator.NewScheme()})
	if err != nil {
		t.Fatal(err)
	}
	return admin
}

// boundsBucket is a destination whose evidence is locked.
func boundsBucket(w *world.World) *v1alpha1.ExportDestination {
	return &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Name: "locked", Namespace: w.Namespace},
		Spec: v1alpha1.ExportDestinationSpec{S3: &v1alpha1.S3Destination{
			Bucket: "evidence", WorkBucket: "evidence-work", Region: "eu-central-1", SecretRef: v1alpha1.LocalReference{Name: "s3-access"},
			ObjectLock: &v1alpha1.ObjectLock{Mode: v1alpha1.ObjectLockCompliance, RetentionDays: 2555},
		}},
	}
}

// TestATenantWeakensTheLock: not even the admin of a namespace can.
func TestATenantWeakensTheLock(t *testing.T) {
	server := testenv.Start(t)
	w := world.New(t, server, nil)
	w.Deploy("default")
	admin := boundsAdmin(t, w, server)
	destination := boundsBucket(w)
	testenv.Eventually(t, "the admin may create destinations", func() bool { return admin.Create(t.Context(), destination) == nil })
	for says, weaken := range map[string]func(*v1alpha1.S3Destination){
		"s3.objectLock cannot be removed": func(s *v1alpha1.S3Destination) { s.ObjectLock = nil },
		"can be raised, not lowered":      func(s *v1alpha1.S3Destination) { s.ObjectLock.RetentionDays-- },
		"from Governance to Compliance":   func(s *v1alpha1.S3Destination) { s.ObjectLock.Mode = v1alpha1.ObjectLockGovernance },
		"s3.bucket cannot be changed":     func(s *v1alpha1.S3Destination) { s.Bucket = "unlocked" },
	} {
		w.Refresh(destination)
		weaken(destination.Spec.S3)
		if err := admin.Update(t.Context(), destination); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want a refusal that says %q", err, says)
		}
	}
	w.Refresh(destination)
	destination.Spec.S3.ObjectLock.RetentionDays = 3650
	if err := admin.Update(t.Context(), destination); err != nil {
		t.Errorf("a lock cannot be made stronger: %v", err)
	}
}

// TestATenantAsksForTooMuch: each bound is enforced by the API server, before the
// operator sees anything of it. No tenant writes the fields that belong to the
// operator.
func TestATenantAsksForTooMuch(t *testing.T) {
	server := testenv.Start(t)
	w := world.New(t, server, nil)
	w.Deploy("default")
	admin := boundsAdmin(t, w, server)
	testenv.Eventually(t, "the admin may create what is within bounds", func() bool {
		return admin.Create(t.Context(), w.Export(nil), client.DryRunAll) == nil
	})
	clients := func(n int) client.Object {
		organization := w.Organization()
		organization.Spec.Credentials = nil
		for i := range n {
			organization.Spec.Credentials = append(organization.Spec.Credentials, v1alpha1.OAuthClient{SecretRef: v1alpha1.LocalReference{Name: fmt.Sprint("c", i)}})
		}
		return organization
	}
	window := func(start time.Time) client.Object {
		return w.Export(func(s *v1alpha1.RecordingExportSpec) { s.Window = v1alpha1.ExportWindow{Start: metav1.NewTime(start)} })
	}
	free := func(bytes int64) client.Object {
		destination := w.Destination()
		destination.Spec.Directory.MinFree = resource.NewQuantity(bytes, resource.BinarySI)
		return destination
	}
	attributes := func(n, long int) client.Object {
		return w.Export(func(s *v1alpha1.RecordingExportSpec) {
			s.Attributes = map[string]v1alpha1.AttributeValue{}
			for i := range n {
				s.Attributes[fmt.Sprint("a", i)] = v1alpha1.AttributeValue(strings.Repeat("x", long))
			}
		})
	}
	first := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct{ at, beyond client.Object }{
		"OAuth clients": {clients(16), clients(17)},
		"windows":       {window(first), window(first.Add(-time.Second))},
		"the year 2":    {nil, window(time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC))},
		"room":          {free(1 << 20), free(0)},
		"attributes":    {attributes(32, 256), attributes(33, 1)},
		"an attribute":  {nil, attributes(1, 257)},
		"batches": {nil, &v1alpha1.RecordingExportBatch{
			ObjectMeta: metav1.ObjectMeta{Name: "planted", Namespace: w.Namespace},
			Spec: v1alpha1.RecordingExportBatchSpec{
				ExportRef: v1alpha1.LocalReference{Name: "case-1"}, Lane: v1alpha1.LaneStandard, Conversations: 1,
				Window: v1alpha1.Window{Start: metav1.NewTime(world.Day), End: metav1.NewTime(world.Day.Add(time.Hour))},
			},
		}},
	} {
		if tt.at != nil {
			if err := admin.Create(t.Context(), tt.at, client.DryRunAll); err != nil {
				t.Errorf("%s: refused at the bound: %v", name, err)
			}
		}
		if err := admin.Create(t.Context(), tt.beyond, client.DryRunAll); err == nil {
			t.Errorf("%s: accepted beyond the bound", name)
		}
	}
}
