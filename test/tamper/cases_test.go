package tamper

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// The places that are tampered with.
const (
	standard  = "bags/" + specimen.Standard
	legalHold = "bags/" + specimen.LegalHold
	retry     = "bags/" + specimen.Retry

	conversation1 = "00000000-0000-4000-8000-000000000001"
	recording11   = "00000000-0000-4000-8000-000000000011"
	recording13   = "00000000-0000-4000-8000-000000000013"
	recording21   = "00000000-0000-4000-8000-000000000021"

	first     = "/data/recordings/" + conversation1 + "/" + recording11 + "/01.wav"
	second    = "/data/recordings/" + conversation1 + "/" + recording11 + "/02.wav"
	held      = "/data/recordings/00000000-0000-4000-8000-000000000002/" + recording21 + "/01.wav"
	metadata1 = "/data/metadata/" + conversation1 + ".json"
)

// archive is a specimen, with what a tamperer does to it.
type archive struct {
	*specimen.Archive
	// thief has a key of his own.
	thief *specimen.Signer
}

// tampering is one way to tamper, and what must be found.
type tampering struct {
	name string
	do   func(a archive)
	kind verify.Kind
	// path and says are in the finding.
	path, says string
	// knowsSeal: it shows only to who knows the last seal from elsewhere.
	knowsSeal bool
	// running tells that the export is said to run, and as is whose archive it is said
	// to be, empty for nobody's.
	running bool
	// refers tells that it is done to an archive that refers to files in a bucket.
	refers bool
	as     string
}

func (a archive) rename(from, to string) {
	a.Helper()
	if err := os.Rename(a.Path(from), a.Path(to)); err != nil {
		a.Fatal(err)
	}
}

func (a archive) link(to, name string) {
	a.Helper()
	if err := os.Symlink(to, a.Path(name)); err != nil {
		a.Fatal(err)
	}
}

func (a archive) swap(one, other string) {
	a.rename(one, "swap")
	a.rename(other, one)
	a.rename("swap", other)
}

func (a archive) copy(from, to string) {
	a.Helper()
	if err := os.CopyFS(a.Path(to), os.DirFS(a.Path(from))); err != nil {
		a.Fatal(err)
	}
}

func (a archive) add(name, content string) {
	a.Helper()
	a.Write(name, append(a.Read(name), content...))
}

// lines changes the lines of a file.
func (a archive) lines(name string, change func(lines []string) []string) {
	a.Helper()
	lines := strings.SplitAfter(string(a.Read(name)), "\n")
	a.Write(name, []byte(strings.Join(change(lines), "")))
}

// without removes the lines that contain a text.
func (a archive) without(name, text string) {
	a.Helper()
	a.lines(name, func(lines []string) []string { return leaveOut(lines, text) })
}

func leaveOut(lines []string, text string) []string {
	var kept []string
	for _, line := range lines {
		if !strings.Contains(line, text) {
			kept = append(kept, line)
		}
	}
	return kept
}

// exchange puts the second line in the place of the first.
func exchange(lines []string) []string {
	lines[0], lines[1] = lines[1], lines[0]
	return lines
}

// unsign takes every signature away, and what speaks of it, and makes all fit.
func (a archive) unsign() {
	for seal, bags := range specimen.Bags() {
		for _, bag := range bags {
			for _, name := range []string{"manifest-sha256.txt.sig", "attestation.sigstore.json", "signer.pub"} {
				a.Remove("bags/" + bag + "/custody/" + name)
			}
			a.without("bags/"+bag+"/bag-info.txt", "Signing-Key")
		}
		folder := fmt.Sprintf("seals/%d/", seal)
		for _, name := range []string{"manifest-sha256.txt.sig", "attestation.sigstore.json", "signer.pub"} {
			a.Remove(folder + name)
		}
		a.Replace(folder+"account.json", fmt.Sprintf("  \"signingKey\": %q,\n", a.Signer.ID()), "")
	}
	a.Signer = nil
	a.forgeAll()
}

