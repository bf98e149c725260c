package verify

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
)

// Names of what a signature consists of. They are beside a seal's manifest, and
// in a bag's folder custody.
const (
	signatureFile   = "manifest-sha256.txt.sig"
	attestationFile = "attestation.sigstore.json"
	signerFile      = "signer.pub"
	timestampFile   = "manifest-sha256.txt.tsr"
	custodyFolder   = "custody"
)

// Key is a public key that signs archives.
type Key struct {
	// ID is the SHA-256 of the key in DER, in hexadecimal.
	ID     string
	public *ecdsa.PublicKey
}

// ParseKey reads a public key as PEM ("-----BEGIN PUBLIC KEY-----").
func ParseKey(text []byte) (Key, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" || len(rest) > 0 {
		return Key{}, errors.New("it is not one PEM block of the type PUBLIC KEY")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return Key{}, err
	}
	public, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return Key{}, fmt.Errorf("it is a %T, not an ECDSA key", parsed)
	}
	return Key{sum(block.Bytes), public}, nil
}

// fits tells whether a signature of the key is over content.
func (k Key) fits(content, signature []byte) bool {
	digest := sha256.Sum256(content)
	return ecdsa.VerifyASN1(k.public, digest[:], signature)
}

// signed is something that may be signed: a seal, or a bag.
type signed struct {
	// what names it: "bag b", and beside is the folder of its signature.
	what, beside string
	// manifest is the path of what is signed, says that of what names the key, and
	// names which key it names.
	manifest, says, names string
	// mute tells that says could not be read.
	mute bool
	// subjects are what the attestation has to speak of, by name.
	subjects shelf
	// found is what is in beside.
	found shelf
}

// checkSignature checks a signature, and returns the id of the key that it is by:
// empty if there is none.
func (v *verifier) checkSignature(s signed) string {
	missing := 0
	parts := []string{signatureFile, attestationFile, signerFile}
	for _, name := range parts {
		if _, there := s.found[name]; !there {
			missing++
		}
	}
	switch {
	case missing == len(parts) && s.names != "":
		v.fault(Unsigned, path.Join(s.beside, signatureFile), "is missing: %s says that %s is signed with key %s", s.says, s.what, cut(s.names))
		return ""
	case missing == len(parts):
		return ""
	}
	for _, name := range parts {
		if _, there := s.found[name]; !there {
			v.fault(Unsigned, path.Join(s.beside, name), "is missing from the signature of %s", s.what)
		}
	}
	if missing > 0 {
		return ""
	}
	return v.checkParts(s)
}

// checkParts checks the parts of a signature that is complete.
func (v *verifier) checkParts(s signed) string {
	text, ok := v.read(path.Join(s.beside, signerFile))
	if !ok {
		return ""
	}
	key, err := ParseKey(text)
	if err != nil {
		v.fault(Malformed, path.Join(s.beside, signerFile), "is no public key: %v", err)
		return ""
	}
	if s.names != key.ID && !s.mute {
		v.fault(Signature, path.Join(s.beside, signerFile), "is key %s, but %s names key %q", key.ID, s.says, cut(s.names))
	}
	manifest, ok := v.read(s.manifest)
	signature, read := v.read(path.Join(s.beside, signatureFile))
	if ok && read && !key.fits(manifest, signature) {
		v.fault(Signature, path.Join(s.beside, signatureFile), "does not fit %s: either was changed, or another key than %s signed", s.manifest, key.ID)
	}
	v.checkAttestation(s, key)
	if ok {
		v.checkTimestamp(s, manifest)
	}
	if len(v.options.Keys) > 0 && !slices.ContainsFunc(v.options.Keys, func(k Key) bool { return k.ID == key.ID }) {
		v.fault(UntrustedKey, path.Join(s.beside, signerFile), "%s is signed with key %s, which is none of those that were given", s.what, key.ID)
	}
	return key.ID
}

