package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RecordingExportStatus is the observed progress of an export.
type RecordingExportStatus struct {
	// observedGeneration is the generation of the spec that this status describes; -1 before the first reconcile.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions: Surveyed, BatchesCreated, BatchesCompleted, Sealed, and Ready, which is True once the export has
	// ended (reason Complete or CompleteWithGaps), or has caught up if its window has no end (CaughtUp). Reconciling and Stalled are present only while True.
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// startTime is when work on the export began.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// completionTime is when the export was sealed.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`

	// archive is the location of the evidence: a URL with s3://, or a directory relative to the manager's archive root.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Archive string `json:"archive,omitempty"`

	// artifactKey is the id of the artifact key with which the operator last authenticated the archive. If the archive
	// names another key afterwards, somebody changed it.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	ArtifactKey string `json:"artifactKey,omitempty"`

	// survey counts the conversations that the surveys found in the window.
	// +optional
	Survey SurveyStatus `json:"survey,omitempty"`

	// scope describes what spec.scope limits the export to. It is absent if the export includes all conversations of its
	// window.
	// +optional
	Scope *ScopeStatus `json:"scope,omitempty"`

	// batches counts the batches of the export.
	// +optional
	Batches BatchCounts `json:"batches,omitempty"`

	// lanes counts the contents of finished batches by lane.
	// +listType=map
	// +listMapKey=lane
	// +kubebuilder:validation:MaxItems=4
	// +optional
	Lanes []LaneStatus `json:"lanes,omitempty"`

	// progress is recordings exported / recordings to export, as far as they are known.
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Progress string `json:"progress,omitempty"`

	// recordings counts recordings by what became of them, in finished and running batches.
	// +optional
	Recordings RecordingCounts `json:"recordings,omitempty"`

	// gaps is the number of recordings and conversations that could not be exported; the evidence lists each with its reason.
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +optional
	Gaps int64 `json:"gaps"`

	// isolated counts the items that keep failing while others succeed.
	// +kubebuilder:default={items: 0}
	// +optional
	Isolated IsolatedStatus `json:"isolated,omitempty"`

	// bytes is the size of all stored recordings, in bytes.
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +optional
	Bytes int64 `json:"bytes"`

	// seal is the newest seal over the export's evidence.
	// +optional
	Seal *SealStatus `json:"seal,omitempty"`

	// lastRetryRequest is the value of the annotation retry-requested-at that was handled last.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	LastRetryRequest string `json:"lastRetryRequest,omitempty"`

	// lastCancelRequest is the value of the annotation cancel-requested-at that was handled last.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	LastCancelRequest string `json:"lastCancelRequest,omitempty"`

	// cancelled is true if the export was cancelled and not resumed by a retry.
	// +optional
	Cancelled bool `json:"cancelled,omitempty"`
}

// SurveyStatus counts the conversations that the surveys found in the window.
type SurveyStatus struct {
	// days is the number of UTC days that the window touches. If it has no end, only days that have settled count.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Days int32 `json:"days,omitempty"`

	// daysSurveyed is how many of them have been surveyed.
	// +kubebuilder:validation:Minimum=0
	// +optional
	DaysSurveyed int32 `json:"daysSurveyed"`

	// conversations is the number of conversations that started in the surveyed part of the window.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Conversations int64 `json:"conversations"`

	// held is how many of them are under legal hold.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Held int64 `json:"held"`

	// excluded is how many of them are left out because of legalHold.scope or scope.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Excluded int64 `json:"excluded"`

	// deferred is how many of them have not ended yet; the operator checks them again later.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Deferred int64 `json:"deferred"`

	// unavailable is how many of them cannot be exported: they did not end in time, or their id is not a UUID.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Unavailable int64 `json:"unavailable"`
}

// BatchCounts counts batches.
type BatchCounts struct {
	// planned is the number of batches in the plan so far.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Planned int32 `json:"planned"`

	// completed is the number of batches that are finished and counted.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Completed int32 `json:"completed"`

	// stalled is the number of batches that are Stalled: a person has to fix something.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Stalled int32 `json:"stalled"`
}

