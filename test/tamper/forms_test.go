package tamper

import (
	"strings"

	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/tamper/specimen"
)

const (
	sealSignature   = "seals/2/manifest-sha256.txt.sig"
	sealAttestation = "seals/2/attestation.sigstore.json"
	sealSigner      = "seals/2/signer.pub"
	sealTimestamp   = "seals/2/manifest-sha256.txt.tsr"
)

// change changes a file by what it contains.
func (a archive) change(name string, do func(content string) string) {
	a.Helper()
	a.Write(name, []byte(do(string(a.Read(name)))))
}

// forms are tamperings with what a manifest does not list because it signs the
// manifest. They need no key, and leave every signature fitting.
func forms() []tampering {
	replaced := func(name, old, new string) func(archive) { return func(a archive) { a.Replace(name, old, new) } }
	return []tampering{
		{name: "write before a public key", do: func(a archive) {
			a.change(sealSigner, func(text string) string { return "key of the defendant\n" + text })
		}, kind: verify.Malformed, path: sealSigner, says: "contains more than key"},
		{name: "write behind a public key", do: func(a archive) { a.add(sealSigner, "\n") }, kind: verify.Malformed, path: sealSigner, says: "key"},
		{name: "add a header to a public key", do: replaced(sealSigner, "KEY-----\n", "KEY-----\nOwner: nobody\n\n"), kind: verify.Malformed, path: sealSigner, says: "contains more than key"},
		{name: "wrap a public key otherwise", do: func(a archive) {
			a.change(sealSigner, func(text string) string { return strings.Replace(text, "\n", "\r\n", 2) })
		}, kind: verify.Malformed, path: sealSigner, says: "in another form"},
		{name: "mirror a signature", do: func(a archive) { a.Write(sealSignature, specimen.Mirror(a.TB, a.Read(sealSignature))) }, kind: verify.Signature, path: sealSignature, says: "does not have the form"},
		{name: "write behind a signature", do: func(a archive) { a.add(sealSignature, "\x00") }, kind: verify.Signature, path: sealSignature, says: "does not fit"},
		{name: "indent an attestation", do: func(a archive) {
			a.change(sealAttestation, func(text string) string { return strings.Replace(text, `,"dsse`, `, "dsse`, 1) })
		}, kind: verify.Signature, path: sealAttestation, says: "differs from the statement"},
		{name: "add a field to an attestation", do: replaced(sealAttestation, `{"mediaType"`, `{"note":"void","mediaType"`), kind: verify.Signature, path: sealAttestation, says: "differs from the statement"},
		{name: "double a field of an attestation", do: replaced(sealAttestation, `{"mediaType"`, `{"mediaType":"","mediaType"`), kind: verify.Signature, path: sealAttestation, says: "differs from the statement"},
		{name: "name a field of an attestation otherwise", do: replaced(sealAttestation, `"sig":`, `"SIG":`), kind: verify.Signature, path: sealAttestation, says: "differs from the statement"},
		{name: "write behind an attestation", do: func(a archive) { a.add(sealAttestation, "\n") }, kind: verify.Signature, path: sealAttestation, says: "differs from the statement"},
		{name: "break the base64 of an attestation", do: replaced(sealAttestation, `"payload":"`, `"payload":"\n`), kind: verify.Signature, path: sealAttestation, says: "differs from the statement"},
		{name: "invent a time-stamp", do: func(a archive) { a.Write(sealTimestamp, []byte("1970")) }, kind: verify.Planted, path: sealTimestamp, says: "account.json does not state that there is one"},
		{name: "plant a folder of files in a seal", do: func(a archive) { a.Write("seals/2/more/note.txt", nil) }, kind: verify.Planted, path: "seals/2/more/note.txt", says: "not listed"},
	}
}

