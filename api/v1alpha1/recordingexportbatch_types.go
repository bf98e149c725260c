package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RecordingExportBatchSpec is one slice of an export. The operator writes it; it cannot be changed.
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a batch cannot be changed: only the operator writes batches"
type RecordingExportBatchSpec struct {
	// exportRef names the RecordingExport that the batch is a part of.
	// +required
	ExportRef LocalReference `json:"exportRef"`

	// lane of the batch.
	// +required
	Lane Lane `json:"lane"`

	// window is the part of the export's window that the batch covers.
	// +required
	Window Window `json:"window"`

	// ordinal is the batch's number among the batches of its lane in the export's plan, from 0.
	// +kubebuilder:validation:Minimum=0
	// +required
	Ordinal int32 `json:"ordinal"`

	// conversations is the number of conversations in the batch. The archive lists them.
	// +kubebuilder:validation:Minimum=1
	// +required
	Conversations int32 `json:"conversations"`
}

// RecordingExportBatchStatus is the observed progress of a batch.
type RecordingExportBatchStatus struct {
	// observedGeneration is the generation of the spec that this status describes; -1 before the first reconcile.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: MetadataFetched, BulkExported (only if the export's delivery.mode is BulkJob), Submitted, Completed, and Ready, which is True once the batch's bag is sealed
	// (reason Complete or CompleteWithGaps), or split into others (Split). Reconciling and Stalled are present only while True.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// startTime is when work on the batch began.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// completionTime is when the batch's bag was sealed.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`

	// metadata is the number of conversations whose recordings are known.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Metadata int32 `json:"metadata"`

	// progress is recordings exported / recordings to export, as far as they are known.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Progress string `json:"progress,omitempty"`

	// recordings counts the batch's recordings by what became of them.
	// +optional
	Recordings RecordingCounts `json:"recordings,omitempty"`

	// gaps is the number of recordings and conversations of the batch that could not be exported.
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +optional
	Gaps int64 `json:"gaps"`

	// bytes is the size of the stored recordings, in bytes.
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +optional
	Bytes int64 `json:"bytes"`

	// bag is the batch's sealed BagIt bag.
	// +optional
	Bag *BagStatus `json:"bag,omitempty"`

	// moved is the number of conversations that left the batch because their legal hold changed before transfer.
	// They are in another batch.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Moved int32 `json:"moved,omitempty"`

	// isolated counts items that left the batch because they could not be read, requested or received while others
	// could. They are in other batches, of the lane Isolated.
	// +optional
	Isolated LeftCounts `json:"isolated,omitempty"`

	// retentionChanged is the number of recordings for which a date other than the archive date differed after the operator
	// had Genesys Cloud restore them: the delete, export or exported date. The bag's data/retention.csv lists them.
	// +kubebuilder:validation:Minimum=0
	// +optional
	RetentionChanged int32 `json:"retentionChanged,omitempty"`

	// bulkJob shows how the batch's recording bulk jobs are doing; absent unless spec.delivery.mode of the export is BulkJob.
	// +optional
	BulkJob *BulkJobStatus `json:"bulkJob,omitempty"`

	// retry shows how often the current step has failed and when the operator retries it.
	// +optional
	Retry *RetryStatus `json:"retry,omitempty"`

	// replaces counts items that were unavailable in an earlier batch and that this batch retried.
	// +optional
	Replaces ReplacedCounts `json:"replaces,omitempty"`

	// split is true if the batch is too large for one bag: two other batches have its halves, it has no bag.
	// +optional
	Split bool `json:"split,omitempty"`
}

// LeftCounts counts items that left a batch.
type LeftCounts struct {
	// conversations whose recordings are not known.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Conversations int32 `json:"conversations,omitempty"`

	// recordings of other conversations.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Recordings int32 `json:"recordings,omitempty"`
}

// RetryStatus describes the retries of a step that fails.
type RetryStatus struct {
	// step that is retried.
	// +kubebuilder:validation:Enum=Metadata;Restoration;BulkExport;Submission;Completion
	// +required
	Step BatchStep `json:"step"`

	// failures is how many attempts have failed since the manager started or the batch was resumed.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Failures int32 `json:"failures"`

	// used is how much of the export's retry.deadline is used up: the sum of the waits between failed attempts.
	// +optional
	Used metav1.Duration `json:"used,omitempty"`

	// nextAttemptTime is when the operator retries the step; absent while an attempt is running.
	// +optional
	NextAttemptTime *metav1.Time `json:"nextAttemptTime,omitempty"`
}

// BatchStep is a step in the life of a batch.
type BatchStep string

// The steps of a batch.
const (
	// StepMetadata fetches the metadata of the conversations.
	StepMetadata BatchStep = "Metadata"
	// StepRestoration has Genesys Cloud restore archived recordings.
	StepRestoration BatchStep = "Restoration"
	// StepBulkExport has recording bulk jobs export the recordings.
	StepBulkExport BatchStep = "BulkExport"
	// StepSubmission requests the recordings.
	StepSubmission BatchStep = "Submission"
	// StepCompletion downloads the recordings and seals the bag.
	StepCompletion BatchStep = "Completion"
)

// ReplacedCounts counts retried items.
type ReplacedCounts struct {
	// recordings that were unavailable.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Recordings int64 `json:"recordings,omitempty"`

	// conversations whose recordings could not be determined.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Conversations int64 `json:"conversations,omitempty"`
}

// BagStatus names a sealed bag.
type BagStatus struct {
	// path of the bag: a URL with s3://, or a directory relative to the manager's archive root.
	// +kubebuilder:validation:MaxLength=768
	// +required
	Path string `json:"path"`

	// digest is the SHA-256 of the bag's tagmanifest-sha256.txt, in hexadecimal.
	// +kubebuilder:validation:MaxLength=64
	// +required
	Digest string `json:"digest"`
}

// RecordingExportBatch is one slice of an export: the conversations of a lane that started in a part of its window.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=rexb,categories=genesys
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Lane",type=string,JSONPath=`.spec.lane`
// +kubebuilder:printcolumn:name="Exported",type=string,JSONPath=`.status.progress`
// +kubebuilder:printcolumn:name="Gaps",type=integer,JSONPath=`.status.gaps`
// +kubebuilder:printcolumn:name="Bytes",type=integer,JSONPath=`.status.bytes`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Queue",type=integer,priority=1,JSONPath=`.status.bulkJob.queuePosition`
// +kubebuilder:printcolumn:name="Job",type=string,priority=1,JSONPath=`.status.bulkJob.jobs[-1:].state`
// +kubebuilder:printcolumn:name="Start",type=string,priority=1,JSONPath=`.spec.window.start`
// +kubebuilder:printcolumn:name="End",type=string,priority=1,JSONPath=`.spec.window.end`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
type RecordingExportBatch struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the slice of the export.
	// +required
	Spec RecordingExportBatchSpec `json:"spec"`

	// status is the observed progress.
	// +kubebuilder:default={"observedGeneration":-1}
	// +optional
	Status RecordingExportBatchStatus `json:"status,omitempty"`
}

// RecordingExportBatchList is a list of batches.
// +kubebuilder:object:root=true
type RecordingExportBatchList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []RecordingExportBatch `json:"items"`
}

// IsFinished reports whether the batch is finished: its bag is sealed, or two other batches have its halves.
func (b *RecordingExportBatch) IsFinished() bool { return b.Status.Bag != nil || b.Status.Split }

// GetConditions returns the conditions of the status.
func (b *RecordingExportBatch) GetConditions() *[]metav1.Condition { return &b.Status.Conditions }
