package v1alpha1

// Condition types of every kind. They follow kstatus: Ready is always present.
// Reconciling and Stalled are present only while they are True, and never both.
const (
	// ConditionReady is True when the login to an organisation works, evidence can be
	// written to a destination, or an export or batch has ended.
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
	// ConditionBatchesCreated is True when the operator has created a batch for every slice.
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
	// ConditionBulkExported is True when its recording bulk jobs have ended and what they exported is found. It is present
	// only if the export's spec.delivery.mode is BulkJob.
	ConditionBulkExported = "BulkExported"
	// ConditionSubmitted is True when all its recordings have been requested.
	ConditionSubmitted = "Submitted"
	// ConditionCompleted is True when its bag is sealed.
	ConditionCompleted = "Completed"
)

// ConditionVerified of a destination is True when the last verification read everything stored there and
// found no faults. It is present only if spec.verifyEvery is set.
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
	// ReasonLoadingState: the operator is reading what the archive has of the export or batch.
	ReasonLoadingState = "LoadingState"
	// ReasonComplete: everything was exported.
	ReasonComplete = "Complete"
	// ReasonCompleteWithGaps: everything available was exported; the account lists the gaps.
	ReasonCompleteWithGaps = "CompleteWithGaps"
	// ReasonInternalError: an unexpected error; the operator retries.
	ReasonInternalError = "InternalError"
	// ReasonDeadlineExceeded: a result did not arrive in time; the operator keeps retrying and
	// continues by itself.
	ReasonDeadlineExceeded = "DeadlineExceeded"
	// ReasonSucceeded is the reason of a step condition that is True.
	ReasonSucceeded = "Succeeded"
)

// Reasons to do with Genesys Cloud.
const (
	// ReasonLoggedIn: the login of every OAuth client works.
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
	// ReasonThrottled: Genesys Cloud told the operator to wait.
	ReasonThrottled = "Throttled"
	// ReasonGenesysUnavailable: Genesys Cloud does not answer, or its answer cannot be used; the
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
	// ReasonNamespaceFull: the namespace uses its whole share of the archive volume (--max-bytes-per-namespace).
	ReasonNamespaceFull = "NamespaceFull"
	// ReasonDestinationUnavailable: the object store does not answer, or tells the operator to wait; the
	// operator retries.
	ReasonDestinationUnavailable = "DestinationUnavailable"
	// ReasonBucketNotFound: a bucket does not exist.
	ReasonBucketNotFound = "BucketNotFound"
	// ReasonObjectLockMissing: the bucket lacks the Object Lock that spec.s3.objectLock requires.
	ReasonObjectLockMissing = "ObjectLockMissing"
	// ReasonRetentionMismatch: the bucket's default retention differs from spec.s3.objectLock.
	ReasonRetentionMismatch = "RetentionMismatch"
	// ReasonWorkBucketLocked: objects in the bucket for working artifacts cannot be removed.
	ReasonWorkBucketLocked = "WorkBucketLocked"
	// ReasonBucketShared: a destination of another namespace has the same workBucket, or the same place in a bucket.
	ReasonBucketShared = "BucketShared"
	// ReasonSigningKeyNotFound: the Secret of the signing key does not exist, or lacks the key.
	ReasonSigningKeyNotFound = "SigningKeyNotFound"
	// ReasonSigningKeyInvalid: the signing key cannot be read, or is of another kind.
	ReasonSigningKeyInvalid = "SigningKeyInvalid"
	// ReasonPlatformKeyMissing: the manager was not started with a signing key of its own.
	ReasonPlatformKeyMissing = "PlatformKeyMissing"
	// ReasonSigningKeyChanged: another key signs than before, or no key signs any more.
	ReasonSigningKeyChanged = "SigningKeyChanged"
	// ReasonTimestampUnavailable: the time-stamping authority does not answer; the operator
	// retries.
	ReasonTimestampUnavailable = "TimestampUnavailable"
	// ReasonTimestampRefused: the time-stamping authority refuses to give a time-stamp.
	ReasonTimestampRefused = "TimestampRefused"
	// ReasonVerified: the last verification read everything and found no faults.
	ReasonVerified = "Verified"
	// ReasonReferencedNotRead: the last verification found no faults, but it did not read the recordings to which archives
	// of deleted exports refer.
	ReasonReferencedNotRead = "ReferencedNotRead"
	// ReasonVerifying: the first verification is running.
	ReasonVerifying = "Verifying"
	// ReasonNothingStored: the destination contains no evidence to verify.
	ReasonNothingStored = "NothingStored"
	// ReasonVerificationFailed: files at the destination differ from the sealed
	// ones, are missing, or were added.
	ReasonVerificationFailed = "VerificationFailed"
	// ReasonSealUnfinished: a seal stays unfinished because its export was deleted; everything else was verified.
	ReasonSealUnfinished = "SealUnfinished"
	// ReasonEvidenceUnreadable: the verification could not read everything, so it is incomplete.
	ReasonEvidenceUnreadable = "EvidenceUnreadable"
	// ReasonVersionsNotListed: the operator cannot list earlier versions of seals in a bucket.
	ReasonVersionsNotListed = "VersionsNotListed"
	// ReasonArchiveMismatch: the archive of this name belongs to another export.
	ReasonArchiveMismatch = "ArchiveMismatch"
	// ReasonArchiveOfAnotherCluster: the archive of this export belongs to another cluster.
	ReasonArchiveOfAnotherCluster = "ArchiveOfAnotherCluster"
	// ReasonArchiveCorrupt: a file of the archive differs from the one that the operator wrote.
	ReasonArchiveCorrupt = "ArchiveCorrupt"
	// ReasonArchiveNewer: a later release of the operator wrote the archive.
	ReasonArchiveNewer = "ArchiveNewer"
	// ReasonArtifactKeyUnknown: the archive was begun with an artifact key that the manager does not have.
	ReasonArtifactKeyUnknown = "ArtifactKeyUnknown"
	// ReasonContinuingWithoutKey: the operator continues the archive from its seals, without the artifact key that it was
	// begun with, as the export's annotation says.
	ReasonContinuingWithoutKey = "ContinuingWithoutKey"
)

