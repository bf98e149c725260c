// Package controllers contains the five controllers of the operator. Each has a
// package of its own; they meet through the API server alone.
//
// # What each kind goes through
//
//	GenesysOrganization    log in    -> LoggedIn, ClientInactive (Ready)
//	                                 -> SecretNotFound, CredentialsRejected, OrganizationMismatch … (Stalled)
//	ExportDestination      probe     -> Writable (Ready)
//	                                 -> DestinationFull, DestinationNotWritable (Stalled)
//	                       verify    -> from time to time, what is stored: Verified, or VerificationFailed
//	RecordingExport        claim     -> the archive is its own; if not: ArchiveMismatch, or it belongs to another cluster:
//	                                    ArchiveOfAnotherCluster (Stalled), until it is taken over;
//	                                    or its artifacts name a lost key: ArtifactKeyUnknown (Stalled),
//	                                    until it is continued from its seals
//	                       survey    -> each day asked for; AwaitingSettlement, AwaitingConversationEnd
//	                       batches   -> created as lanes have room, counted when finished (sealed or split), old ones deleted;
//	                                    what they lead to is planned: moved conversations, halves,
//	                                    isolated conversations and recordings
//	                       seal      -> days surveyed once more (Reviewing), their account sealed (Sealing)
//	                                 -> Complete or CompleteWithGaps (Ready), or CaughtUp (Ready), and it continues
//	                       retry     -> what was unavailable asked for again, a further seal
//	                       cancel    -> Cancelled (Stalled), until a retry
//	RecordingExportBatch   metadata  -> an inventory of its recordings, legal holds queried again; MetadataRetrying
//	                                 -> Split (Ready) if it is too large: two others have its halves
//	                       restore   -> in the lane Isolated: archived recordings restored, RestoringArchived
//	                       submit    -> recordings requested
//	                       complete  -> recordings stored, RecordingsPending; bag sealed (Ready)
//
// # What happens to a bad item
//
// A conversation or recording that keeps failing while others succeed leaves its
// batch, which continues without it, and is given a batch of its own in the lane
// Isolated:
//
//	batch of another lane              plan                       batch of the lane Isolated
//	fails three times    (Gates.IsBad)
//	noted as isolated -> bag sealed -> entry Isolated, slices -> retried for retry.deadline
//	                                                             -> exported, or a gap with its last error
//
// If most items fail, the service is bad, and nothing is isolated
// (docs/adr/0022). Only waits between failed attempts use up retry.deadline, and
// of those only the waits after Genesys Cloud failed to give the item
// (docs/adr/0023).
//
// # How they work
//
// A Reconcile reads facts: what the archive contains and what the API server says.
// It never decides by conditions that it set itself. Its steps run in a fixed
// order that one function lists; each is satisfied, waiting or stalled (package
// outcome). Then the conditions are computed in one place, with most of the status, and the
// status is written once.
//
// Slow work is done by pools (package transfer), outside Reconcile. It leaves
// artifacts (package artifacts) and wakes the reconciler, which finds them. So a
// process may end at any point and another one continues: what an artifact
// records is not requested again. The artifacts of a batch are read by pools, too,
// because their number grows with the batch.
//
// Each controller declares the calls to Genesys Cloud that it makes (its interface
// Cloud); package operator gives it a client that makes them. So no controller
// depends on the SDK, which takes minutes to compile.
package controllers
