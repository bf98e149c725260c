package v1alpha1

// Condition types of every kind. They follow kstatus: Ready is always there;
// Reconciling and Stalled are there only while they are True, and never both.
const (
	// ConditionReady is True when the object is as its spec asks: the login to an
	// organisation works, a destination can be written, an export or batch has ended.
	ConditionReady = "Ready"
	// ConditionReconciling is True while the operator works on the object.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when a person has to fix something; the message says what.
	ConditionStalled = "Stalled"
)

// Condition types of an export, one for each step: True once the step has
// succeeded, Unknown before it starts.
const (
	// ConditionSurveyed is True when all conversations of the window are known.
	ConditionSurveyed = "Surveyed"
	// ConditionBatchesCreated is True when every slice has, or had, its batch.
	ConditionBatchesCreated = "BatchesCreated"
	// ConditionBatchesCompleted is True when every batch is finished and counted.
	ConditionBatchesCompleted = "BatchesCompleted"
	// ConditionSealed is True when the account of the whole export is sealed.
	ConditionSealed = "Sealed"
)

// Condition types of a batch, one for each step: True once the step has
// succeeded, Unknown before it starts.
const (
	// ConditionMetadataFetched is True when the recordings of all its conversations are known.
	ConditionMetadataFetched = "MetadataFetched"
	// ConditionSubmitted is True when all its recordings have been requested.
	ConditionSubmitted = "Submitted"
	// ConditionCompleted is True when its bag is sealed.
	ConditionCompleted = "Completed"
)

// ConditionVerified of a destination is True when the last verification read everything that is stored there and
// found no fault. It is present only if spec.verifyEvery is set.
const ConditionVerified = "Verified"

// ConditionSigningKeyChanged of a destination is present, and True, after its signing key has changed, until a
// person confirms the change.
const ConditionSigningKeyChanged = "SigningKeyChanged"

// Reasons of any kind.
const (
	// ReasonPending: waiting for the previous step.
	ReasonPending = "Pending"
	// ReasonSuspended: spec.suspend is true.
	ReasonSuspended = "Suspended"
	// ReasonComplete: everything was exported.
	ReasonComplete = "Complete"
	// ReasonCompleteWithGaps: everything available was exported; the rest is listed.
	ReasonCompleteWithGaps = "CompleteWithGaps"
	// ReasonInternalError: something failed that should not fail; the operator retries.
	ReasonInternalError = "InternalError"
	// ReasonDeadlineExceeded: a result did not arrive in time; the operator keeps retrying and
	// continues by itself.
	ReasonDeadlineExceeded = "DeadlineExceeded"
	// ReasonSucceeded is the reason of a step condition that is True.
	ReasonSucceeded = "Succeeded"
)

// Reasons to do with Genesys Cloud.
const (
	// ReasonLoggedIn: the login works, of all OAuth clients if there are several.
	ReasonLoggedIn = "LoggedIn"
	// ReasonSecretNotFound: the Secret of the credentials does not exist.
	ReasonSecretNotFound = "SecretNotFound"
	// ReasonSecretIncomplete: the Secret lacks clientId or clientSecret.
	ReasonSecretIncomplete = "SecretIncomplete"
	// ReasonSecretAccessDenied: the namespace does not let the manager read the Secret, or create it.
	ReasonSecretAccessDenied = "SecretAccessDenied"
	// ReasonSecretTypeRefused: the Secret is of another type than Opaque, such as a ServiceAccount's token.
	ReasonSecretTypeRefused = "SecretTypeRefused"
	// ReasonCredentialsRejected: Genesys Cloud refuses the login.
	ReasonCredentialsRejected = "CredentialsRejected"
	// ReasonPermissionMissing: the OAuth client's roles lack a permission.
	ReasonPermissionMissing = "PermissionMissing"
	// ReasonEndpointNotAllowed: the manager was not started with this endpoint's host.
	ReasonEndpointNotAllowed = "EndpointNotAllowed"
	// ReasonOrganizationMismatch: the login belongs to another organisation than before, or than the other OAuth clients.
	ReasonOrganizationMismatch = "OrganizationMismatch"
	// ReasonClientInactive: the login of one of several OAuth clients does not work; the others do its work.
	ReasonClientInactive = "ClientInactive"
	// ReasonThrottled: Genesys Cloud said to wait.
	ReasonThrottled = "Throttled"
	// ReasonGenesysUnavailable: Genesys Cloud does not answer, or answers with something else; the
	// operator retries.
	ReasonGenesysUnavailable = "GenesysUnavailable"
	// ReasonRequestRefused: Genesys Cloud refuses a request as it stands.
	ReasonRequestRefused = "RequestRefused"
)

