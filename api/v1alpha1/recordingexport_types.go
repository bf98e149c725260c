package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RecordingExportSpec defines what to export, from which organisation and to which destination. Once the export
// exists, only suspend, lanes, retry and retainBatches can be changed, and window.end can be set once.
// +kubebuilder:validation:XValidation:rule="self.organizationRef == oldSelf.organizationRef",message="organizationRef cannot be changed: create another RecordingExport",fieldPath=".organizationRef"
// +kubebuilder:validation:XValidation:rule="self.destinationRef == oldSelf.destinationRef",message="destinationRef cannot be changed: create another RecordingExport",fieldPath=".destinationRef"
// +kubebuilder:validation:XValidation:rule="self.mediaTypes == oldSelf.mediaTypes",message="mediaTypes cannot be changed: create another RecordingExport",fieldPath=".mediaTypes"
// +kubebuilder:validation:XValidation:rule="self.legalHold == oldSelf.legalHold",message="legalHold cannot be changed: create another RecordingExport",fieldPath=".legalHold"
// +kubebuilder:validation:XValidation:rule="self.window.start == oldSelf.window.start",message="window.start cannot be changed: create another RecordingExport",fieldPath=".window.start"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.window.end) || has(self.window.end) && self.window.end == oldSelf.window.end",message="window.end can be set once and not changed afterwards: create another RecordingExport",fieldPath=".window"
// +kubebuilder:validation:XValidation:rule="duration(self.slicing.width) == duration(oldSelf.slicing.width) && self.slicing.maxConversations == oldSelf.slicing.maxConversations",message="slicing cannot be changed: create another RecordingExport",fieldPath=".slicing"
// +kubebuilder:validation:XValidation:rule="duration(self.settleAfter) == duration(oldSelf.settleAfter)",message="settleAfter cannot be changed: create another RecordingExport",fieldPath=".settleAfter"
// +kubebuilder:validation:XValidation:rule="duration(self.openDeadline) == duration(oldSelf.openDeadline)",message="openDeadline cannot be changed: create another RecordingExport",fieldPath=".openDeadline"
// +kubebuilder:validation:XValidation:rule="self.metadata == oldSelf.metadata",message="metadata cannot be changed: create another RecordingExport",fieldPath=".metadata"
// +kubebuilder:validation:XValidation:rule="self.archived == oldSelf.archived",message="archived cannot be changed: create another RecordingExport",fieldPath=".archived"
// +kubebuilder:validation:XValidation:rule="self.secondSource == oldSelf.secondSource",message="secondSource cannot be changed: create another RecordingExport",fieldPath=".secondSource"
// +kubebuilder:validation:XValidation:rule="self.delivery == oldSelf.delivery",message="delivery cannot be changed: create another RecordingExport",fieldPath=".delivery"
// +kubebuilder:validation:XValidation:rule="has(self.attributes) == has(oldSelf.attributes) && (!has(self.attributes) || self.attributes == oldSelf.attributes)",message="attributes cannot be changed: create another RecordingExport",fieldPath=".attributes"
type RecordingExportSpec struct {
	// organizationRef names the GenesysOrganization to export from. Cannot be changed.
	// +required
	OrganizationRef LocalReference `json:"organizationRef"`

	// destinationRef names the ExportDestination that stores the evidence. Cannot be changed.
	// +required
	DestinationRef LocalReference `json:"destinationRef"`

	// mediaTypes to export; recordings of other media are listed as excluded. Cannot be changed.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	// +listType=set
	// +required
	MediaTypes []Medium `json:"mediaTypes"`

	// legalHold selects conversations by legal hold. Cannot be changed.
	// +kubebuilder:default={}
	// +optional
	LegalHold LegalHold `json:"legalHold,omitzero"`

	// window of time to export: a conversation belongs to it if it started in it. Without an end the export runs
	// continuously.
	// +required
	Window ExportWindow `json:"window"`

	// slicing controls how the window is divided into batches. Cannot be changed.
	// +kubebuilder:default={}
	// +optional
	Slicing Slicing `json:"slicing,omitzero"`

	// settleAfter is how long the operator waits after the end of a part of the window before it surveys it, because
	// Genesys Cloud may list recordings late. A duration such as 48h (the default); 0s is allowed; at most
	// 720h. Cannot be changed.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('720h')",message="settleAfter must be at most 720h"
	// +kubebuilder:default="48h"
	// +optional
	SettleAfter *metav1.Duration `json:"settleAfter,omitempty"`

	// openDeadline is how long after its start the operator waits for a conversation to end; after that it is listed
	// as unavailable (ConversationOpen). A duration such as 720h (the default); 0s is allowed; at most 8784h.
	// Cannot be changed.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('8784h')",message="openDeadline must be at most 8784h (a year)"
	// +kubebuilder:default="720h"
	// +optional
	OpenDeadline *metav1.Duration `json:"openDeadline,omitempty"`

	// metadata controls how much is requested about each recording. Cannot be changed.
	// +kubebuilder:default={}
	// +optional
	Metadata MetadataPolicy `json:"metadata,omitzero"`

	// archived controls how recordings in Genesys Cloud's archive are handled. List (the default) lists each
	// of them as unavailable. Restore asks Genesys Cloud to restore them, within the organisation's quota, and waits
	// for each until its batch's deadline; the steps after that have the same deadline again. Cannot be changed.
	// +kubebuilder:validation:Enum=List;Restore
	// +kubebuilder:default=List
	// +optional
	Archived string `json:"archived,omitempty"`

	// secondSource is a list of recordings from another source than analytics, which is compared with the account before
	// sealing. Retention lists all recordings that the organisation retains, once a day; the seal lists the
	// differences. None is the default. Cannot be changed.
	// +kubebuilder:default=None
	// +optional
	SecondSource SecondSource `json:"secondSource,omitempty"`

	// delivery controls how recordings reach the destination. Cannot be changed.
	// +kubebuilder:default={}
	// +optional
	Delivery Delivery `json:"delivery,omitzero"`

	// attributes are facts about the case, such as its number and the legal basis. Every bag and seal includes
	// them. At most 32. Cannot be changed.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(key, key.matches('^[A-Za-z][A-Za-z0-9._-]{0,62}$'))",message="the keys of attributes must be letters, digits, dots, hyphens and underscores, begin with a letter, and be at most 63 long"
	// +optional
	Attributes map[string]AttributeValue `json:"attributes,omitempty"`

	// suspend stops all work on this export until it is false again. Requests in flight are finished first.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// lanes controls how much each lane may do at the same time.
	// +kubebuilder:default={}
	// +optional
	Lanes Lanes `json:"lanes,omitzero"`

	// retry controls how long failures are retried.
	// +kubebuilder:default={}
	// +optional
	Retry Retry `json:"retry,omitzero"`

	// retainBatches is how many finished RecordingExportBatches are kept in the cluster; older ones are deleted, their
	// evidence is not. Defaults to 50, at most 1000.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	// +kubebuilder:default=50
	// +optional
	RetainBatches *int32 `json:"retainBatches,omitempty"`
}