// LaneStatus counts the contents of a lane's finished batches.
type LaneStatus struct {
	// lane that is counted.
	// +required
	Lane Lane `json:"lane"`

	// batches is the number of finished batches.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Batches int32 `json:"batches"`

	// completedOrdinals are the numbers of the lane's batches that are finished and counted, for example 0-41,43.
	// +kubebuilder:validation:MaxLength=4096
	// +optional
	CompletedOrdinals string `json:"completedOrdinals,omitempty"`

	// recordings by what became of them.
	// +optional
	Recordings RecordingCounts `json:"recordings,omitempty"`

	// gaps is the number of recordings and conversations that could not be exported.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Gaps int64 `json:"gaps"`

	// bytes is the size of the stored recordings, in bytes.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Bytes int64 `json:"bytes"`
}

// IsolatedStatus counts items that left their batches because they could not be read, requested or received while
// others could. Each conversation has a batch of its own in the lane Isolated, which is retried until
// retry.deadline.
type IsolatedStatus struct {
	// items is the number of isolated conversations and recordings that are not finished.
	// +kubebuilder:default=0
	// +kubebuilder:validation:Minimum=0
	// +optional
	Items int64 `json:"items"`

	// conversations among them: those whose recordings are not known.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Conversations int64 `json:"conversations,omitempty"`

	// recordings among them.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Recordings int64 `json:"recordings,omitempty"`

	// oldestTime is when the oldest of them was isolated.
	// +optional
	OldestTime *metav1.Time `json:"oldestTime,omitempty"`

	// nextAttemptTime is when the operator next retries one of them; absent while an attempt is running.
	// +optional
	NextAttemptTime *metav1.Time `json:"nextAttemptTime,omitempty"`

	// retriesEndTime is when the operator stops retrying the last of them that is being processed, if it keeps failing
	// and nothing pauses the export. The account then lists it as unavailable.
	// +optional
	RetriesEndTime *metav1.Time `json:"retriesEndTime,omitempty"`
}

// SealStatus names a seal.
type SealStatus struct {
	// number of the seal: its directory in the archive is seals/<number>. Each seal names the seal before it.
	// +kubebuilder:validation:Minimum=1
	// +required
	Number int32 `json:"number"`

	// until is the end of the part of the window that the seals cover so far.
	// +optional
	Until *metav1.Time `json:"until,omitempty"`

	// digest is the SHA-256 of the seal's manifest-sha256.txt, in hexadecimal.
	// +kubebuilder:validation:MaxLength=64
	// +required
	Digest string `json:"digest"`

	// secondSource counts the differences from the second source, if spec.secondSource names one.
	// +optional
	SecondSource *SecondSourceStatus `json:"secondSource,omitempty"`
}

// SecondSourceStatus counts the differences between the account and the second source, and the recordings that are
// attached to no conversation, in all seals so far. The second-source.csv and orphans.csv of the seals list them.
type SecondSourceStatus struct {
	// notInAccount is how many recordings the second source lists that the account does not have.
	// +kubebuilder:validation:Minimum=0
	// +optional
	NotInAccount int64 `json:"notInAccount"`

	// notInSecondSource is how many exported recordings the second source does not list.
	// +kubebuilder:validation:Minimum=0
	// +optional
	NotInSecondSource int64 `json:"notInSecondSource"`

	// orphans is how many recordings of the organisation are attached to no conversation and were created in the part of
	// the window that is sealed. They are not exported, and no other number includes them.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Orphans int64 `json:"orphans,omitempty"`

	// orphansNotListed is why the operator could not list recordings that are attached to no conversation for the last
	// seal, for example because the permission recording:orphan:view is missing. Absent if it listed them.
	// +kubebuilder:validation:MaxLength=512
	// +optional
	OrphansNotListed string `json:"orphansNotListed,omitempty"`
}