// Reasons to do with the destination.
const (
	// ReasonWritable: evidence can be written.
	ReasonWritable = "Writable"
	// ReasonDestinationNotWritable: evidence cannot be written.
	ReasonDestinationNotWritable = "DestinationNotWritable"
	// ReasonDestinationFull: the destination has no space left.
	ReasonDestinationFull = "DestinationFull"
	// ReasonNamespaceFull: the namespace takes as much of the shared archive volume as the manager lets it.
	ReasonNamespaceFull = "NamespaceFull"
	// ReasonDestinationUnavailable: the object store does not answer, or says to wait; the operator
	// retries.
	ReasonDestinationUnavailable = "DestinationUnavailable"
	// ReasonBucketNotFound: a bucket does not exist.
	ReasonBucketNotFound = "BucketNotFound"
	// ReasonObjectLockMissing: the bucket lacks the Object Lock that is demanded.
	ReasonObjectLockMissing = "ObjectLockMissing"
	// ReasonRetentionMismatch: the bucket's default retention is not the one that is demanded.
	ReasonRetentionMismatch = "RetentionMismatch"
	// ReasonWorkBucketLocked: objects in the bucket for working artifacts cannot be removed.
	ReasonWorkBucketLocked = "WorkBucketLocked"
	// ReasonBucketShared: a destination of another namespace has the same workBucket, or the same place in a bucket.
	ReasonBucketShared = "BucketShared"
	// ReasonSigningKeyNotFound: the Secret of the signing key does not exist, or lacks it.
	ReasonSigningKeyNotFound = "SigningKeyNotFound"
	// ReasonSigningKeyInvalid: the signing key cannot be read, or is of another kind.
	ReasonSigningKeyInvalid = "SigningKeyInvalid"
	// ReasonPlatformKeyMissing: the manager was not started with a signing key of its own.
	ReasonPlatformKeyMissing = "PlatformKeyMissing"
	// ReasonSigningKeyChanged: another key signs than before, or none any more.
	ReasonSigningKeyChanged = "SigningKeyChanged"
	// ReasonTimestampUnavailable: the time-stamping authority does not answer; the operator
	// retries.
	ReasonTimestampUnavailable = "TimestampUnavailable"
	// ReasonTimestampRefused: the time-stamping authority gives no time-stamp.
	ReasonTimestampRefused = "TimestampRefused"
	// ReasonVerified: everything that is stored was read, and nothing is wrong.
	ReasonVerified = "Verified"
	// ReasonVerifying: the first verification is running.
	ReasonVerifying = "Verifying"
	// ReasonNothingStored: there was no evidence to verify.
	ReasonNothingStored = "NothingStored"
	// ReasonVerificationFailed: files at the destination differ from the sealed
	// ones, are missing, or were added.
	ReasonVerificationFailed = "VerificationFailed"
	// ReasonSealUnfinished: a seal was begun that nobody finishes, because its export was deleted; all else was verified.
	ReasonSealUnfinished = "SealUnfinished"
	// ReasonEvidenceUnreadable: not everything could be read, so that not everything is verified.
	ReasonEvidenceUnreadable = "EvidenceUnreadable"
	// ReasonVersionsNotListed: earlier versions of seals in a bucket cannot be listed.
	ReasonVersionsNotListed = "VersionsNotListed"
	// ReasonArchiveMismatch: the archive of this name belongs to another export.
	ReasonArchiveMismatch = "ArchiveMismatch"
	// ReasonArchiveOfAnotherCluster: the archive is this export's, and belongs to another cluster.
	ReasonArchiveOfAnotherCluster = "ArchiveOfAnotherCluster"
	// ReasonArchiveCorrupt: a file of the archive is not the one that the operator stored there.
	ReasonArchiveCorrupt = "ArchiveCorrupt"
	// ReasonArchiveNewer: a later release of the operator wrote the archive.
	ReasonArchiveNewer = "ArchiveNewer"
	// ReasonArtifactKeyUnknown: the archive's artifacts name another artifact key than the manager has, or it has none.
	ReasonArtifactKeyUnknown = "ArtifactKeyUnknown"
)

