package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RecordingExportSpec defines what to export, from which organisation and to which destination. Once the export
// exists, only suspend, lanes, retry and retainBatches can be changed, and window.end can be set once. While it is
// suspended and has not begun, scope.conversationIds can grow.
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
// +kubebuilder:validation:XValidation:rule="!has(self.scope) || !has(self.scope.conversationIds) || has(self.window.end)",message="an export of scope.conversationIds ends with its window: set window.end",fieldPath=".window"
// +kubebuilder:validation:XValidation:rule="!has(self.scope) || !has(self.secondSource) || self.secondSource == 'None'",message="secondSource Retention lists all recordings of the organisation, so that an export with a scope cannot be compared with it: set secondSource to None, or leave out scope",fieldPath=".secondSource"
// +kubebuilder:validation:XValidation:rule="has(self.attributes) == has(oldSelf.attributes) && (!has(self.attributes) || self.attributes == oldSelf.attributes)",message="attributes cannot be changed: create another RecordingExport",fieldPath=".attributes"
// +kubebuilder:validation:XValidation:rule="has(self.scope) == has(oldSelf.scope) && (!has(self.scope) || self.scope == oldSelf.scope || has(self.suspend) && self.suspend && has(oldSelf.suspend) && oldSelf.suspend && has(self.scope.conversationIds) && has(oldSelf.scope.conversationIds) && !has(self.scope.queueIds) && !has(self.scope.userIds) && !has(self.scope.divisionIds) && !has(self.scope.participants) && !has(self.scope.directions) && !has(oldSelf.scope.queueIds) && !has(oldSelf.scope.userIds) && !has(oldSelf.scope.divisionIds) && !has(oldSelf.scope.participants) && !has(oldSelf.scope.directions) && self.scope.conversationIds + oldSelf.scope.conversationIds == self.scope.conversationIds)",message="scope cannot be changed: create another RecordingExport; conversationIds can be added while the export is suspended and has not started",fieldPath=".scope"
type RecordingExportSpec struct {
	// organizationRef names the GenesysOrganization to export from. Cannot be changed.
	// +required
	OrganizationRef LocalReference `json:"organizationRef"`

	// destinationRef names the ExportDestination that stores the evidence. Cannot be changed.
	// +required
	DestinationRef LocalReference `json:"destinationRef"`

	// mediaTypes selects the media to export. The account lists recordings of other media as excluded. Cannot be changed.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	// +listType=set
	// +required
	MediaTypes []Medium `json:"mediaTypes"`

	// legalHold selects conversations by legal hold. Cannot be changed.
	// +kubebuilder:default={}
	// +optional
	LegalHold LegalHold `json:"legalHold,omitzero"`

	// window selects the conversations that start in it. If it has no end, the export runs continuously.
	// +required
	Window ExportWindow `json:"window"`

	// scope limits the export to some of the conversations of the window. If it is omitted, the export includes all of
	// them. Cannot be changed, except that conversationIds can grow while the export is suspended and has not begun.
	// +optional
	Scope *ConversationScope `json:"scope,omitempty"`

	// slicing controls how the window is divided into batches. Cannot be changed.
	// +kubebuilder:default={}
	// +optional
	Slicing Slicing `json:"slicing,omitzero"`

	// settleAfter delays the survey of a part of the window until so long after its end, because Genesys Cloud may list
	// recordings late. A duration, for example 48h (the default); 0s is allowed; at most 720h. Cannot be changed.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('720h')",message="settleAfter must be at most 720h"
	// +kubebuilder:default="48h"
	// +optional
	SettleAfter *metav1.Duration `json:"settleAfter,omitempty"`

	// openDeadline limits how long after its start the operator waits for a conversation to end. After that the account
	// lists the conversation as unavailable (ConversationOpen). A duration, for example 720h (the default); 0s is
	// allowed; at most 8784h. Cannot be changed.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) <= duration('8784h')",message="openDeadline must be at most 8784h (a year)"
	// +kubebuilder:default="720h"
	// +optional
	OpenDeadline *metav1.Duration `json:"openDeadline,omitempty"`

	// metadata controls how much the operator requests about each recording. Cannot be changed.
	// +kubebuilder:default={}
	// +optional
	Metadata MetadataPolicy `json:"metadata,omitzero"`

	// archived controls how the operator handles recordings in Genesys Cloud's archive. List (the default) lists each
	// of them as unavailable. Restore has Genesys Cloud restore them, within the organisation's quota, and waits for each
	// until retry.deadline; the steps after that have another retry.deadline. Cannot be changed.
	// +kubebuilder:validation:Enum=List;Restore
	// +kubebuilder:default=List
	// +optional
	Archived string `json:"archived,omitempty"`

	// secondSource compares the account before sealing with a list of recordings from another source than analytics.
	// Retention lists all recordings that the organisation retains, once a day; the seal lists the differences. None is
	// the default. Cannot be changed.
	// +kubebuilder:default=None
	// +optional
	SecondSource SecondSource `json:"secondSource,omitempty"`

	// delivery controls how recordings reach the destination. Cannot be changed.
	// +kubebuilder:default={}
	// +optional
	Delivery Delivery `json:"delivery,omitzero"`

	// attributes adds facts about the case to every bag and seal, for example its number and the legal basis. At most
	// 32. Cannot be changed.
	// +kubebuilder:validation:MaxProperties=32
	// +kubebuilder:validation:XValidation:rule="self.all(key, key.matches('^[A-Za-z][A-Za-z0-9._-]{0,62}$'))",message="the keys of attributes must be letters, digits, dots, hyphens and underscores, begin with a letter, and be at most 63 long"
	// +optional
	Attributes map[string]AttributeValue `json:"attributes,omitempty"`

	// suspend stops all work on this export, cancels requests in flight and ends its analytics jobs. Work resumes where it
	// stopped once it is false.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// lanes limits how much each lane may do at the same time.
	// +kubebuilder:default={}
	// +optional
	Lanes Lanes `json:"lanes,omitzero"`

	// retry limits how long the operator retries failures.
	// +kubebuilder:default={}
	// +optional
	Retry Retry `json:"retry,omitzero"`

	// retainBatches limits how many finished RecordingExportBatches the operator keeps in the cluster. It deletes older
	// ones, but not their evidence. Defaults to 50, at most 1000.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=1000
	// +kubebuilder:default=50
	// +optional
	RetainBatches *int32 `json:"retainBatches,omitempty"`
}