// forgeAll makes everything fit again.
func (a archive) forgeAll() {
	for seal, bags := range specimen.Bags() {
		for _, bag := range bags {
			a.Forge(bag, seal)
		}
	}
}

// resign signs everything with the key of the thief.
func (a archive) resign() {
	old := a.Signer.ID()
	a.Signer = a.thief
	for seal, bags := range specimen.Bags() {
		a.Replace(fmt.Sprintf("seals/%d/account.json", seal), old, a.thief.ID())
		for _, bag := range bags {
			a.Replace("bags/"+bag+"/bag-info.txt", old, a.thief.ID())
		}
	}
	a.forgeAll()
}

// plain are tamperings of who can write to the archive, and knows no more.
func plain() []tampering {
	return []tampering{
		{name: "flip a byte of a recording", do: func(a archive) { a.Replace(standard+first, "r", "R") }, kind: verify.Altered, path: standard + first, says: "was changed"},
		{name: "cut a recording short", do: func(a archive) { a.Write(standard+first, a.Read(standard + first)[:5]) }, kind: verify.Altered, path: standard + first, says: "its 5 bytes have"},
		{name: "add data to a recording", do: func(a archive) { a.add(standard+first, "\x00") }, kind: verify.Altered, path: standard + first, says: "was changed"},
		{name: "empty a recording", do: func(a archive) { a.Write(standard+first, nil) }, kind: verify.Altered, path: standard + first, says: "its 0 bytes have"},
		{name: "delete a recording", do: func(a archive) { a.Remove(standard + first) }, kind: verify.Missing, path: standard + first, says: "manifest-sha256.txt lists it"},
		{name: "swap two files of a recording", do: func(a archive) { a.swap(standard+first, standard+second) }, kind: verify.Altered, path: standard + first, says: "these are the bytes of " + second[1:]},
		{name: "swap recordings of two bags", do: func(a archive) { a.swap(standard+first, legalHold+held) }, kind: verify.Altered, path: legalHold + held, says: "was changed"},
		{name: "plant a recording", do: func(a archive) { a.Write(standard+strings.Replace(first, "01.wav", "03.wav", 1), []byte("x")) }, kind: verify.Planted, path: "03.wav", says: "not listed"},
		{name: "plant a copy of a recording", do: func(a archive) {
			a.Write(standard+strings.Replace(first, "01.wav", "03.wav", 1), a.Read(standard+first))
		}, kind: verify.Planted, path: "03.wav", says: "it has the bytes of " + first[1:]},
		{name: "plant a file in a bag's custody folder", do: func(a archive) { a.Write(standard+"/custody/note.txt", nil) }, kind: verify.Planted, path: "note.txt", says: "tagmanifest-sha256.txt"},
		{name: "plant a file in a seal", do: func(a archive) { a.Write("seals/1/errata.txt", nil) }, kind: verify.Planted, path: "seals/1/errata.txt", says: "not listed"},
		{name: "plant a file beside the bags", do: func(a archive) { a.Write("bags/note.txt", nil) }, kind: verify.Planted, path: "bags/note.txt", says: "does not belong"},
		{name: "plant a file beside the seals", do: func(a archive) { a.Write("seals/latest", nil) }, kind: verify.Planted, path: "seals/latest", says: "does not belong"},
		{name: "plant a file in the root", do: func(a archive) { a.Write("README.txt", nil) }, kind: verify.Planted, path: "README.txt", says: "does not belong in an archive"},
		{name: "plant a bag", do: func(a archive) { a.copy(standard, "bags/case-1-more") }, kind: verify.Unsealed, path: "bags/case-1-more", says: "in no seal"},
		{name: "plant a seal of another name", do: func(a archive) { a.copy("seals/1", "seals/01") }, kind: verify.Planted, path: "seals/01", says: "is not a seal"},
		{name: "rename a recording", do: func(a archive) {
			a.rename(standard+first, standard+strings.Replace(first, "01.wav", "07.wav", 1))
		}, kind: verify.Planted, path: "07.wav", says: "it has the bytes of " + first[1:]},
		{name: "rename a bag", do: func(a archive) { a.rename(legalHold, "bags/case-1-legalhold") }, kind: verify.Contradiction, path: "bags/case-1-legalhold/bag-info.txt", says: "its folder is"},
		{name: "rename a recording by case", do: func(a archive) {
			a.rename(standard+first, standard+strings.Replace(first, "01.wav", "01.WAV", 1))
		}, kind: verify.Missing, path: standard + first, says: "differs in upper and lower case only"},
		{name: "plant a name that differs by case", do: func(a archive) {
			a.Write(standard+strings.Replace(first, "01.wav", "01.WAV", 1), a.Read(standard+first))
		}, kind: verify.Name, path: standard + first, says: "in upper and lower case only"},
		{name: "plant a name of two lines", do: func(a archive) { a.Write(standard+"/data/a\nb", nil) }, kind: verify.Name, path: standard, says: "characters other than letters"},
		{name: "put a link in the place of a recording", do: func(a archive) {
			a.rename(standard+first, "../elsewhere.wav")
			a.link(a.Path("../elsewhere.wav"), standard+first)
		}, kind: verify.Irregular, path: standard + first, says: "symbolic link"},
		{name: "put a link in the place of a bag", do: func(a archive) {
			a.rename(standard, "../elsewhere")
			a.link(a.Path("../elsewhere"), standard)
		}, kind: verify.Irregular, path: standard, says: "symbolic link"},
		{name: "put a link in the place of all bags", do: func(a archive) {
			a.rename("bags", "../elsewhere")
			a.link(a.Path("../elsewhere"), "bags")
		}, kind: verify.Irregular, path: "bags", says: "symbolic link"},
		{name: "change metadata", do: func(a archive) { a.Replace(standard+metadata1, "Chat", "Call") }, kind: verify.Altered, path: standard + metadata1, says: "was changed"},
		{name: "delete metadata", do: func(a archive) { a.Remove(standard + metadata1) }, kind: verify.Missing, path: standard + metadata1, says: "is missing"},
		{name: "change line ends of a table", do: func(a archive) {
			a.Write(standard+"/data/files.csv", []byte(strings.ReplaceAll(string(a.Read(standard+"/data/files.csv")), "\n", "\r\n")))
		}, kind: verify.Altered, path: standard + "/data/files.csv", says: "was changed"},
		{name: "change a disposition", do: func(a archive) { a.Replace(standard+"/data/index.csv", "Unavailable", "Excluded") }, kind: verify.Contradiction, path: "seals/1/recordings.csv", says: `states disposition "Unavailable" for recording_id ` + recording13},
		{name: "change a disposition in a seal", do: func(a archive) { a.Replace("seals/1/recordings.csv", "Unavailable", "Excluded") }, kind: verify.Contradiction, path: "seals/1/recordings.csv", says: `states disposition "Excluded" for recording_id ` + recording13},
		{name: "change bag-info.txt", do: func(a archive) { a.Replace(standard+"/bag-info.txt", "Lane: Standard", "Lane: LegalHold") }, kind: verify.Altered, path: standard + "/bag-info.txt", says: "was changed"},
		{name: "delete bagit.txt", do: func(a archive) { a.Remove(standard + "/bagit.txt") }, kind: verify.Missing, path: standard + "/bagit.txt", says: "is missing"},
		{name: "reorder lines of a custody log", do: func(a archive) { a.lines(standard+"/custody/events.jsonl", exchange) }, kind: verify.LogChain, path: standard + "/custody/events.jsonl", says: "line 1 does not contain the digest"},
		{name: "change a line of a custody log", do: func(a archive) { a.Replace("seals/1/events.jsonl", "specimen", "somebody") }, kind: verify.LogChain, path: "seals/1/events.jsonl", says: "line 2 does not contain the digest"},
		{name: "change the certification", do: func(a archive) { a.Replace("seals/2/certification.txt", "true", "nice") }, kind: verify.Altered, path: "seals/2/certification.txt", says: "was changed"},
		{name: "change the report", do: func(a archive) {
			a.Replace("seals/1/report.html", `<strong id="gaps"><data value="3">3</data>`, `<strong id="gaps"><data value="0">0</data>`)
		}, kind: verify.Altered, path: "seals/1/report.html", says: "was changed"},
		{name: "delete the report", do: func(a archive) { a.Remove("seals/2/report.html") }, kind: verify.Missing, path: "seals/2/report.html", says: "manifest-sha256.txt lists it"},
		{name: "swap the reports of two seals", do: func(a archive) { a.swap("seals/1/report.html", "seals/2/report.html") }, kind: verify.Altered, path: "seals/1/report.html", says: "was changed"},
		{name: "change the instructions", do: func(a archive) { a.add(standard+"/custody/VERIFY.txt", "or do not\n") }, kind: verify.Altered, path: "VERIFY.txt", says: "was changed"},
		{name: "change the account", do: func(a archive) { a.Replace("seals/1/account.json", `"gaps": 3`, `"gaps": 0`) }, kind: verify.Account, path: "seals/1/account.json", says: "states 0 gaps, but the bags and seals contain 3"},
		{name: "drop the bag of an isolated recording", do: func(a archive) { a.Remove(ones) }, kind: verify.Coverage, path: standard + "/data/index.csv", says: recording62 + " is isolated, but no bag of lane Isolated accounts for it"},
		{name: "hide that a conversation was isolated", do: func(a archive) { a.Replace(standard+"/data/conversations.csv", "MovedToIsolated", "MovedToHold") }, kind: verify.Contradiction, path: isolated + "/data/conversations.csv", says: "but no bag states that it was isolated"},
		{name: "call an isolated recording left out", do: func(a archive) { a.Replace(standard+"/data/index.csv", "MovedToIsolated", "HoldScope") }, kind: verify.Contradiction, path: standard + "/data/index.csv", says: "Excluded, but the bag contains 1 file of it"},
		{name: "drop a bag", do: func(a archive) { a.Remove(legalHold) }, kind: verify.Missing, path: legalHold, says: "seal 1 contains this bag"},
		{name: "drop the last seal", do: func(a archive) { a.Remove("seals/2") }, kind: verify.Unsealed, path: retry, says: "in no seal"},
		{name: "drop the first seal", do: func(a archive) { a.Remove("seals/1") }, kind: verify.SealChain, path: "seals/1", says: "is missing, though there is a seal 2"},
		{name: "drop all seals", do: func(a archive) { a.Remove("seals") }, kind: verify.Unsealed, path: "seals", says: "there is no seal"},
		{name: "drop the last seal and its bag", do: func(a archive) { a.Remove("seals/2"); a.Remove(retry) }, kind: verify.SealChain, path: "seals/1", says: "later seals were removed", knowsSeal: true},
		{name: "replay the first seal as the second", do: func(a archive) { a.Remove("seals/2"); a.copy("seals/1", "seals/2") }, kind: verify.SealChain, path: "seals/2/account.json", says: "is the account of seal 1, but is stored as seal 2"},
		{name: "swap the seals", do: func(a archive) { a.swap("seals/1", "seals/2") }, kind: verify.SealChain, path: "seals/1/account.json", says: "is the account of seal 2"},
		{name: "empty a manifest", do: func(a archive) { a.Write("seals/1/manifest-sha256.txt", nil) }, kind: verify.Malformed, path: "seals/1/manifest-sha256.txt", says: "does not list account.json"},
		{name: "drop a line of a manifest", do: func(a archive) { a.without(standard+"/manifest-sha256.txt", first[1:]) }, kind: verify.Planted, path: standard + first, says: "not listed"},
		{name: "list a file twice", do: func(a archive) {
			a.lines(standard+"/manifest-sha256.txt", func(lines []string) []string { return append([]string{lines[0]}, lines...) })
		}, kind: verify.Malformed, path: standard + "/manifest-sha256.txt", says: "a second time"},
		{name: "list a file outside", do: func(a archive) {
			a.Write("../secret", nil)
			a.add(standard+"/manifest-sha256.txt", specimen.Sum(nil)+"  ../../../secret\n")
		}, kind: verify.Malformed, path: standard + "/manifest-sha256.txt", says: "does not belong in this manifest"},
		{name: "add data to a manifest", do: func(a archive) { a.add("seals/1/manifest-sha256.txt", "# checked\n") }, kind: verify.Malformed, path: "seals/1/manifest-sha256.txt", says: "is not a SHA-256"},
		{name: "add data to the list of bags", do: func(a archive) { a.add("seals/1/bags-sha256.txt", "# checked") }, kind: verify.Malformed, path: "seals/1/bags-sha256.txt", says: "is cut off"},
		{name: "name another export", do: func(a archive) { a.Replace("export.json", "case-1", "case-2") }, kind: verify.Contradiction, path: "seals/1/account.json", says: "of another export than export.json"},
		{name: "widen what was asked for", do: func(a archive) { a.Replace("export.json", `"holdScope":"Include"`, `"holdScope":"Only"`) }, kind: verify.Altered, path: "export.json", says: "contains a spec with SHA-256"},
		{name: "delete export.json", do: func(a archive) { a.Remove("export.json") }, kind: verify.Missing, path: "export.json", says: "is missing"},
		{name: "delete a signature", do: func(a archive) { a.Remove("seals/2/manifest-sha256.txt.sig") }, kind: verify.Unsigned, path: "seals/2/manifest-sha256.txt.sig", says: "is missing"},
		{name: "delete an attestation", do: func(a archive) { a.Remove("seals/2/attestation.sigstore.json") }, kind: verify.Unsigned, path: "attestation.sigstore.json", says: "is missing"},
		{name: "delete all of a seal's signature", do: func(a archive) {
			for _, name := range []string{"manifest-sha256.txt.sig", "attestation.sigstore.json", "signer.pub"} {
				a.Remove("seals/1/" + name)
			}
		}, kind: verify.Unsigned, path: "seals/1/manifest-sha256.txt.sig", says: "account.json states that seal 1 is signed"},
		{name: "swap the signatures of two seals", do: func(a archive) {
			a.swap("seals/1/manifest-sha256.txt.sig", "seals/2/manifest-sha256.txt.sig")
		}, kind: verify.Signature, path: "seals/1/manifest-sha256.txt.sig", says: "does not fit"},
		{name: "swap the attestations of two seals", do: func(a archive) {
			a.swap("seals/1/attestation.sigstore.json", "seals/2/attestation.sigstore.json")
		}, kind: verify.Signature, path: "seals/1/attestation.sigstore.json", says: "has the subject manifest-sha256.txt with SHA-256"},
		{name: "put another public key in", do: func(a archive) { a.Write("seals/1/signer.pub", a.thief.Public()) }, kind: verify.UntrustedKey, path: "seals/1/signer.pub", says: "not one of the given keys"},
	}
}

