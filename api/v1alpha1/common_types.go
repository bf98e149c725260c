package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

const (
	// LabelExport is set on each batch to the name of its export.
	LabelExport = "recording.gcexport.dev/export"
	// LabelLane is set on each batch to its lane, in lower case.
	LabelLane = "recording.gcexport.dev/lane"
	// LabelTrigger is set on each export that a trigger created to the trigger's name.
	LabelTrigger = "recording.gcexport.dev/trigger"
	// AnnotationTriggerRevision on such an export is the UID and the generation of the trigger that created it. Events join
	// the export only while the trigger has both.
	AnnotationTriggerRevision = "recording.gcexport.dev/trigger-revision"
	// AnnotationCollectsUntil on such an export is when it starts (RFC 3339). Until then further events join it, and it is
	// suspended. The operator removes the annotation when it starts the export.
	AnnotationCollectsUntil = "recording.gcexport.dev/collects-until"
	// AnnotationEvents on such an export are the events that led to it, each a line: the event's key, when it was signed
	// in seconds since 1970, and which conversation it names, counted from 0.
	AnnotationEvents = "recording.gcexport.dev/events"
	// AnnotationRetry on an export retries everything that is stalled or waiting and, after sealing, everything that was
	// unavailable. On a destination with spec.verifyEvery it starts a verification now. Each new value is one
	// request (see status.lastRetryRequest); the usual value is the time in RFC 3339.
	AnnotationRetry = "recording.gcexport.dev/retry-requested-at"
	// AnnotationCancel on an export cancels it. Each new value is one request (see status.lastCancelRequest). A later
	// retry resumes the export.
	AnnotationCancel = "recording.gcexport.dev/cancel-requested-at"
	// AnnotationTakeOver on an export lets this cluster take over the export's archive from another cluster. Its
	// value is the id of the other cluster, which the message of ArchiveOfAnotherCluster contains. Each value allows
	// one take-over.
	AnnotationTakeOver = "recording.gcexport.dev/take-over-archive"
	// AnnotationContinueWithoutKey on an export lets the operator continue its archive without the archive's first
	// artifact key. Its value is the id of that key. Everything that seals list stays, and the operator
	// requests everything else again.
	AnnotationContinueWithoutKey = "recording.gcexport.dev/continue-without-artifact-key"
	// AnnotationConfirmSigningKey on a destination confirms that the key that signs was changed on purpose. Its value
	// names one change, as in the message of SigningKeyChanged: the id of the new key or "none", an @, and the time
	// at which the operator noticed the change. It confirms only that change and removes the condition.
	AnnotationConfirmSigningKey = "recording.gcexport.dev/confirm-signing-key"
	// Finalizer is on an export while one of its analytics or recording bulk jobs may be running at Genesys Cloud. The
	// operator cancels these jobs when the export is deleted.
	Finalizer = "recording.gcexport.dev/analytics-job"
)

// LocalReference names an object in the same namespace.
type LocalReference struct {
	// name of the object: lower-case letters, digits, hyphens and dots, 1 to 253 long.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`
	// +required
	Name string `json:"name"`
}

// Medium is the kind of a recording.
// +kubebuilder:validation:Enum=Call;Screen;Chat;Email;Message
type Medium string

// The media that can be exported.
const (
	MediumCall    Medium = "Call"
	MediumScreen  Medium = "Screen"
	MediumChat    Medium = "Chat"
	MediumEmail   Medium = "Email"
	MediumMessage Medium = "Message"
)

// Lane separates recordings that must not delay each other.
// +kubebuilder:validation:Enum=Standard;LegalHold;LegalHoldScreen;Isolated
type Lane string

// The lanes.
const (
	// LaneStandard exports every requested medium of conversations that are not under legal hold.
	LaneStandard Lane = "Standard"
	// LaneLegalHold exports every requested medium except screen of conversations under legal hold.
	LaneLegalHold Lane = "LegalHold"
	// LaneLegalHoldScreen exports the screen recordings of conversations under legal hold.
	LaneLegalHoldScreen Lane = "LegalHoldScreen"
	// LaneIsolated retries conversations and recordings that left a batch of another lane because they failed while
	// others succeeded. No other lane waits for it.
	LaneIsolated Lane = "Isolated"
)