// How archived recordings are handled.
const (
	ArchivedList    = "List"
	ArchivedRestore = "Restore"
)

// SecondSource names a list of recordings that does not come from analytics.
// +kubebuilder:validation:Enum=None;Retention
type SecondSource string

// The second sources.
const (
	SecondSourceNone      SecondSource = "None"
	SecondSourceRetention SecondSource = "Retention"
)

// AttributeValue is one line of text.
// +kubebuilder:validation:MaxLength=256
// +kubebuilder:validation:Pattern=`^[^\x00-\x1f\x7f]*$`
type AttributeValue string

// HoldScope says which conversations are exported, by legal hold.
// +kubebuilder:validation:Enum=Include;Exclude;Only
type HoldScope string

// The scopes.
const (
	HoldInclude HoldScope = "Include"
	HoldExclude HoldScope = "Exclude"
	HoldOnly    HoldScope = "Only"
)

// LegalHold selects conversations by legal hold.
type LegalHold struct {
	// scope Include exports all conversations (the default), Exclude leaves out those under legal hold, Only exports
	// only those under legal hold.
	// +kubebuilder:default=Include
	// +optional
	Scope HoldScope `json:"scope,omitempty"`
}

// Slicing controls how a window is divided into batches.
type Slicing struct {
	// width of a part of the window, for example 1h (the default): at least 1m, at most 8784h. If it is wider than the
	// window, there is one part.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1m') && duration(self) <= duration('8784h')",message="slicing.width must be at least 1m and at most 8784h (a year)"
	// +kubebuilder:validation:XValidation:rule="duration(self).getMilliseconds() % 1000 == 0",message="slicing.width must be whole seconds"
	// +kubebuilder:default="1h"
	// +optional
	Width *metav1.Duration `json:"width,omitempty"`

	// maxConversations is the maximum number of conversations in a batch; a part of the window with more is divided
	// again. Defaults to 1000.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	// +kubebuilder:default=1000
	// +optional
	MaxConversations int32 `json:"maxConversations,omitempty"`
}

