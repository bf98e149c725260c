package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ExportDestinationStatus is the observed state of the destination.
type ExportDestinationStatus struct {
	// observedGeneration is the generation of the spec that this status describes; -1 before the first reconcile.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Ready is True when evidence can be written. Reconciling and Stalled are present only while True.
	// Verified, present only if spec.verifyEvery is set, is True if the last verification read everything that is
	// stored and found no faults, False if it found faults, otherwise Unknown.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// location of the evidence: s3://<bucket>/<prefix>, or a directory relative to the manager's archive root.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Location string `json:"location,omitempty"`

	// claimTime is when this destination first wrote to its place in S3. From then on, until it is deleted, no
	// destination of another namespace can use that place. Absent for a directory, and before the first write.
	// +optional
	ClaimTime *metav1.Time `json:"claimTime,omitempty"`

	// signingKey is the id of the key that signs: the SHA-256 of its public key in DER, in hexadecimal. If no key
	// can be used now, the last one that could; absent if nothing is to be signed.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	SigningKey string `json:"signingKey,omitempty"`

	// signingKeyChange is the last change of the signing key, including its removal. Absent if the first key still
	// signs.
	// +optional
	SigningKeyChange *SigningKeyChange `json:"signingKeyChange,omitempty"`

	// free is the free space at the destination, rounded down; absent if it is unknown, as in S3.
	// +optional
	Free *resource.Quantity `json:"free,omitempty"`

	// verification is the result of the last verification; absent if spec.verifyEvery is not set.
	// +optional
	Verification *VerificationStatus `json:"verification,omitempty"`

	// lastRetryRequest is the value of the annotation retry-requested-at that the last verification handled.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	LastRetryRequest string `json:"lastRetryRequest,omitempty"`
}

// SigningKeyChange is a change of the key that signs.
type SigningKeyChange struct {
	// from is the id of the key that signed before, empty if there was none.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	From string `json:"from,omitempty"`

	// to is the id of the key that has signed since then, empty if there is none.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	To string `json:"to,omitempty"`

	// time at which the operator noticed the change.
	// +required
	Time metav1.Time `json:"time"`

	// confirmed is true once a person has confirmed the change with the annotation
	// confirm-signing-key.
	// +optional
	Confirmed bool `json:"confirmed,omitempty"`
}

// VerificationStatus is the progress and the result of verifying everything stored at a destination. The numbers
// are those of the last verification that ended.
type VerificationStatus struct {
	// startTime is when the running verification began, or the last one if none is running.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// completionTime is when the last verification ended.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`

	// nextTime is when the next verification begins; absent while one is running or queued.
	// +optional
	NextTime *metav1.Time `json:"nextTime,omitempty"`

	// progress of the running verification, for example 3/12 exports, 1200Gi; absent if none is running.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Progress string `json:"progress,omitempty"`

	// exports is the number of exports whose archives were verified, including deleted exports.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Exports int32 `json:"exports"`

	// files is the number of files that were read.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Files int64 `json:"files"`

	// bytes is the number of bytes that were read.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Bytes int64 `json:"bytes"`

	// faults is the number of faults found. It does not fall while an archive that had faults cannot be read.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Faults int64 `json:"faults"`

	// unreadable is the number of items that could not be read.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Unreadable int64 `json:"unreadable"`

	// unfinished is the number of seals that will never be finished, because their exports were deleted while the
	// operator was sealing them. They prove nothing and are not faults.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Unfinished int64 `json:"unfinished,omitempty"`

	// referencedNotRead is the number of recordings' files outside the archives that could not be verified, because
	// their exports do not exist any more: only these name the access key of the bucket.
	// +kubebuilder:validation:Minimum=0
	// +optional
	ReferencedNotRead int64 `json:"referencedNotRead,omitempty"`

	// findings are the first faults by path and kind, or the first unreadable items if there are no faults, or the
	// first unfinished seals.
	// +kubebuilder:validation:MaxItems=3
	// +kubebuilder:validation:items:MaxLength=512
	// +listType=atomic
	// +optional
	Findings []string `json:"findings,omitempty"`
}