// Window is a half-open interval of time: it includes start and excludes end. It lies between 2000-01-01 and
// 2100-01-01.
// +kubebuilder:validation:XValidation:rule="self.start >= timestamp('2000-01-01T00:00:00Z')",message="window.start must not be before 2000-01-01: Genesys Cloud did not exist",fieldPath=".start"
// +kubebuilder:validation:XValidation:rule="self.end <= timestamp('2100-01-01T00:00:00Z')",message="window.end must not be after 2100-01-01",fieldPath=".end"
// +kubebuilder:validation:XValidation:rule="self.start < self.end",message="window.end must be after window.start",fieldPath=".end"
// +kubebuilder:validation:XValidation:rule="self.end <= self.start + duration('43848h')",message="the window must not be wider than 5 years: use several exports",fieldPath=".end"
// +kubebuilder:validation:XValidation:rule="self.start.getMilliseconds() == 0",message="window.start must be a whole second",fieldPath=".start"
// +kubebuilder:validation:XValidation:rule="self.end.getMilliseconds() == 0",message="window.end must be a whole second",fieldPath=".end"
type Window struct {
	// start of the window (RFC 3339). A conversation that starts at this instant belongs to it.
	// +required
	Start metav1.Time `json:"start"`

	// end of the window (RFC 3339). A conversation that starts at this instant does not belong to it.
	// +required
	End metav1.Time `json:"end"`
}

// ExportWindow is a half-open interval of time, without an end if end is omitted. It lies between 2000-01-01 and
// 2100-01-01.
// +kubebuilder:validation:XValidation:rule="self.start >= timestamp('2000-01-01T00:00:00Z')",message="window.start must not be before 2000-01-01: Genesys Cloud did not exist",fieldPath=".start"
// +kubebuilder:validation:XValidation:rule="self.start < timestamp('2100-01-01T00:00:00Z')",message="window.start must be before 2100-01-01",fieldPath=".start"
// +kubebuilder:validation:XValidation:rule="!has(self.end) || self.end <= timestamp('2100-01-01T00:00:00Z')",message="window.end must not be after 2100-01-01",fieldPath=".end"
// +kubebuilder:validation:XValidation:rule="!has(self.end) || self.start < self.end",message="window.end must be after window.start",fieldPath=".end"
// +kubebuilder:validation:XValidation:rule="!has(self.end) || self.end <= self.start + duration('43848h')",message="the window must not be wider than 5 years: use several exports",fieldPath=".end"
// +kubebuilder:validation:XValidation:rule="self.start.getMilliseconds() == 0",message="window.start must be a whole second",fieldPath=".start"
// +kubebuilder:validation:XValidation:rule="!has(self.end) || self.end.getMilliseconds() == 0",message="window.end must be a whole second",fieldPath=".end"
type ExportWindow struct {
	// start of the window (RFC 3339), a whole second from 2000-01-01 on: Genesys Cloud did not exist before. A
	// conversation that starts at this instant belongs to it. Cannot be changed.
	// +required
	Start metav1.Time `json:"start"`

	// end of the window (RFC 3339), a whole second, at most 5 years after start and not after 2100-01-01. A
	// conversation that starts at this instant does not belong to it. If omitted, the export runs continuously: each
	// day is exported once its data has settled. It can be set once, which ends the export.
	// +optional
	End *metav1.Time `json:"end,omitempty"`
}

// RecordingCounts counts recordings by what became of them.
type RecordingCounts struct {
	// total is the number of recordings to export: exported, unavailable, or still to come.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Total int64 `json:"total"`

	// exported is the number of recordings stored at the destination.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Exported int64 `json:"exported"`

	// excluded is the number of recordings left out because mediaTypes does not include their medium.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Excluded int64 `json:"excluded"`

	// unavailable is the number of recordings that could not be exported; the evidence lists each with its reason.
	// +kubebuilder:validation:Minimum=0
	// +optional
	Unavailable int64 `json:"unavailable"`
}
