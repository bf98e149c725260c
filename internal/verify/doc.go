// Package verify judges an export's archive by its bytes alone: no cluster, no
// Genesys Cloud, nothing that the exporter remembers.
//
// It reads every file once, at the speed of the disk, and compares what it found
// with every place of the archive that speaks of it:
//
//	places       there is nothing that nobody lists, nothing listed is missing, no link, no name that another system folds
//	digests      manifests, files.csv, custody logs and seals agree with the bytes
//	chains       each line of a custody log contains the digest of the one before, each seal that of the former
//	tables       what a seal lists of its bags is what the bags list
//	restorations what is listed of restored recordings and their dates is what the custody log tells
//	isolation    what left a bag is in one bag of the lane Isolated, and nothing else is
//	dispositions what became of everything can follow from metadata, terms, answers and logs
//	stories      each thing has its events in a custody log, each event its thing, in the order of time
//	repetitions  failures, load files, coverage, certification and report are what follows from the account
//	account      the numbers of every seal are those of the lines up to it
//	coverage     every day that a seal covers was surveyed
//	identity     the archive is the one of the export whose it has to be
//	signatures   they fit the bytes and, if keys are given, they are by these keys
//
// It reads strictly: what a manifest does not list has to follow, to the byte, from what
// one does (docs/adr/0027). It never opens what is not a file, and bounds everything that
// it reads. Of package evidence it takes the words, never a number: whatever that package
// would have computed is computed here from what is stored. docs/adr/0028 says what a
// verification proves, and what it does not.
package verify
