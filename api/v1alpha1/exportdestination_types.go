package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ExportDestinationSpec defines where evidence is stored, and how it is signed and verified.
// +kubebuilder:validation:XValidation:rule="has(self.directory) != has(self.s3)",message="set exactly one of directory and s3"
// +kubebuilder:validation:XValidation:rule="has(self.directory) == has(oldSelf.directory)",message="a destination cannot be changed from directory to s3 or back: create another ExportDestination"
type ExportDestinationSpec struct {
	// directory stores evidence below the manager's archive root.
	// +optional
	Directory *DirectoryDestination `json:"directory,omitempty"`

	// s3 stores evidence in a bucket, with Object Lock if objectLock is set.
	// +optional
	S3 *S3Destination `json:"s3,omitempty"`

	// signing configures how bags and seals are signed. If omitted, they are not signed.
	// +optional
	Signing *Signing `json:"signing,omitempty"`

	// loadFiles adds to each seal a list of its files that review platforms import: loadfile.csv, and
	// loadfile.dat in the form of Concordance. Defaults to false.
	// +optional
	LoadFiles bool `json:"loadFiles,omitempty"`

	// verifyEvery verifies everything stored at the destination at this interval, for example 720h: at least 1h, at most
	// 8784h. The first verification starts at once. If omitted, the operator does not verify.
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=24
	// +kubebuilder:validation:Pattern=`^([0-9]{1,6}(ms|s|m|h)){1,4}$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1h') && duration(self) <= duration('8784h')",message="verifyEvery must be at least 1h and at most 8784h (a year)"
	// +optional
	VerifyEvery *metav1.Duration `json:"verifyEvery,omitempty"`
}

// Signing defines how the operator signs bags and seals: with a key of the namespace, or with the manager's.
// +kubebuilder:validation:XValidation:rule="has(self.secretRef) != has(self.platform)",message="set exactly one of signing.secretRef and signing.platform"
// +kubebuilder:validation:XValidation:rule="!has(self.platform) || !has(self.create) || !self.create",message="signing.create makes the Secret of signing.secretRef: leave it out with signing.platform",fieldPath=".create"
type Signing struct {
	// secretRef names a Secret in the same namespace with the key signing.key: an ECDSA private key with the
	// curve P-256 in PEM (PKCS#8 or SEC 1). Anyone who may read Secrets there can sign with it. If it is replaced,
	// the new key signs from then on, and the condition SigningKeyChanged reports it.
	// +optional
	SecretRef LocalReference `json:"secretRef,omitzero"`

	// platform signs with the manager's own key (--signing-key-secret), which nobody with rights only in this
	// namespace can read.
	// +optional
	Platform *PlatformSigning `json:"platform,omitempty"`

	// create creates the Secret with a new key if it does not exist and no key was ever used here. The operator
	// never changes or removes it. Defaults to false.
	// +optional
	Create bool `json:"create,omitempty"`

	// timestamp names a time-stamping authority that attests when each bag and seal was signed. If omitted, there are no
	// time-stamps.
	// +optional
	Timestamp *Timestamp `json:"timestamp,omitempty"`
}

// PlatformSigning has no fields: the manager's flags name its key.
type PlatformSigning struct{}

// Timestamp is a time-stamping authority (RFC 3161).
type Timestamp struct {
	// url of the authority. The manager must be started with it (--allow-endpoints).
	// +kubebuilder:validation:MinLength=8
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() in ['http', 'https'] && url(self).getHost() != \"\"",message="timestamp.url must be an http or https URL with a host"
	// +kubebuilder:validation:XValidation:rule="!self.contains('@')",message="timestamp.url must not contain a user or password"
	// +required
	URL string `json:"url"`
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

	// minFree keeps space free in the file system of the directory, for other files there. While there is less, no
	// transfer begins. A quantity, for example 1Gi (the default); at least 1Mi, at most 1Ei. The manager keeps more free
	// if it was started with a larger --min-free.
	// +kubebuilder:validation:XValidation:rule="!quantity(string(self)).isLessThan(quantity('1Mi')) && !quantity(string(self)).isGreaterThan(quantity('1Ei'))",message="directory.minFree must be at least 1Mi and at most 1Ei"
	// +kubebuilder:default="1Gi"
	// +optional
	MinFree *resource.Quantity `json:"minFree,omitempty"`
}