// The values of spec.archived.
const (
	// ArchivedList lists archived recordings as unavailable.
	ArchivedList = "List"
	// ArchivedRestore has Genesys Cloud restore archived recordings.
	ArchivedRestore = "Restore"
)

// SecondSource selects a list of recordings that does not come from analytics.
// +kubebuilder:validation:Enum=None;Retention
type SecondSource string

// The second sources.
const (
	// SecondSourceNone compares with no second source.
	SecondSourceNone SecondSource = "None"
	// SecondSourceRetention compares with all recordings that the organisation retains.
	SecondSourceRetention SecondSource = "Retention"
)

// AttributeValue is one line of text.
// +kubebuilder:validation:MaxLength=256
// +kubebuilder:validation:Pattern=`^[^\x00-\x1f\x7f]*$`
type AttributeValue string

// HoldScope selects conversations by legal hold.
// +kubebuilder:validation:Enum=Include;Exclude;Only
type HoldScope string

// The scopes.
const (
	// HoldInclude exports all conversations.
	HoldInclude HoldScope = "Include"
	// HoldExclude leaves out conversations under legal hold.
	HoldExclude HoldScope = "Exclude"
	// HoldOnly leaves out conversations that are not under legal hold.
	HoldOnly HoldScope = "Only"
)

// LegalHold selects conversations by legal hold.
type LegalHold struct {
	// scope Include exports all conversations (the default). Exclude leaves out those under legal hold. Only leaves out
	// all others.
	// +kubebuilder:default=Include
	// +optional
	Scope HoldScope `json:"scope,omitempty"`
}

// Slicing controls how a window is divided into batches.
type Slicing struct {
	// width divides the window into parts of this length, for example 1h (the default): at least 1m, at most 8784h. If it
	// is wider than the window, there is one part.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1m') && duration(self) <= duration('8784h')",message="slicing.width must be at least 1m and at most 8784h (a year)"
	// +kubebuilder:validation:XValidation:rule="duration(self).getMilliseconds() % 1000 == 0",message="slicing.width must be whole seconds"
	// +kubebuilder:default="1h"
	// +optional
	Width *metav1.Duration `json:"width,omitempty"`

	// maxConversations limits the number of conversations in a batch. A part of the window with more becomes several
	// batches. Defaults to 1000.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	// +kubebuilder:default=1000
	// +optional
	MaxConversations int32 `json:"maxConversations,omitempty"`
}

