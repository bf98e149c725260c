package tamper

import (
	"strings"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

// rehash changes a recording of a bag, and what its manifests say of it, and takes the
// bag's signature away: what who has no key can do about a bag that no seal contains.
func (a archive) rehash(bag, recording string) {
	a.Helper()
	a.change("bags/"+bag+recording, func(text string) string { return strings.ToUpper(text) })
	for _, name := range []string{"manifest-sha256.txt.sig", "attestation.sigstore.json", "signer.pub"} {
		a.Remove("bags/" + bag + "/custody/" + name)
	}
	a.without("bags/"+bag+"/bag-info.txt", "Signing-Key")
	signer := a.Signer
	a.Signer = nil
	a.Rebag(bag)
	a.Signer = signer
}

const retried = "/data/recordings/" + conversation1 + "/" + recording13 + "/01.wav"

// whileRunning are tamperings that rely on it that an export still runs, so that not
// everything is in a seal. They need no key.
func whileRunning() []tampering {
	return []tampering{
		{name: "take a seal's manifest away, and change its bag", do: func(a archive) {
			a.Remove("seals/1/manifest-sha256.txt")
			a.rehash(specimen.Standard, first)
		}, kind: verify.Missing, path: "seals/1/manifest-sha256.txt", says: "is missing", running: true, knowsSeal: true},
		{name: "take the last seal's manifest away", do: func(a archive) { a.Remove("seals/2/manifest-sha256.txt") }, kind: verify.Missing, path: "seals/2/manifest-sha256.txt", says: "is missing", running: true},
		{name: "take the last seal away, and change its bag", do: func(a archive) { a.Remove("seals/2"); a.rehash(specimen.Retry, retried) }, kind: verify.Unsigned, path: retry, says: "is not signed, though the export signs", running: true},
		{name: "take the last seal away while running", do: func(a archive) { a.Remove("seals/2") }, kind: verify.SealChain, path: "seals", says: "is not among the 1 seals", running: true, knowsSeal: true},
		{name: "take all seals away while running", do: func(a archive) { a.Remove("seals/1"); a.Remove("seals/2") }, kind: verify.SealChain, path: "seals", says: "is not among the 0 seals", running: true, knowsSeal: true},
		{name: "take the first seal away while running", do: func(a archive) { a.Remove("seals/1") }, kind: verify.SealChain, path: "seals/1", says: "is missing, though there is a seal 2", running: true},
		{name: "move a seal up", do: func(a archive) { a.rename("seals/2", "seals/2000000") }, kind: verify.SealChain, path: "seals/2", says: "with all seals up to 1999999", running: true},
		{name: "begin a seal that is never finished", do: func(a archive) { a.Write("seals/3/account.json", nil) }, kind: verify.Missing, path: "seals/3/manifest-sha256.txt", says: "is missing", running: true},
		{name: "make a sealed bag look unfinished", do: func(a archive) {
			a.Remove(standard + "/bagit.txt")
			a.Replace(standard+first, "r", "R")
		}, kind: verify.Altered, path: standard + first, says: "was changed", running: true},
		{name: "take a sealed bag away while running", do: func(a archive) { a.Remove(legalHold) }, kind: verify.Missing, path: legalHold, says: "though seal 1 contains this bag", running: true},
	}
}

// identities are tamperings with whose archive it is, and with the forms of what says
// so. They need no key.
func identities() []tampering {
	record := func(old, new string) func(archive) { return func(a archive) { a.Replace("export.json", old, new) } }
	const at = "export.json"
	return []tampering{
		{name: "put an archive in another's place", do: func(archive) {}, kind: verify.Identity, path: at, says: "archive of legal/case-1, but it is stored as legal/case-2", as: "legal/case-2"},
		{name: "put an archive into another namespace", do: func(archive) {}, kind: verify.Identity, path: at, says: "but it is stored as hr/case-1", as: "hr/case-1"},
		{name: "rename an export", do: record("case-1", "case-2"), kind: verify.Contradiction, path: "seals/1/account.json", says: "its name is case-1", as: "legal/case-2"},
		{name: "date an archive back", do: record(`"createdAt":"2023`, `"createdAt":"2022`), kind: verify.Contradiction, path: "seals/1/account.json", says: "export.json states 2022"},
		{name: "name another cluster", do: record(specimen.ID(901), specimen.ID(999)), kind: verify.Contradiction, path: "seals/1/account.json", says: "its cluster is"},
		{name: "name another organisation", do: record(specimen.ID(902), specimen.ID(999)), kind: verify.Contradiction, path: "seals/1/account.json", says: "its organisation is"},
		{name: "give export.json a name twice", do: record(`{"namespace"`, `{"name":"case-1","namespace"`), kind: verify.Malformed, path: at, says: `the name "name" twice`},
		{name: "give export.json a name twice in another case", do: record(`{"namespace"`, `{"NAME":"case-1","namespace"`), kind: verify.Malformed, path: at, says: `the name "name" twice`},
		{name: "give export.json a name that is unknown", do: record(`{"namespace"`, `{"note":"void","namespace"`), kind: verify.Malformed, path: at, says: `unknown field "note"`},
		{name: "name a field of export.json in another case", do: record(`"namespace"`, `"Namespace"`), kind: verify.Malformed, path: at, says: "in the form that the exporter writes"},
		{name: "put a blank into export.json", do: record(`{"namespace"`, `{ "namespace"`), kind: verify.Malformed, path: at, says: "in the form that the exporter writes"},
		{name: "write a time of export.json otherwise", do: record(`Z"}`, `.000Z"}`), kind: verify.Malformed, path: at, says: "in the form that the exporter writes"},
		{name: "write behind export.json", do: func(a archive) { a.add(at, "{}") }, kind: verify.Malformed, path: at, says: "something follows it"},
		{name: "put a folder in the place of export.json", do: func(a archive) { a.Remove(at); a.Write(at+"/x", nil) }, kind: verify.Irregular, path: at, says: "is a folder, not a file"},
		{name: "put a link in the place of export.json", do: func(a archive) { a.rename(at, "seals/copy"); a.link("seals/copy", at) }, kind: verify.Irregular, path: at, says: "is a symbolic link"},
		{name: "plant a file deep in a bag", do: func(a archive) { a.Write(standard+"/data/recordings"+strings.Repeat("/d", 20)+"/x", nil) }, kind: verify.Planted, path: standard + "/data/recordings/d/d", says: "deeper than any file"},
	}
}

// strictForms are tamperings with forms by who has the key.
func strictForms() []tampering {
	const account, log, index = "seals/2/account.json", standard + "/custody/events.jsonl", standard + "/data/index.csv"
	inAccount := func(old, new string) func(archive) {
		return func(a archive) { a.Replace(account, old, new); a.ForgeSeal(2) }
	}
	inIndex := func(old, new string) func(archive) {
		return func(a archive) { a.Replace(index, old, new); a.Forge(specimen.Standard, 1) }
	}
	// The last line of a log is followed by none that contains its digest.
	inLog := func(old, new string) func(archive) {
		return func(a archive) {
			a.lines(log, func(lines []string) []string {
				last := len(lines) - 2
				lines[last] = strings.Replace(lines[last], old, new, 1)
				return lines
			})
			a.Forge(specimen.Standard, 1)
		}
	}
	return []tampering{
		{name: "give an account a name twice", do: inAccount(`"number": 2`, `"number": 3, "number": 2`), kind: verify.Malformed, path: account, says: `the name "number" twice`},
		{name: "give an account a name that is unknown", do: inAccount(`"number": 2`, `"void": true, "number": 2`), kind: verify.Malformed, path: account, says: `unknown field "void"`},
		{name: "name a field of an account in another case", do: inAccount(`"number": 2`, `"Number": 2`), kind: verify.Malformed, path: account, says: "in the form that the exporter writes"},
		{name: "write a number of an account otherwise", do: inAccount(`"number": 2,`, `"number": 2 ,`), kind: verify.Malformed, path: account, says: "in the form that the exporter writes"},
		{name: "add a column to a table", do: inIndex("medium,lane", "medium,note,lane"), kind: verify.Malformed, path: index, says: "does not name the columns of such a table"},
		{name: "double a column of a table", do: inIndex("medium,lane", "medium,medium"), kind: verify.Malformed, path: index, says: "the column medium twice"},
		{name: "exchange columns of a table", do: inIndex("medium,lane", "lane,medium"), kind: verify.Malformed, path: index, says: "in their order"},
		{name: "give an event a name twice", do: inLog(`"type":`, `"type":"BagOpened","type":`), kind: verify.LogChain, path: log, says: "is not written as the exporter writes events"},
		{name: "give an event a name that is unknown", do: inLog(`"type":`, `"void":true,"type":`), kind: verify.LogChain, path: log, says: "is not written as the exporter writes events"},
		{name: "put a blank into an event", do: inLog(`"type":`, `"type": `), kind: verify.LogChain, path: log, says: "is not written as the exporter writes events"},
	}
}