// S3Destination is a bucket of Amazon S3 or of a compatible service.
// +kubebuilder:validation:XValidation:rule="self.bucket != self.workBucket",message="workBucket must be another bucket than bucket: evidence stays, working artifacts are removed",fieldPath=".workBucket"
// +kubebuilder:validation:XValidation:rule="has(self.prefix) == has(oldSelf.prefix) && (!has(self.prefix) || self.prefix == oldSelf.prefix)",message="s3.prefix cannot be changed: create another ExportDestination",fieldPath=".prefix"
// +kubebuilder:validation:XValidation:rule="has(self.endpoint) == has(oldSelf.endpoint) && (!has(self.endpoint) || self.endpoint == oldSelf.endpoint)",message="s3.endpoint cannot be changed: create another ExportDestination",fieldPath=".endpoint"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.objectLock) || has(self.objectLock)",message="s3.objectLock cannot be removed: create another ExportDestination",fieldPath=".objectLock"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.objectLock) || !has(self.objectLock) || self.objectLock.retentionDays >= oldSelf.objectLock.retentionDays",message="s3.objectLock.retentionDays can be raised, not lowered: create another ExportDestination",fieldPath=".objectLock.retentionDays"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.objectLock) || !has(self.objectLock) || oldSelf.objectLock.mode != 'Compliance' || self.objectLock.mode == 'Compliance'",message="s3.objectLock.mode can be changed from Governance to Compliance, not back: create another ExportDestination",fieldPath=".objectLock.mode"
type S3Destination struct {
	// bucket stores the evidence. Cannot be changed.
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9][a-z0-9.-]*[a-z0-9]$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="s3.bucket cannot be changed: create another ExportDestination"
	// +required
	Bucket string `json:"bucket"`

	// prefix begins all keys in the bucket, for example legal/cases: names of letters, digits, dots, hyphens and
	// underscores that do not begin with a dot, separated by slashes. Defaults to no prefix. Cannot be changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`
	// +optional
	Prefix string `json:"prefix,omitempty"`

	// workBucket stores the operator's working files, which are not evidence. It must not have Object Lock. Several
	// destinations of one namespace may share it, destinations of two namespaces may not. Cannot be changed.
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9][a-z0-9.-]*[a-z0-9]$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="s3.workBucket cannot be changed: create another ExportDestination"
	// +required
	WorkBucket string `json:"workBucket"`

	// region of both buckets, for example eu-central-1. Cannot be changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="s3.region cannot be changed: create another ExportDestination"
	// +required
	Region string `json:"region"`

	// endpoint is the base URL of a service other than Amazon S3. The manager must be started with it
	// (--allow-endpoints). Cannot be changed.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$`
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// pathStyle puts the bucket's name into the path of a URL instead of its host name. Many services other than
	// Amazon S3 need it. Defaults to false.
	// +optional
	PathStyle bool `json:"pathStyle,omitempty"`

	// secretRef names a Secret in the same namespace with the keys accessKeyId and secretAccessKey, and
	// sessionToken if they are temporary.
	// +required
	SecretRef LocalReference `json:"secretRef"`

	// objectLock locks evidence. If omitted, it is not locked. You can add it and make it stronger (more days, or
	// Compliance instead of Governance), but not weaken or remove it.
	// +optional
	ObjectLock *ObjectLock `json:"objectLock,omitempty"`
}

// ObjectLock defines how evidence is locked when it is written.
type ObjectLock struct {
	// mode Compliance: nobody can remove evidence or shorten its retention. Governance: only principals with a
	// special permission can.
	// +kubebuilder:validation:Enum=Governance;Compliance
	// +required
	Mode ObjectLockMode `json:"mode"`

	// retentionDays is the minimum number of days for which evidence is kept after it is written: 2555 is 7 years.
	// If the bucket has a default retention, it must be the same.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=36500
	// +required
	RetentionDays int32 `json:"retentionDays"`
}

// ObjectLockMode is the mode of S3 Object Lock.
type ObjectLockMode string

// The modes of Object Lock.
const (
	// ObjectLockGovernance lets principals with a special permission remove evidence.
	ObjectLockGovernance ObjectLockMode = "Governance"
	// ObjectLockCompliance lets nobody remove evidence before its retention ends.
	ObjectLockCompliance ObjectLockMode = "Compliance"
)

// ExportDestination is a place where evidence is stored.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=gcdest,categories=genesys
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Location",type=string,JSONPath=`.status.location`
// +kubebuilder:printcolumn:name="Free",type=string,JSONPath=`.status.free`
// +kubebuilder:printcolumn:name="Verified",type=string,JSONPath=`.status.conditions[?(@.type=="Verified")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type ExportDestination struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the desired state: where evidence is stored.
	// +required
	Spec ExportDestinationSpec `json:"spec"`

	// status is the observed state.
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
