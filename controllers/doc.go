// Package controllers is where the four controllers of the operator are. Each
// has a package of its own; they meet through the API server alone.
//
// # What each kind goes through
//
//	GenesysOrganization    look in   -> LoggedIn, ClientInactive (Ready)
//	                                 -> SecretNotFound, CredentialsRejected, OrganizationMismatch … (Stalled)
//	ExportDestination      probe     -> Writable (Ready)
//	                                 -> DestinationFull, DestinationNotWritable (Stalled)
//	                       verify    -> what is stored, when it is due: Verified, or VerificationFailed
//	RecordingExport        claim     -> its archive is its own, or ArchiveMismatch, or of another cluster:
//	                                    ArchiveOfAnotherCluster (Stalled), until it is taken over;
//	                                    or its artifacts name a lost key: ArtifactKeyUnknown (Stalled),
//	                                    until it is continued from its seals
//	                       survey    -> each day asked for; AwaitingSettlement, AwaitingConversationEnd
//	                       batches   -> created as lanes have room, counted when sealed, old ones deleted;
//	                                    what they lead to is planned: moved conversations, halves,
//	                                    isolated conversations and recordings
//	                       close     -> days surveyed once more (Reviewing), their account sealed (Sealing)
//	                                 -> Complete or CompleteWithGaps (Ready), or CaughtUp (Ready) and on
//	                       retry     -> what was unavailable asked for again, a further seal
//	                       cancel    -> Cancelled (Stalled), until a retry
//	RecordingExportBatch   metadata  -> an inventory of its recordings, holds asked for again; MetadataRetrying
//	                                 -> Split (Ready) if it is too large: two others hold its halves
//	                       restore   -> in the lane Isolated: archived recordings restored, RestoringArchived
//	                       submit    -> recordings requested
//	                       complete  -> recordings stored, RecordingsPending; bag sealed (Ready)
//
// # What happens to a bad item
//
// A conversation or recording that keeps failing while others succeed leaves its
// batch, which continues without it, and comes in a batch of the lane Isolated:
//
//	batch of another lane              plan                       batch of the lane Isolated
//	fails three times    (Gates.IsBad)
//	noted as isolated -> bag sealed -> entry Isolated, slices -> retried for retry.deadline
//	                                                             -> exported, or a gap with its last error
//
// If most items fail, the service is bad, and nothing is isolated
// (docs/adr/0022). What uses up retry.deadline are the waits between failed
// attempts alone (docs/adr/0023).
//
// # How they work
//
// A Reconcile looks at facts: what the archive holds and what the API server
// says. It never looks at conditions that it set itself. Its steps run in the
// order of a slice literal, each satisfied, waiting or stalled (package
// outcome); then the whole status is computed in one place and written once.
//
// What takes long is done by pools (package transfer), outside Reconcile. It
// leaves artifacts (package artifacts) and wakes the reconciler, which finds
// them. So a process may end anywhere and another one continues: what is an artifact is
// not asked for again. The artifacts of a batch are read by pools, too, because
// their number grows with the batch.
//
// What a controller needs of Genesys Cloud it declares itself, verb by verb;
// package operator gives it the client. So no controller depends on the SDK,
// which takes minutes to compile.
package controllers