// stolen are tamperings that make everything fit again, with a key of their own or none.
func stolen() []tampering {
	return []tampering{
		{name: "sign everything with another key", do: archive.resign, kind: verify.UntrustedKey, path: "seals/2/signer.pub", says: "not one of the given keys"},
		{name: "take every signature away", do: archive.unsign, kind: verify.Unsigned, path: "seals/1", says: "not signed with any of the given keys"},
		{name: "change a recording, sign with another key", do: func(a archive) {
			a.Replace(standard+first, "r", "R")
			a.resign()
		}, kind: verify.UntrustedKey, path: standard + "/custody/signer.pub", says: "not one of the given keys"},
		{name: "sign one bag with another key", do: func(a archive) {
			mine := a.Signer
			a.Replace(standard+"/bag-info.txt", mine.ID(), a.thief.ID())
			a.Signer = a.thief
			a.Rebag(specimen.Standard)
			a.Signer = mine
		}, kind: verify.Altered, path: standard + "/tagmanifest-sha256.txt", says: "was changed after seal 1 was made"},
		{name: "change a recording, and its manifests", do: func(a archive) {
			a.Replace(standard+first, "r", "R")
			a.Signer = nil
			a.Rebag(specimen.Standard)
		}, kind: verify.Signature, path: standard + "/custody/manifest-sha256.txt.sig", says: "does not fit"},
		{name: "change an account, and its manifest", do: func(a archive) {
			a.Replace("seals/2/account.json", "legal", "other")
			a.Signer = nil
			a.Reseal(2)
		}, kind: verify.Signature, path: "seals/2/manifest-sha256.txt.sig", says: "does not fit"},
		{name: "attest something else", do: func(a archive) {
			a.Write("seals/1/attestation.sigstore.json", a.thief.SealBundle(1, specimen.NewSubject("manifest-sha256.txt", specimen.Sum(a.Read("seals/1/manifest-sha256.txt")))))
		}, kind: verify.Signature, path: "seals/1/attestation.sigstore.json", says: "names key"},
	}
}