// MetadataPolicy controls how much is requested about each recording.
type MetadataPolicy struct {
	// detail Full requests the metadata of every conversation (the default).
	// +kubebuilder:validation:Enum=Full
	// +kubebuilder:default=Full
	// +optional
	Detail string `json:"detail,omitempty"`
}

// Delivery controls how recordings reach the destination.
type Delivery struct {
	// mode Download: the manager downloads each recording (the default).
	// +kubebuilder:validation:Enum=Download
	// +kubebuilder:default=Download
	// +optional
	Mode string `json:"mode,omitempty"`
}

// Lanes controls how much each lane may do at the same time.
type Lanes struct {
	// standard lane: conversations that are not under legal hold. Its parallelism defaults to 4.
	// +kubebuilder:default={parallelism: 4}
	// +optional
	Standard LaneLimits `json:"standard,omitzero"`

	// legalHold lane: conversations under legal hold, all media except screen. Its parallelism defaults to 2.
	// +kubebuilder:default={parallelism: 2}
	// +optional
	LegalHold LaneLimits `json:"legalHold,omitzero"`

	// legalHoldScreen lane: screen recordings under legal hold, and the metadata of all conversations under
	// legal hold. Its parallelism defaults to 1.
	// +kubebuilder:default={parallelism: 1}
	// +optional
	LegalHoldScreen LaneLimits `json:"legalHoldScreen,omitzero"`

	// isolated lane: conversations and recordings that keep failing while others succeed, each in a batch of its own.
	// While other lanes have requests to make, it makes at most 5 % of all requests. Its parallelism defaults to 1.
	// +kubebuilder:default={parallelism: 1}
	// +optional
	Isolated LaneLimits `json:"isolated,omitzero"`
}

// LaneLimits controls how much one lane may do at the same time.
type LaneLimits struct {
	// parallelism is how many requests of one kind (metadata, batch requests, media) may be in flight at once.
	// Twice as many batches of the lane are processed at a time; in the isolated lane, up to 200.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=32
	// +optional
	Parallelism int32 `json:"parallelism,omitempty"`
}

// Retry controls how long failures are retried.
type Retry struct {
	// deadline is how long a failing item is retried; after that it is listed as unavailable with its last
	// error. Only the waits between failed attempts count, not time in which the export was suspended, stalled, throttled
	// or queued, or the manager was stopped. A duration, for example 24h (the default); at most 720h.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('720h')",message="retry.deadline must be longer than 0s and at most 720h"
	// +kubebuilder:default="24h"
	// +optional
	Deadline *metav1.Duration `json:"deadline,omitempty"`

	// surveyDeadline is how long the operator polls an analytics job that neither ends nor fails. It then ends that
	// job and starts another one, at most three times (SurveyFailed). Only time between polls counts, not time in which
	// the operator was stopped or the export suspended. A duration such as 2h (the default); at least 1s, at most 168h.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('168h')",message="retry.surveyDeadline must be at least 1s and at most 168h"
	// +kubebuilder:default="2h"
	// +optional
	SurveyDeadline *metav1.Duration `json:"surveyDeadline,omitempty"`
}

// RecordingExport exports the recordings of a time window, in separate lanes, into an archive that anyone can verify.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=rex,categories=genesys
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63",message="metadata.name must be at most 63 characters, so that its batches can be named after it"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['bags', 'seals', 'export.json'])",message="metadata.name must not be bags, seals or export.json: these are names of parts of an archive"
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Exported",type=string,JSONPath=`.status.progress`
// +kubebuilder:printcolumn:name="Gaps",type=integer,JSONPath=`.status.gaps`
// +kubebuilder:printcolumn:name="Isolated",type=integer,JSONPath=`.status.isolated.items`
// +kubebuilder:printcolumn:name="Bytes",type=integer,JSONPath=`.status.bytes`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Start",type=string,priority=1,JSONPath=`.spec.window.start`
// +kubebuilder:printcolumn:name="End",type=string,priority=1,JSONPath=`.spec.window.end`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type RecordingExport struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the desired state: what to export.
	// +required
	Spec RecordingExportSpec `json:"spec"`

	// status is the observed progress.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status RecordingExportStatus `json:"status,omitempty"`
}

// RecordingExportList is a list of exports.
// +kubebuilder:object:root=true
type RecordingExportList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []RecordingExport `json:"items"`
}

// GetConditions returns the conditions of the status.
func (e *RecordingExport) GetConditions() *[]metav1.Condition { return &e.Status.Conditions }