// Reasons of an export.
const (
	// ReasonOrganizationNotFound: the object that organizationRef names does not exist.
	ReasonOrganizationNotFound = "OrganizationNotFound"
	// ReasonOrganizationNotReady: the organisation exists, but its login does not work.
	ReasonOrganizationNotReady = "OrganizationNotReady"
	// ReasonIntegrationNotReady: Genesys Cloud cannot export through the integration of spec.delivery.bulkJob.
	ReasonIntegrationNotReady = "IntegrationNotReady"
	// ReasonDestinationNotFound: the object that destinationRef names does not exist.
	ReasonDestinationNotFound = "DestinationNotFound"
	// ReasonDestinationNotReady: the destination exists, but cannot be written.
	ReasonDestinationNotReady = "DestinationNotReady"
	// ReasonAwaitingSettlement: the operator waits until the data of the next day have settled at Genesys Cloud.
	ReasonAwaitingSettlement = "AwaitingSettlement"
	// ReasonAnalyticsBehind: the analytics data of Genesys Cloud do not reach far enough yet. After a day the export is
	// Stalled; the operator keeps retrying.
	ReasonAnalyticsBehind = "AnalyticsBehind"
	// ReasonSurveying: the operator is listing the conversations of the window.
	ReasonSurveying = "Surveying"
	// ReasonSurveyFailed: three attempts in a row failed to list the conversations of a day. The operator makes three
	// more attempts after an hour, or at once on a retry request.
	ReasonSurveyFailed = "SurveyFailed"
	// ReasonEndingJobs: the operator is ending the export's analytics and recording bulk jobs at Genesys
	// Cloud.
	ReasonEndingJobs = "EndingJobs"
	// ReasonAwaitingConversationEnd: some conversations of the window have not ended yet.
	ReasonAwaitingConversationEnd = "AwaitingConversationEnd"
	// ReasonBatchesInProgress: some batches are not finished.
	ReasonBatchesInProgress = "BatchesInProgress"
	// ReasonBatchesStalled: all unfinished batches are stalled.
	ReasonBatchesStalled = "BatchesStalled"
	// ReasonTooManyBatchesStalled: so many batches are stalled that the operator starts no more.
	ReasonTooManyBatchesStalled = "TooManyBatchesStalled"
	// ReasonPlanning: the operator is planning batches for newly found conversations.
	ReasonPlanning = "Planning"
	// ReasonReviewing: the operator surveys days once more, and queries their legal holds once more, before
	// it seals them.
	ReasonReviewing = "Reviewing"
	// ReasonComparingSources: the operator compares the account with a second source before it seals it.
	ReasonComparingSources = "ComparingSources"
	// ReasonComparisonFailed: three attempts in a row failed to list the recordings that the organisation retains, for
	// the comparison with a second source. The operator makes three more attempts after an hour, or at once on a retry
	// request.
	ReasonComparisonFailed = "ComparisonFailed"
	// ReasonSealing: the operator is writing and sealing the account of the export.
	ReasonSealing = "Sealing"
	// ReasonCaughtUp: everything that has settled so far is sealed; the window has no end.
	ReasonCaughtUp = "CaughtUp"
	// ReasonCancelled: the export was cancelled.
	ReasonCancelled = "Cancelled"
	// ReasonAnalyticsJobLeft is the reason of an event: an export was deleted before its analytics jobs at Genesys Cloud
	// were ended.
	ReasonAnalyticsJobLeft = "AnalyticsJobLeft"
	// ReasonBulkJobLeft is the reason of an event: an export was deleted before its recording bulk jobs at Genesys Cloud
	// were ended.
	ReasonBulkJobLeft = "BulkJobLeft"
)

