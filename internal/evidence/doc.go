// Package evidence is what proves an export: inventories, BagIt bags, custody
// logs, accounts and seals.
//
// It is pure: it reads file systems (io/fs) and writes to writers that it is
// given, and knows neither Kubernetes nor where evidence is stored.
//
// A batch's evidence is one BagIt bag (RFC 8493):
//
//	data/recordings/<conversation>/<recording>/<nn>.<ext>   the recordings
//	data/metadata/<conversation>.json     what Genesys Cloud said of them, byte for byte
//	data/metadata/<conversation>.restored.json  and once archived recordings of it were back
//	data/conversations.csv                one line for each conversation of the slice
//	data/index.csv                        one line for each recording: what became of it, and why
//	data/files.csv                        one line for each file: size, SHA-256, times
//	data/retention.csv                    one line for each recording that was asked to be restored, with its
//	                                      dates before and afterwards; only there if any was
//	data/references.csv                   one line for each file that is outside the archive: where, and how it is
//	                                      encrypted; only there if any is
//	custody/events.jsonl                  what happened, each line with the digest of the one before
//	custody/manifest-sha256.txt.sig       if the bag is signed: an ECDSA signature over the manifest,
//	custody/attestation.sigstore.json     a statement over manifest, bag-info.txt and events.jsonl,
//	custody/signer.pub custody/VERIFY.txt the key that both are by, how to verify them
//	custody/manifest-sha256.txt.tsr       and, from an authority, when the manifest was there
//	fetch.txt                             location, size and path of the files that are outside the archive
//	bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt
//	bagit.txt                             written last: without it there is no bag
//
// An export's seal is the account over all of its bags (see Seal), and a report
// of it for people, if the caller gives a function that writes one. Its signatures are
// beside its manifest, which comes last, and not in it.
//
// Every recording has one disposition: Exported, Excluded for a stated reason,
// or Unavailable for a stated reason. There is no fourth, and none is silent.
package evidence