// bundle is a Sigstore bundle, as far as it is looked at.
type bundle struct {
	MediaType string `json:"mediaType"`
	Material  struct {
		PublicKey struct {
			Hint string `json:"hint"`
		} `json:"publicKey"`
	} `json:"verificationMaterial"`
	Envelope struct {
		Payload     string `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			Sig string `json:"sig"`
		} `json:"signatures"`
	} `json:"dsseEnvelope"`
}

// statement is an in-toto statement, as far as it is looked at.
type statement struct {
	Type    string `json:"_type"`
	Subject []struct {
		Name   string            `json:"name"`
		Digest map[string]string `json:"digest"`
	} `json:"subject"`
}

const (
	bundleType    = "application/vnd.dev.sigstore.bundle.v0.3+json"
	payloadType   = "application/vnd.in-toto+json"
	statementType = "https://in-toto.io/Statement/v1"
)

// checkAttestation checks the in-toto statement: its signature, and that it speaks
// of what is there.
func (v *verifier) checkAttestation(s signed, key Key) {
	at := path.Join(s.beside, attestationFile)
	content, ok := v.read(at)
	if !ok {
		return
	}
	said, err := openBundle(content, key)
	if err != nil {
		v.fault(Signature, at, "%v", err)
		return
	}
	names := map[string]bool{}
	for _, subject := range said.Subject {
		want, known := s.subjects[subject.Name]
		switch {
		case !known || names[subject.Name]:
			v.fault(Signature, at, "speaks of %q, which is not its subject", cut(subject.Name))
		case subject.Digest["sha256"] != want.sha256 && !want.unread:
			v.fault(Signature, at, "speaks of %s with SHA-256 %s, it has %s", subject.Name, cut(subject.Digest["sha256"]), want.sha256)
		}
		names[subject.Name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(s.subjects)) {
		if !names[name] {
			v.fault(Signature, at, "does not speak of %s", name)
		}
	}
}

// openBundle returns the statement of a bundle, if it is signed with the key.
func openBundle(content []byte, key Key) (statement, error) {
	var b bundle
	var said statement
	if err := json.Unmarshal(content, &b); err != nil {
		return said, fmt.Errorf("is no Sigstore bundle: %w", err)
	}
	switch {
	case b.MediaType != bundleType:
		return said, fmt.Errorf("is no %s, but %q", bundleType, cut(b.MediaType))
	case b.Material.PublicKey.Hint != key.ID:
		return said, fmt.Errorf("names key %q, %s is key %s", cut(b.Material.PublicKey.Hint), signerFile, key.ID)
	case b.Envelope.PayloadType != payloadType || len(b.Envelope.Signatures) != 1:
		return said, errors.New("does not hold one signed in-toto statement")
	}
	payload, err := base64.StdEncoding.DecodeString(b.Envelope.Payload)
	signature, other := base64.StdEncoding.DecodeString(b.Envelope.Signatures[0].Sig)
	if err := errors.Join(err, other); err != nil {
		return said, fmt.Errorf("is not in base64: %w", err)
	}
	if !key.fits(preAuthentication(b.Envelope.PayloadType, payload), signature) {
		return said, fmt.Errorf("has a signature that does not fit its statement, or is by another key than %s", key.ID)
	}
	if err := json.Unmarshal(payload, &said); err != nil || said.Type != statementType {
		return said, fmt.Errorf("holds no in-toto statement (%s)", statementType)
	}
	return said, nil
}

// preAuthentication is what is signed of a DSSE envelope (PAE in its protocol.md).
func preAuthentication(kind string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload)
}

// checkBagSignature checks the signature of a bag.
func (v *verifier) checkBagSignature(b *bag, found shelf) {
	beside := shelf{}
	for _, name := range []string{signatureFile, attestationFile, signerFile, timestampFile} {
		if file, there := found[custodyFolder+"/"+name]; there {
			beside[name] = file
		}
	}
	subjects := shelf{}
	for _, name := range []string{payloadManifest, bagInfo, bagLog} {
		subjects[name] = found[name]
	}
	b.signer = v.checkSignature(signed{
		what: "bag " + b.name, beside: b.at(custodyFolder), manifest: b.at(payloadManifest), says: b.at(bagInfo),
		names: b.info["Signing-Key-Sha256"], mute: found[bagInfo].unread, subjects: subjects, found: beside,
	})
}

// checkTimestamp checks that a time-stamp is one of the manifest. That it is by an
// authority that is to be trusted is for "openssl ts -verify", which knows whom.
func (v *verifier) checkTimestamp(s signed, manifest []byte) {
	if _, there := s.found[timestampFile]; !there {
		return
	}
	at := path.Join(s.beside, timestampFile)
	content, ok := v.read(at)
	if !ok {
		return
	}
	imprint, err := stampedDigest(content)
	if err != nil {
		v.fault(Malformed, at, "is no time-stamp response (RFC 3161): %v", err)
		return
	}
	if want := sha256.Sum256(manifest); hex.EncodeToString(imprint) != hex.EncodeToString(want[:]) {
		v.fault(Signature, at, "is a time-stamp of something else: of SHA-256 %x, %s has %x", imprint, s.manifest, want)
	}
}

// checkTrust holds the signatures against the keys that were given, the last seal
// against the one that is known, and sees to it that signing did not just end.
func (v *verifier) checkTrust() {
	signed := 0
	for _, s := range v.seals {
		switch {
		case s.signer != "":
			signed = s.number
		case len(v.options.Keys) > 0:
			v.fault(Unsigned, s.folder, "is not signed by any of the keys that were given")
		case signed > 0:
			v.fault(Unsigned, s.folder, "is not signed, though seal %d is", signed)
		}
	}
	if v.options.Seal == "" || len(v.seals) == 0 {
		return
	}
	if last := v.seals[len(v.seals)-1]; last.digest != v.options.Seal {
		v.fault(SealChain, last.at(payloadManifest), "is the last seal and has SHA-256 %s, the one that is known has %s: later seals were taken away, or others put in", last.digest, v.options.Seal)
	}
}
