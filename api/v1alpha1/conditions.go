package v1alpha1

// Condition types of every kind. They follow kstatus: Ready is always there;
// Reconciling and Stalled are there only while they are True, and never both.
const (
	// ConditionReady is True when the object is what its spec asks for: an
	// organisation can be asked, a destination written, an export or batch has ended.
	ConditionReady = "Ready"
	// ConditionReconciling is True while work goes on.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is True when a person has to mend something; the message says what.
	ConditionStalled = "Stalled"
)

// Condition types of an export: what has been reached. Unknown before their turn.
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

// Condition types of a batch: what has been reached. Unknown before their turn.
const (
	// ConditionMetadataFetched is True when the recordings of all its conversations are known.
	ConditionMetadataFetched = "MetadataFetched"
	// ConditionSubmitted is True when all its recordings have been requested.
	ConditionSubmitted = "Submitted"
	// ConditionCompleted is True when its bag is sealed.
	ConditionCompleted = "Completed"
)

// ConditionVerified of a destination is True when the last verification read everything that is stored there and
// found no fault. Only there if the spec asks for verifications.
const ConditionVerified = "Verified"

// ConditionSigningKeyChanged of a destination is there, and True, from when another key signs than before until a
// person confirms it.
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
	// ReasonInternalError: something failed that should not; it is tried again.
	ReasonInternalError = "InternalError"
	// ReasonDeadlineExceeded: what was waited for did not come in time; it goes on as soon as it can.
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
	// ReasonNoActiveClient: the organisation can be asked, but not by all of its OAuth clients.
	ReasonNoActiveClient = "NoActiveClient"
	// ReasonThrottled: Genesys Cloud said to wait.
	ReasonThrottled = "Throttled"
	// ReasonGenesysUnavailable: Genesys Cloud does not answer, or not as it should; it is asked again.
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
	// ReasonDestinationFull: there is no room left.
	ReasonDestinationFull = "DestinationFull"
	// ReasonNamespaceFull: the namespace takes as much of the shared archive volume as the manager lets it.
	ReasonNamespaceFull = "NamespaceFull"
	// ReasonDestinationUnavailable: the object store does not answer, or says to wait; it is asked again.
	ReasonDestinationUnavailable = "DestinationUnavailable"
	// ReasonBucketNotFound: a bucket does not exist.
	ReasonBucketNotFound = "BucketNotFound"
	// ReasonObjectLockMissing: the bucket lacks the Object Lock that is demanded.
	ReasonObjectLockMissing = "ObjectLockMissing"
	// ReasonRetentionMismatch: the bucket's default retention is not the one that is demanded.
	ReasonRetentionMismatch = "RetentionMismatch"
	// ReasonWorkBucketLocked: what is in the bucket for working artifacts cannot be removed.
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
	// ReasonTimestampUnavailable: the time-stamping authority does not answer; it is asked again.
	ReasonTimestampUnavailable = "TimestampUnavailable"
	// ReasonTimestampRefused: the time-stamping authority gives no time-stamp.
	ReasonTimestampRefused = "TimestampRefused"
	// ReasonVerified: everything that is stored was read, and nothing is wrong.
	ReasonVerified = "Verified"
	// ReasonVerifying: the first verification is running.
	ReasonVerifying = "Verifying"
	// ReasonNothingStored: there was no evidence to verify.
	ReasonNothingStored = "NothingStored"
	// ReasonVerificationFailed: what is stored is not what was sealed.
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
	// ReasonArchiveCorrupt: what the archive holds is not what was stored there.
	ReasonArchiveCorrupt = "ArchiveCorrupt"
	// ReasonArchiveNewer: a later release of the operator wrote the archive.
	ReasonArchiveNewer = "ArchiveNewer"
	// ReasonArtifactKeyUnknown: the archive's artifacts name another artifact key than the manager has, or it has none.
	ReasonArtifactKeyUnknown = "ArtifactKeyUnknown"
)

// Reasons of an export.
const (
	// ReasonOrganizationNotFound: organizationRef names nothing.
	ReasonOrganizationNotFound = "OrganizationNotFound"
	// ReasonOrganizationNotReady: the organisation is there but cannot be asked.
	ReasonOrganizationNotReady = "OrganizationNotReady"
	// ReasonDestinationNotFound: destinationRef names nothing.
	ReasonDestinationNotFound = "DestinationNotFound"
	// ReasonDestinationNotReady: the destination is there but cannot be written.
	ReasonDestinationNotReady = "DestinationNotReady"
	// ReasonAwaitingSettlement: the window's end, or Genesys Cloud's own data, is not old enough yet.
	ReasonAwaitingSettlement = "AwaitingSettlement"
	// ReasonSurveying: the conversations of the window are being asked for.
	ReasonSurveying = "Surveying"
	// ReasonSurveyFailed: three attempts in a row failed to list the conversations of a day, or the recordings that the
	// organisation retains. There is another three after an hour, or at once on a retry request.
	ReasonSurveyFailed = "SurveyFailed"
	// ReasonAwaitingConversationEnd: conversations of the window have not ended yet.
	ReasonAwaitingConversationEnd = "AwaitingConversationEnd"
	// ReasonBatchesInProgress: some batches are not done.
	ReasonBatchesInProgress = "BatchesInProgress"
	// ReasonBatchesStalled: nothing but stalled batches is left.
	ReasonBatchesStalled = "BatchesStalled"
	// ReasonTooManyBatchesStalled: so many batches are stalled that no more are started.
	ReasonTooManyBatchesStalled = "TooManyBatchesStalled"
	// ReasonPlanning: slices are being made of what became known.
	ReasonPlanning = "Planning"
	// ReasonReviewing: days are surveyed again, and their legal holds asked for again, before they are sealed.
	ReasonReviewing = "Reviewing"
	// ReasonComparingSources: the account is compared with a second source before it is sealed.
	ReasonComparingSources = "ComparingSources"
	// ReasonSealing: the account of the export is being written.
	ReasonSealing = "Sealing"
	// ReasonCaughtUp: everything that has settled so far is sealed; the window has no end.
	ReasonCaughtUp = "CaughtUp"
	// ReasonCancelled: the export was cancelled.
	ReasonCancelled = "Cancelled"
)

// Reasons of a batch.
const (
	// ReasonExportNotFound: the export that the batch is a part of is gone.
	ReasonExportNotFound = "ExportNotFound"
	// ReasonFetchingMetadata: the recordings of the conversations are being asked for.
	ReasonFetchingMetadata = "FetchingMetadata"
	// ReasonMetadataRetrying: conversations whose metadata timed out are asked again, last.
	ReasonMetadataRetrying = "MetadataRetrying"
	// ReasonRecordingsNotReady: recordings are still being uploaded or restored; they are looked at again.
	ReasonRecordingsNotReady = "RecordingsNotReady"
	// ReasonRestoringArchived: archived recordings are on their way back.
	ReasonRestoringArchived = "RestoringArchived"
	// ReasonSubmitting: the recordings are being requested.
	ReasonSubmitting = "Submitting"
	// ReasonTransferring: the recordings are being fetched and stored.
	ReasonTransferring = "Transferring"
	// ReasonSplit: the batch is too large for one bag, and two others hold its halves.
	ReasonSplit = "Split"
	// ReasonRecordingsPending: recordings that did not arrive are requested again.
	ReasonRecordingsPending = "RecordingsPending"
	// ReasonRetentionChanged, of an event: while recordings were restored, another date than the archive date changed.
	ReasonRetentionChanged = "RetentionChanged"
)