// MetadataPolicy controls how much the operator requests about each recording.
type MetadataPolicy struct {
	// detail Full requests the metadata of every conversation (the default).
	// +kubebuilder:validation:Enum=Full
	// +kubebuilder:default=Full
	// +optional
	Detail string `json:"detail,omitempty"`
}

// Delivery controls how recordings reach the destination.
// +kubebuilder:validation:XValidation:rule="(has(self.mode) && self.mode == 'BulkJob') == has(self.bulkJob)",message="set delivery.bulkJob if delivery.mode is BulkJob, and leave it out otherwise"
type Delivery struct {
	// mode Download: the manager downloads each recording (the default). BulkJob: recording bulk jobs of Genesys Cloud
	// export the recordings into a bucket of the organisation, and the manager downloads what they do not export.
	// +kubebuilder:validation:Enum=Download;BulkJob
	// +kubebuilder:default=Download
	// +optional
	Mode string `json:"mode,omitempty"`

	// bulkJob configures the mode BulkJob.
	// +optional
	BulkJob *BulkJobDelivery `json:"bulkJob,omitempty"`
}

// The values of spec.delivery.mode.
const (
	// DeliveryDownload downloads each recording.
	DeliveryDownload = "Download"
	// DeliveryBulkJob has recording bulk jobs export the recordings.
	DeliveryBulkJob = "BulkJob"
)

// Lanes limits how much each lane may do at the same time.
type Lanes struct {
	// standard limits the lane Standard: conversations that are not under legal hold. Its parallelism defaults to 4.
	// +kubebuilder:default={parallelism: 4}
	// +optional
	Standard LaneLimits `json:"standard,omitzero"`

	// legalHold limits the lane LegalHold: conversations under legal hold, all media except screen. Its parallelism
	// defaults to 2.
	// +kubebuilder:default={parallelism: 2}
	// +optional
	LegalHold LaneLimits `json:"legalHold,omitzero"`

	// legalHoldScreen limits the lane LegalHoldScreen: screen recordings under legal hold, and the metadata of all
	// conversations under legal hold. Its parallelism defaults to 1.
	// +kubebuilder:default={parallelism: 1}
	// +optional
	LegalHoldScreen LaneLimits `json:"legalHoldScreen,omitzero"`

	// isolated limits the lane Isolated: conversations and recordings that keep failing while others succeed, each
	// conversation in a batch of its own.
	// While other lanes have requests to make, it makes at most 5 % of all requests. Its parallelism defaults to 1.
	// +kubebuilder:default={parallelism: 1}
	// +optional
	Isolated LaneLimits `json:"isolated,omitzero"`
}

// LaneLimits limits how much one lane may do at the same time.
type LaneLimits struct {
	// parallelism limits how many requests of one kind (metadata, batch requests, media) are in flight at the same time.
	// Twice as many batches of the lane are processed at the same time; in the lane Isolated, up to 200.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=32
	// +optional
	Parallelism int32 `json:"parallelism,omitempty"`
}

// Retry limits how long the operator retries failures.
type Retry struct {
	// deadline limits how long the operator retries a failing item. After that the account lists the item as unavailable
	// with its last error. Only the waits between failed attempts use up the deadline, not time in which the export was
	// suspended, stalled, throttled or queued, or the manager was stopped. A duration, for example 24h (the default); at
	// most 720h.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s') && duration(self) <= duration('720h')",message="retry.deadline must be longer than 0s and at most 720h"
	// +kubebuilder:default="24h"
	// +optional
	Deadline *metav1.Duration `json:"deadline,omitempty"`

	// surveyDeadline limits how long the operator polls an analytics job that neither ends nor fails. It then ends that
	// job and starts another one, at most three times (SurveyFailed). Only time between polls uses up the deadline, not
	// time in which the operator was stopped or the export suspended. A duration, for example 2h (the default); at least
	// 1s, at most 168h.
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
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.status.archive) || has(self.spec.scope) == has(oldSelf.spec.scope) && (!has(self.spec.scope) || self.spec.scope == oldSelf.spec.scope)",message="scope cannot be changed after the export has started: create another RecordingExport",fieldPath=".spec.scope"
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