// formsOfInsiders are tamperings with the same by who has the key.
func formsOfInsiders() []tampering {
	manifest := func(a archive, number string) specimen.Subject {
		return specimen.NewSubject("manifest-sha256.txt", specimen.Sum(a.Read("seals/"+number+"/manifest-sha256.txt")))
	}
	return []tampering{
		{name: "attest with other words", do: func(a archive) {
			a.Write(sealAttestation, a.Signer.Bundle("https://example.com/custody", map[string]any{}, manifest(a, "2")))
		}, kind: verify.Signature, path: sealAttestation, says: "differs from the statement"},
		{name: "attest for another seal", do: func(a archive) {
			a.Write(sealAttestation, a.Signer.SealBundle(1, manifest(a, "2")))
		}, kind: verify.Signature, path: sealAttestation, says: "differs from the statement"},
		{name: "attest what belongs to a bag in another order", do: func(a archive) {
			var subjects []specimen.Subject
			for _, name := range []string{"custody/events.jsonl", "bag-info.txt", "manifest-sha256.txt"} {
				subjects = append(subjects, specimen.NewSubject(name, specimen.Sum(a.Read(standard+"/"+name))))
			}
			a.Write(standard+"/custody/attestation.sigstore.json", a.Signer.BagBundle(subjects...))
		}, kind: verify.Signature, path: standard + "/custody/attestation.sigstore.json", says: "differs from the statement"},
		{name: "take a time-stamp away", do: func(a archive) {
			a.Replace("seals/2/account.json", "\n  \"texts\":", "\n  \"timestamped\": true,\n  \"texts\":")
			a.ForgeSeal(2)
		}, kind: verify.Missing, path: sealTimestamp, says: "an authority attests the time of seal 2"},
		{name: "seal a file that no seal contains", do: func(a archive) { a.Write("seals/2/errata.txt", nil); a.ForgeSeal(2) }, kind: verify.Planted, path: "seals/2/errata.txt", says: "not a file of a seal"},
		{name: "seal a folder of files", do: func(a archive) { a.Write("seals/2/more/account.json", nil); a.ForgeSeal(2) }, kind: verify.Planted, path: "seals/2/more/account.json", says: "not a file of a seal"},
		{name: "leave a file of a seal out", do: func(a archive) { a.Remove("seals/2/certification.txt"); a.ForgeSeal(2) }, kind: verify.Malformed, path: "seals/2/manifest-sha256.txt", says: "does not list certification.txt"},
		{name: "list an artifact that a seal does not list", do: func(a archive) {
			a.add("seals/2/artifacts-sha256.txt", specimen.Sum(nil)+"  .work/plan/000009.json\n")
		}, kind: verify.Altered, path: "seals/2/artifacts-sha256.txt", says: "was changed"},
		{name: "take the list of artifacts away", do: func(a archive) { a.Remove("seals/2/artifacts-sha256.txt") }, kind: verify.Missing, path: "seals/2/artifacts-sha256.txt", says: "is missing"},
		{name: "list evidence as an artifact", do: func(a archive) {
			a.Replace("seals/2/artifacts-sha256.txt", ".work/plan/000004.json", ".work/../export.json")
			a.ForgeSeal(2)
		}, kind: verify.Malformed, path: "seals/2/artifacts-sha256.txt", says: "is not the SHA-256 of an artifact"},
		{name: "list an artifact twice", do: func(a archive) {
			a.Replace("seals/2/artifacts-sha256.txt", "000005", "000004")
			a.ForgeSeal(2)
		}, kind: verify.Malformed, path: "seals/2/artifacts-sha256.txt", says: "comes twice"},
		{name: "empty the list of artifacts", do: func(a archive) { a.Write("seals/2/artifacts-sha256.txt", nil); a.ForgeSeal(2) }, kind: verify.Malformed, path: "seals/2/artifacts-sha256.txt", says: "is empty"},
		{name: "put a file into a bag's custody folder", do: func(a archive) {
			a.Write(standard+"/custody/note.txt", nil)
			a.Forge(specimen.Standard, 1)
		}, kind: verify.Planted, path: standard + "/custody/note.txt", says: "not a file of a bag of recordings"},
		{name: "put a file beside a bag's manifest", do: func(a archive) { a.Write(standard+"/note.txt", nil); a.Forge(specimen.Standard, 1) }, kind: verify.Planted, path: standard + "/note.txt", says: "not a file of a bag of recordings"},
	}
}