// insiders have the key, and make everything above what they change fit again.
func insiders() []tampering {
	const index, log = standard + "/data/index.csv", standard + "/custody/events.jsonl"
	return []tampering{
		{name: "change a recording", do: func(a archive) { a.Replace(standard+first, "r", "R"); a.Forge(specimen.Standard, 1) }, kind: verify.Altered, path: standard + first, says: "files.csv lists it"},
		{name: "delete a recording", do: func(a archive) { a.Remove(standard + first); a.Forge(specimen.Standard, 1) }, kind: verify.Missing, path: standard + first, says: "files.csv lists it"},
		{name: "delete a recording and its line", do: func(a archive) {
			a.Remove(standard + first)
			a.without(standard+"/data/files.csv", first[1:])
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: log, says: "files.csv does not list it"},
		{name: "plant a recording", do: func(a archive) {
			a.Write(standard+strings.Replace(first, "01.wav", "03.wav", 1), nil)
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Planted, path: "03.wav", says: "not listed in " + standard + "/data/files.csv"},
		{name: "plant something in the payload", do: func(a archive) { a.Write(standard+"/data/run.sh", nil); a.Forge(specimen.Standard, 1) }, kind: verify.Planted, path: "data/run.sh", says: "not a file of a bag of recordings"},
		{name: "call an exported recording excluded", do: func(a archive) {
			a.Replace(index, "Exported,", "Excluded,MediumNotRequested")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "Excluded, but the bag contains 2 files"},
		{name: "call an unavailable recording exported", do: func(a archive) {
			a.Replace(index, "Unavailable,FileError", "Exported,")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "there is no file of it"},
		{name: "give no reason", do: func(a archive) {
			a.Replace(index, "Unavailable,FileError", "Unavailable,")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "but gives no reason"},
		{name: "make up a disposition", do: func(a archive) {
			a.Replace(index, "Unavailable,FileError", "Lost,FileError")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Malformed, path: index, says: "which is not a disposition"},
		{name: "drop a recording from the index", do: func(a archive) {
			a.without(index, recording13)
			a.without("seals/1/recordings.csv", recording13)
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Coverage, path: "seals", says: "Genesys Cloud listed 3"},
		{name: "list a recording that there is not", do: func(a archive) { a.Replace(index, recording13, recording21); a.Forge(specimen.Standard, 1) }, kind: verify.Contradiction, path: index, says: "which the metadata of its conversation does not contain"},
		{name: "list a recording twice", do: func(a archive) {
			a.lines(index, func(lines []string) []string { return append(lines[:2:2], lines[1:]...) })
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: index, says: "a second time"},
		{name: "list fewer recordings than Genesys Cloud", do: func(a archive) {
			a.Replace(standard+metadata1, `,{"id":"`+recording13+`","media":"Call","fileState":"ERROR"}`, "")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: standard + "/data/conversations.csv", says: "lists 2"},
		{name: "delete metadata", do: func(a archive) { a.Remove(standard + metadata1); a.Forge(specimen.Standard, 1) }, kind: verify.Missing, path: standard + metadata1, says: "Genesys Cloud listed 3 recordings"},
		{name: "drop the bag's line of a moved conversation", do: func(a archive) {
			a.without(legalHold+"/data/conversations.csv", "000000000002")
			a.without("seals/1/conversations.csv", "000000000002")
			a.Forge(specimen.LegalHold, 1)
		}, kind: verify.Coverage, path: standard + "/data/conversations.csv", says: "but no bag accounts for it"},
		{name: "replace a line that there is not", do: func(a archive) {
			a.Replace(retry+"/data/index.csv", recording13, recording11)
			a.Forge(specimen.Retry, 2)
		}, kind: verify.Contradiction, path: retry + "/data/index.csv", says: "no bag states that it was unavailable"},
		{name: "account for a recording twice", do: func(a archive) {
			a.Replace(retry+"/data/index.csv", "true", "false")
			a.Forge(specimen.Retry, 2)
		}, kind: verify.Contradiction, path: retry + "/data/index.csv", says: "already accounts for"},
		{name: "reorder a custody log", do: func(a archive) { a.lines(log, exchange); a.Forge(specimen.Standard, 1) }, kind: verify.LogChain, path: log, says: "line 1 does not contain the digest"},
		{name: "reorder a custody log, with its chain", do: func(a archive) { a.Rewrite(log, exchange); a.Forge(specimen.Standard, 1) }, kind: verify.LogChain, path: log, says: "something earlier than the line before"},
		{name: "cut a custody log", do: func(a archive) {
			a.lines(log, func(lines []string) []string { return lines[:len(lines)-2] })
			a.Forge(specimen.Standard, 1)
		}, kind: verify.LogChain, path: log, says: "its end was cut off"},
		{name: "add data to a custody log", do: func(a archive) { a.add(log, "{}"); a.Forge(specimen.Standard, 1) }, kind: verify.LogChain, path: log, says: "is not an event"},
		{name: "drop an event, with its chain", do: func(a archive) {
			a.Rewrite(log, func(lines []string) []string { return leaveOut(lines, "01.wav") })
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: log, says: "does not report that"},
		{name: "put in a bag of another export", do: func(a archive) {
			a.Replace(standard+"/bag-info.txt", "legal/case-1", "legal/case-9")
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Contradiction, path: standard + "/bag-info.txt", says: "export.json states legal/case-1"},
		{name: "change a number of the account", do: func(a archive) { a.Replace("seals/2/account.json", `"files": 19`, `"files": 20`); a.ForgeSeal(2) }, kind: verify.Account, path: "seals/2/account.json", says: "states 20 files"},
		{name: "change a number of a lane", do: func(a archive) {
			a.Replace("seals/1/account.json", `"exported": 1`, `"exported": 2`)
			a.ForgeSeal(1)
		}, kind: verify.Account, path: "seals/1/account.json", says: "medium Call exported"},
		{name: "break a sum", do: func(a archive) { a.Replace("seals/1/account.json", `"holds": true`, `"holds": false`); a.ForgeSeal(1) }, kind: verify.Account, path: "seals/1/account.json", says: "does not add up"},
		{name: "add data to the account", do: func(a archive) { a.add("seals/1/account.json", "{}"); a.Reseal(1) }, kind: verify.Malformed, path: "seals/1/account.json", says: "something follows it"},
		{name: "drop a conversation from a seal", do: func(a archive) { a.without("seals/1/conversations.csv", conversation1); a.ForgeSeal(1) }, kind: verify.Contradiction, path: "seals/1/conversations.csv", says: "lines were added, removed or moved"},
		{name: "drop an open conversation", do: func(a archive) { a.without("seals/1/conversations.csv", "ConversationOpen"); a.ForgeSeal(1) }, kind: verify.Account, path: "seals/1/account.json", says: "states 5 conversations surveyed, but the bags and seals contain 4"},
		{name: "reorder the lines of a seal", do: func(a archive) {
			a.lines("seals/1/recordings.csv", func(lines []string) []string { return append(lines[:1:1], exchange(lines[1:])...) })
			a.ForgeSeal(1)
		}, kind: verify.Contradiction, path: "seals/1/recordings.csv", says: "lines were added, removed or moved"},
		{name: "drop a bag and its lines", do: func(a archive) {
			a.Remove(legalHold)
			for _, name := range []string{"bags.csv", "bags-sha256.txt", "conversations.csv", "recordings.csv"} {
				a.without("seals/1/"+name, specimen.LegalHold)
			}
			a.ForgeSeal(1)
		}, kind: verify.Coverage, path: standard + "/data/conversations.csv", says: "but no bag accounts for it"},
		{name: "seal a bag twice", do: func(a archive) {
			a.add("seals/2/bags.csv", strings.SplitAfter(string(a.Read("seals/1/bags.csv")), "\n")[1])
			a.add("seals/2/bags-sha256.txt", strings.SplitAfter(string(a.Read("seals/1/bags-sha256.txt")), "\n")[0])
			a.ForgeSeal(2)
		}, kind: verify.Contradiction, path: "seals/2/bags.csv", says: "an earlier line or seal already lists"},
		{name: "hide a day that was not surveyed", do: func(a archive) {
			for _, seal := range []int{1, 2} {
				a.Rewrite(fmt.Sprintf("seals/%d/events.jsonl", seal), func(lines []string) []string { return leaveOut(lines, "DaySurveyed") })
			}
			a.ForgeSeal(1)
		}, kind: verify.Coverage, path: "seals/2/account.json", says: "no log reports a survey of 2023-10-01"},
		{name: "cover less of the window", do: func(a archive) {
			for _, seal := range []int{1, 2} {
				a.Replace(fmt.Sprintf("seals/%d/account.json", seal), `"until": "2023-10-02`, `"until": "2023-10-01`)
			}
			a.ForgeSeal(1)
		}, kind: verify.Coverage, path: "seals/2/account.json", says: "the requested end is 2023-10-02"},
		{name: "leave a bag out of the coverage", do: func(a archive) {
			a.Replace("seals/1/coverage.csv", " "+specimen.LegalHold, "")
			a.ForgeSeal(1)
		}, kind: verify.Coverage, path: "seals/1/coverage.csv", says: "does not state which part of the window bag " + specimen.LegalHold},
		{name: "leave a part of the window out of the coverage", do: func(a archive) {
			a.Replace("seals/1/coverage.csv", "2023-10-01T00:00:00Z", "2023-10-01T06:00:00Z")
			a.ForgeSeal(1)
		}, kind: verify.Coverage, path: "seals/1/coverage.csv", says: "no line states which bag has the conversations from 2023-10-01T00:00:00Z on"},
		{name: "put in another first seal", do: func(a archive) {
			a.Replace("seals/1/account.json", `"sealedAt": "2023-10-04`, `"sealedAt": "2023-10-05`)
			a.Reseal(1)
		}, kind: verify.SealChain, path: "seals/2/account.json", says: "names seal 1 with SHA-256"},
		{name: "take the former seal away", do: func(a archive) { a.Replace("seals/2/account.json", `"former"`, `"other"`); a.ForgeSeal(2) }, kind: verify.SealChain, path: "seals/2/account.json", says: "names no previous seal"},
		{name: "attest more than there is", do: func(a archive) {
			a.Write("seals/2/attestation.sigstore.json", a.Signer.SealBundle(2, specimen.NewSubject("manifest-sha256.txt", specimen.Sum(a.Read("seals/2/manifest-sha256.txt"))), specimen.NewSubject("more", specimen.Sum(nil))))
		}, kind: verify.Signature, path: "seals/2/attestation.sigstore.json", says: `has the subject "more"`},
		{name: "attest nothing", do: func(a archive) { a.Write("seals/2/attestation.sigstore.json", a.Signer.SealBundle(2)) }, kind: verify.Signature, path: "seals/2/attestation.sigstore.json", says: "does not have the subject manifest-sha256.txt"},
	}
}

// folder of the archive's root, for those who run programs in it.
func (a archive) folders(of string) []string {
	a.Helper()
	found, err := filepath.Glob(filepath.Join(a.Root, of, "*"))
	if err != nil {
		a.Fatal(err)
	}
	var folders []string
	for _, name := range found {
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			folders = append(folders, name)
		}
	}
	return folders
}