// Reasons of a batch.
const (
	// ReasonExportNotFound: the export of the batch no longer exists.
	ReasonExportNotFound = "ExportNotFound"
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
	// ReasonBulkExporting: a recording bulk job of Genesys Cloud is exporting the recordings, or the operator is looking for
	// them in the bucket.
	ReasonBulkExporting = "BulkExporting"
	// ReasonBulkJobQueued: the batch waits for its turn to create a recording bulk job: an organisation may have two at a
	// time.
	ReasonBulkJobQueued = "BulkJobQueued"
	// ReasonBulkJobMismatch: a recording bulk job found other recordings than the inventory lists, so the operator
	// cancels it. If it found more, the operator lists the conversations again and creates another job; otherwise it
	// downloads the recordings.
	ReasonBulkJobMismatch = "BulkJobMismatch"
	// ReasonSubmitting: the operator is requesting the recordings.
	ReasonSubmitting = "Submitting"
	// ReasonTransferring: the operator is downloading and storing the recordings.
	ReasonTransferring = "Transferring"
	// ReasonSplit: the batch was too large for one bag; two other batches have its halves.
	ReasonSplit = "Split"
	// ReasonRecordingsPending: the operator requests recordings again that did not arrive.
	ReasonRecordingsPending = "RecordingsPending"
	// ReasonRetentionChanged is the reason of an event: during restoration a date other than the archive date changed.
	ReasonRetentionChanged = "RetentionChanged"
)

// Reasons of a trigger.
const (
	// ReasonReceiving: the receiver accepts events for the trigger.
	ReasonReceiving = "Receiving"
	// ReasonReceiverDisabled: the manager was started without --events-bind-address.
	ReasonReceiverDisabled = "ReceiverDisabled"
	// ReasonSecretInvalid: a signing secret is too short or too long.
	ReasonSecretInvalid = "SecretInvalid"
	// ReasonTemplateRefused: the API server accepts no export with the trigger's template.
	ReasonTemplateRefused = "TemplateRefused"
)
