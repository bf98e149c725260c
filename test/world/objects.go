package world

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
)

// Secret contains the OAuth client that the simulator knows.
func (w *World) Secret(secret string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "genesys-oauth", Namespace: w.Namespace},
		StringData: map[string]string{"clientId": simulator.DefaultClientID, "clientSecret": secret},
	}
}

// Organization is the simulator's.
func (w *World) Organization() *v1alpha1.GenesysOrganization {
	return &v1alpha1.GenesysOrganization{
		ObjectMeta: metav1.ObjectMeta{Name: "emea", Namespace: w.Namespace},
		Spec: v1alpha1.GenesysOrganizationSpec{
			Endpoint: w.Endpoint, RequestsPerMinute: 10_000,
			Credentials: []v1alpha1.OAuthClient{{SecretRef: v1alpha1.LocalReference{Name: "genesys-oauth"}}},
		},
	}
}

// Destination is a directory below Root.
func (w *World) Destination() *v1alpha1.ExportDestination {
	return &v1alpha1.ExportDestination{
		ObjectMeta: metav1.ObjectMeta{Name: "evidence", Namespace: w.Namespace},
		Spec: v1alpha1.ExportDestinationSpec{Directory: &v1alpha1.DirectoryDestination{
			Name: "evidence", MinFree: resource.NewQuantity(1<<20, resource.BinarySI),
		}},
	}
}

// Export is one of every medium of the simulator's day, unless change makes it
// otherwise.
func (w *World) Export(change func(*v1alpha1.RecordingExportSpec)) *v1alpha1.RecordingExport {
	export := &v1alpha1.RecordingExport{
		ObjectMeta: metav1.ObjectMeta{Name: "case-1", Namespace: w.Namespace},
		Spec: v1alpha1.RecordingExportSpec{
			OrganizationRef: v1alpha1.LocalReference{Name: "emea"}, DestinationRef: v1alpha1.LocalReference{Name: "evidence"},
			MediaTypes: []v1alpha1.Medium{"Call", "Screen", "Chat", "Email", "Message"},
			Window:     Window(Day, Day.Add(24*time.Hour)),
			Slicing:    v1alpha1.Slicing{Width: &metav1.Duration{Duration: 4 * time.Hour}},
			Attributes: map[string]v1alpha1.AttributeValue{"caseId": "4711"},
		},
	}
	if change != nil {
		change(&export.Spec)
	}
	return export
}

// Window is that of an export.
func Window(start, end time.Time) v1alpha1.ExportWindow {
	return v1alpha1.ExportWindow{Start: metav1.NewTime(start), End: &metav1.Time{Time: end}}
}

// CreateReferences makes everything that an export refers to.
func (w *World) CreateReferences() {
	w.Helper()
	w.Create(w.Secret(simulator.DefaultClientSecret))
	w.Create(w.Organization())
	w.Create(w.Destination())
}
