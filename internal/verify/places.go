package verify

import (
	"errors"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// instructions says how to verify a bag or a seal with other programs.
const instructions = "VERIFY.txt"

// The files of a seal beside its manifest and its signature: those that each seal
// must have, and those that it may have. Nothing else belongs there, even if the
// manifest lists it.
var (
	neededInSeal = []string{
		evidence.AccountFile, bagDigests, bagTable, conversations, recordings, sealLog, coverageTable, "failures.csv", "certification.txt", instructions,
	}
	allowedInSeal = append([]string{
		"report.html", orphanTable, retentionTable, "second-source.csv", "loadfile.csv", "loadfile.dat", evidence.ArtifactsFile,
	}, neededInSeal...)
)

// allowedInBag are the files of a bag that are not payload, its tag manifest aside.
var allowedInBag = func() []string {
	files := []string{evidence.BagDeclaration, bagInfo, payloadManifest, bagLog, evidence.FetchList, custodyFolder + "/" + instructions}
	for _, name := range signatureFiles {
		files = append(files, custodyFolder+"/"+name)
	}
	return files
}()

// payloadTables are the tables of a bag.
var payloadTables = []string{evidence.ConversationsTable, evidence.IndexTable, evidence.FilesTable, evidence.RetentionTable, evidence.ReferencesTable}

// checkSealPlaces checks that a seal's manifest lists what a seal contains, and no
// other file.
func (v *verifier) checkSealPlaces(s *seal, listed map[string]string, whole bool) {
	for _, name := range neededInSeal {
		if _, ok := listed[name]; !ok && whole {
			v.fault(Malformed, s.sealPath(payloadManifest), "does not list %s", name)
		}
	}
	for name := range listed {
		if !slices.Contains(allowedInSeal, name) {
			v.fault(Planted, s.sealPath(name), "is not a file of a seal")
		}
	}
}

// readArtifacts reads which artifacts a seal lists, if it lists any. What they contain is
// not judged: they are not evidence.
func (v *verifier) readArtifacts(s *seal) {
	at := s.sealPath(evidence.ArtifactsFile)
	if _, there := s.found[evidence.ArtifactsFile]; !there {
		return
	}
	file, err := v.open(at)
	if err != nil {
		v.reportUnreadable(at, err)
		return
	}
	defer func() { _ = file.Close() }()
	s.artifacts, err = evidence.ReadArtifacts(file)
	switch {
	case errors.Is(err, evidence.ErrCorrupt):
		v.fault(Malformed, at, "is not in the form that the exporter writes: %v", err)
	case err != nil:
		v.reportUnreadable(at, err)
	case len(s.artifacts) == 0:
		v.fault(Malformed, at, "is empty: the exporter does not write it for a seal without artifacts")
	}
}

// checkPlaces checks that a bag contains nothing that no bag has, even if its
// manifests list it.
func (v *verifier) checkPlaces(b *bag, listed map[string]string) {
	for name := range listed {
		switch {
		case slices.Contains(payloadTables, name), slices.Contains(allowedInBag, name):
		case recordingPath.MatchString(name), metadataPath.MatchString(name):
		default:
			v.fault(Planted, b.bagPath(name), "is not a file of a bag of recordings")
		}
	}
}
