package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ExportTemplate is the spec of RecordingExports that a trigger creates, without what each of them has for itself: scope,
// window and suspend, and without secondSource, with which an export with a scope cannot be compared. In contrast to a
// RecordingExport everything can be changed: existing exports do not change.
type ExportTemplate struct {
	// organizationRef names the GenesysOrganization to export from. Events of another organisation are refused.
	// +required
	OrganizationRef LocalReference `json:"organizationRef"`

	// destinationRef names the ExportDestination that stores the evidence.
	// +required
	DestinationRef LocalReference `json:"destinationRef"`

	// mediaTypes selects the media to export, whichever medium an event names.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	// +listType=set
	// +required
	MediaTypes []Medium `json:"mediaTypes"`

	// legalHold selects conversations by legal hold, which the export requests from Genesys Cloud.
	// +kubebuilder:default={}
	// +optional
	LegalHold LegalHold `json:"legalHold,omitzero"`

	// slicing as in a RecordingExport.
	// +kubebuilder:default={}
	// +optional
	Slicing Slicing `json:"slicing,omitzero"`

	// settleAfter as in a RecordingExport, for example 48h (the default).
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('720h')",message="settleAfter must be at most 720h"
	// +kubebuilder:default="48h"
	// +optional
	SettleAfter *metav1.Duration `json:"settleAfter,omitempty"`

	// openDeadline as in a RecordingExport, for example 720h (the default).
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('8784h')",message="openDeadline must be at most 8784h (a year)"
	// +kubebuilder:default="720h"
	// +optional
	OpenDeadline *metav1.Duration `json:"openDeadline,omitempty"`

	// metadata as in a RecordingExport.
	// +kubebuilder:default={}
	// +optional
	Metadata MetadataPolicy `json:"metadata,omitzero"`

	// archived as in a RecordingExport: List (the default) or Restore.
	// +kubebuilder:validation:Enum=List;Restore
	// +kubebuilder:default=List
	// +optional
	Archived string `json:"archived,omitempty"`

	// delivery as in a RecordingExport.
	// +kubebuilder:default={}
	// +optional
	Delivery Delivery `json:"delivery,omitzero"`

	// attributes as in a RecordingExport: at most 32 facts for every bag and seal.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(key, key.matches('^[A-Za-z][A-Za-z0-9._-]{0,62}$'))",message="the keys of attributes must be letters, digits, dots, hyphens and underscores, begin with a letter, and be at most 63 long"
	// +optional
	Attributes map[string]AttributeValue `json:"attributes,omitempty"`

	// lanes as in a RecordingExport.
	// +kubebuilder:default={}
	// +optional
	Lanes Lanes `json:"lanes,omitzero"`

	// retry as in a RecordingExport.
	// +kubebuilder:default={}
	// +optional
	Retry Retry `json:"retry,omitzero"`

	// retainBatches as in a RecordingExport. Defaults to 50, at most 1000.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	// +kubebuilder:default=50
	// +optional
	RetainBatches *int32 `json:"retainBatches,omitempty"`
}

// ExportSpec returns the spec of an export with the terms of the template.
func (t *ExportTemplate) ExportSpec() RecordingExportSpec {
	c := t.DeepCopy()
	return RecordingExportSpec{
		OrganizationRef: c.OrganizationRef, DestinationRef: c.DestinationRef, MediaTypes: c.MediaTypes, LegalHold: c.LegalHold, Slicing: c.Slicing,
		SettleAfter: c.SettleAfter, OpenDeadline: c.OpenDeadline, Metadata: c.Metadata, Archived: c.Archived,
		Delivery: c.Delivery, Attributes: c.Attributes, Lanes: c.Lanes, Retry: c.Retry, RetainBatches: c.RetainBatches,
	}
}
