package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ExportDestinationSpec says where evidence lands.
type ExportDestinationSpec struct {
	// directory below the manager's archive root.
	// +required
	Directory DirectoryDestination `json:"directory"`
}

// DirectoryDestination is a directory of the manager's own: <archive root>/<namespace>/<name>.
type DirectoryDestination struct {
	// name of the directory: lower-case letters, digits and hyphens. Cannot be changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="directory.name cannot be changed: create another ExportDestination"
	// +required
	Name string `json:"name"`
}

// ExportDestinationStatus is what was observed of the destination.
type ExportDestinationStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready is True when evidence can be written. Reconciling and Stalled are present only while True.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// location of the evidence, relative to the manager's archive root.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Location string `json:"location,omitempty"`
}

// ExportDestination is a place where evidence lands.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=gcdest,categories=genesys
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Location",type=string,JSONPath=`.status.location`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type ExportDestination struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says where evidence lands.
	// +required
	Spec ExportDestinationSpec `json:"spec"`

	// status is what was observed of it.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status ExportDestinationStatus `json:"status,omitempty"`
}

// ExportDestinationList is a list of destinations.
// +kubebuilder:object:root=true
type ExportDestinationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ExportDestination `json:"items"`
}

// GetConditions returns the conditions of the status.
func (d *ExportDestination) GetConditions() *[]metav1.Condition { return &d.Status.Conditions }