// Reasons of an export.
const (
	// ReasonOrganizationNotFound: the object that organizationRef names does not exist.
	ReasonOrganizationNotFound = "OrganizationNotFound"
	// ReasonOrganizationNotReady: the organisation exists, but its login does not work.
	ReasonOrganizationNotReady = "OrganizationNotReady"
	// ReasonDestinationNotFound: the object that destinationRef names does not exist.
	ReasonDestinationNotFound = "DestinationNotFound"
	// ReasonDestinationNotReady: the destination exists, but cannot be written.
	ReasonDestinationNotReady = "DestinationNotReady"
	// ReasonAwaitingSettlement: the window's end, or Genesys Cloud's own data, is not old enough yet.
	ReasonAwaitingSettlement = "AwaitingSettlement"
	// ReasonSurveying: the operator is listing the conversations of the window.
	ReasonSurveying = "Surveying"
	// ReasonSurveyFailed: three attempts in a row failed to list the conversations of a day, or the recordings that the
	// organisation retains. The operator makes three more attempts after an hour, or at once on a retry request.
	ReasonSurveyFailed = "SurveyFailed"
	// ReasonAwaitingConversationEnd: conversations of the window have not ended yet.
	ReasonAwaitingConversationEnd = "AwaitingConversationEnd"
	// ReasonBatchesInProgress: some batches are not done.
	ReasonBatchesInProgress = "BatchesInProgress"
	// ReasonBatchesStalled: nothing but stalled batches is left.
	ReasonBatchesStalled = "BatchesStalled"
	// ReasonTooManyBatchesStalled: so many batches are stalled that no more are started.
	ReasonTooManyBatchesStalled = "TooManyBatchesStalled"
	// ReasonPlanning: the operator is planning batches for newly found conversations.
	ReasonPlanning = "Planning"
	// ReasonReviewing: the operator surveys days once more, and queries their legal holds once more, before
	// it seals them.
	ReasonReviewing = "Reviewing"
	// ReasonComparingSources: the account is compared with a second source before it is sealed.
	ReasonComparingSources = "ComparingSources"
	// ReasonSealing: the operator is writing and sealing the account of the export.
	ReasonSealing = "Sealing"
	// ReasonCaughtUp: everything that has settled so far is sealed; the window has no end.
	ReasonCaughtUp = "CaughtUp"
	// ReasonCancelled: the export was cancelled.
	ReasonCancelled = "Cancelled"
)

// Reasons of a batch.
const (
	// ReasonExportNotFound: the export that the batch belongs to does not exist any more.
	ReasonExportNotFound = "ExportNotFound"
	// ReasonLoadingState: the operator begins with a new batch, and reads what the archive has about it.
	ReasonLoadingState = "LoadingState"
	// ReasonFetchingMetadata: the operator is listing the recordings of the conversations.
	ReasonFetchingMetadata = "FetchingMetadata"
	// ReasonMetadataRetrying: the operator retries conversations whose metadata timed out,
	// after all others.
	ReasonMetadataRetrying = "MetadataRetrying"
	// ReasonRecordingsNotReady: Genesys Cloud is still uploading or restoring recordings; the operator
	// checks them again.
	ReasonRecordingsNotReady = "RecordingsNotReady"
	// ReasonRestoringArchived: Genesys Cloud is restoring archived recordings.
	ReasonRestoringArchived = "RestoringArchived"
	// ReasonSubmitting: the operator is requesting the recordings.
	ReasonSubmitting = "Submitting"
	// ReasonTransferring: the operator is downloading and storing the recordings.
	ReasonTransferring = "Transferring"
	// ReasonSplit: the batch was too large for one bag; two other batches have its halves.
	ReasonSplit = "Split"
	// ReasonRecordingsPending: the operator requests recordings again that did not arrive.
	ReasonRecordingsPending = "RecordingsPending"
	// ReasonRetentionChanged, of an event: while recordings were restored, another date than the archive date changed.
	ReasonRetentionChanged = "RetentionChanged"
)
