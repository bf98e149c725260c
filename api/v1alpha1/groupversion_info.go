// Package v1alpha1 has the kinds of the group recording.gcexport.dev: which
// recordings to export, from which Genesys Cloud organisation, and to which
// destination.
//
// +kubebuilder:object:generate=true
// +groupName=recording.gcexport.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the group and version of the kinds in this package.
var GroupVersion = schema.GroupVersion{Group: "recording.gcexport.dev", Version: "v1alpha1"}

// AddToScheme adds the kinds of this package to a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&GenesysOrganization{}, &GenesysOrganizationList{},
		&ExportDestination{}, &ExportDestinationList{},
		&RecordingExport{}, &RecordingExportList{},
		&RecordingExportBatch{}, &RecordingExportBatchList{},
		&RecordingExportTrigger{}, &RecordingExportTriggerList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
