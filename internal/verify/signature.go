package verify

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
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

// signatureFiles are the names of all of them.
var signatureFiles = []string{signatureFile, attestationFile, signerFile, timestampFile}

// Lines of bag-info.txt: the one that names the key, and the one that says in which form
// an authority attests the time of the manifest.
const (
	keyField       = "Signing-Key-Sha256"
	timestampField = "Manifest-Timestamp"
	timestampForm  = "RFC 3161"
)

// Key is a public key that signs archives.
type Key struct {
	// ID is the SHA-256 of the key in DER, in hexadecimal.
	ID     string
	public *ecdsa.PublicKey
}

// ParseKey reads a public key as PEM ("-----BEGIN PUBLIC KEY-----"), of ECDSA with the
// curve P-256.
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
	if public.Curve != elliptic.P256() {
		return Key{}, fmt.Errorf("it has the curve %s, not P-256", public.Curve.Params().Name)
	}
	return Key{sum(block.Bytes), public}, nil
}

// pem is the key as the exporter writes it.
func (k Key) pem() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.public)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), err
}

// halfOrder is half the order of P-256: s of a signature is at most as large.
var halfOrder = new(big.Int).Rsh(elliptic.P256().Params().N, 1)

// signatureFault is what is wrong with a signature.
type signatureFault string

const (
	noFault   signatureFault = ""
	doesntFit signatureFault = "does not fit"
	otherForm signatureFault = "fits, but does not have the form that the exporter writes (DER, with the lower s): anybody can make such a signature without the key"
)

// signatureFault says what is wrong with a signature of the key over a SHA-256. Of each there are
// two, (r, s) and (r, n-s), and DER that is not strict would allow for more: only the
// form that the exporter writes counts, so that no byte can be changed.
func (k Key) signatureFault(digest, signature []byte) signatureFault {
	if !ecdsa.VerifyASN1(k.public, digest, signature) {
		return doesntFit
	}
	var parts struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(signature, &parts)
	if err != nil || len(rest) > 0 || parts.S.Cmp(halfOrder) > 0 {
		return otherForm
	}
	if again, err := asn1.Marshal(parts); err != nil || !bytes.Equal(again, signature) {
		return otherForm
	}
	return noFault
}

// signed is something that may be signed: a seal, or a bag.
type signed struct {
	// what names it: "bag b", and beside is the folder of its signature.
	what, beside string
	// digest is the SHA-256 of what is signed, in hexadecimal, empty if it was not read.
	digest string
	// manifest is the path of what is signed, says that of what names the key, and
	// names which key it names.
	manifest, says, names string
	// stamped tells that says says that an authority attests the time of the manifest.
	stamped bool
	// mute tells that says could not be read.
	mute bool
	// statement is what the attestation has to say.
	statement statement
	// found is what is in beside.
	found hashedFiles
}

// checkSignature checks a signature, and returns the id of the key that it is by:
// empty if there is none.
func (v *verifier) checkSignature(s signed) string {
	if v.isUnlisted(s.beside) {
		return ""
	}
	missing := 0
	parts := []string{signatureFile, attestationFile, signerFile}
	for _, name := range parts {
		if _, there := s.found[name]; !there {
			missing++
		}
	}
	switch {
	case missing == len(parts) && s.names != "" && !s.mute:
		v.fault(Unsigned, path.Join(s.beside, signatureFile), "is missing: %s states that %s is signed with key %s", s.says, s.what, cut(s.names))
		return ""
	case missing == len(parts):
		if _, there := s.found[timestampFile]; there {
			v.fault(Planted, path.Join(s.beside, timestampFile), "is a time-stamp of %s, which is not signed: the exporter does not make time-stamps without a signature", s.what)
		}
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
	return v.checkSignatureParts(s)
}

// checkSignatureParts checks the parts of a signature that is complete.
func (v *verifier) checkSignatureParts(s signed) string {
	text, ok := v.read(path.Join(s.beside, signerFile))
	if !ok {
		return ""
	}
	key, err := ParseKey(text)
	if err != nil {
		v.fault(Malformed, path.Join(s.beside, signerFile), "is not a public key: %v", err)
		return ""
	}
	if canonical, err := key.pem(); err == nil && !bytes.Equal(canonical, text) {
		v.fault(Malformed, path.Join(s.beside, signerFile), "contains more than key %s in PEM, or the key in another form", key.ID)
	}
	if s.names != key.ID && !s.mute {
		v.fault(Signature, path.Join(s.beside, signerFile), "is key %s, but %s names key %q", key.ID, s.says, cut(s.names))
	}
	digest, err := hex.DecodeString(s.digest)
	hashed := err == nil && s.digest != "" // otherwise it could not be read, which is reported
	signature, read := v.read(path.Join(s.beside, signatureFile))
	if hashed && read {
		switch fault := key.signatureFault(digest, signature); fault {
		case noFault:
		case doesntFit:
			v.fault(Signature, path.Join(s.beside, signatureFile), "does not fit %s: either was changed, or another key than %s signed", s.manifest, key.ID)
		default:
			v.fault(Signature, path.Join(s.beside, signatureFile), "%s", fault)
		}
	}
	v.checkAttestation(s, key)
	if hashed {
		v.checkTimestamp(s, digest)
	}
	if len(v.options.Keys) > 0 && !slices.ContainsFunc(v.options.Keys, func(k Key) bool { return k.ID == key.ID }) {
		v.fault(UntrustedKey, path.Join(s.beside, signerFile), "%s is signed with key %s, which is not one of the given keys", s.what, key.ID)
	}
	return key.ID
}

// checkBagSignature checks the signature of a bag.
func (v *verifier) checkBagSignature(b *bag, found hashedFiles) {
	beside := hashedFiles{}
	for _, name := range signatureFiles {
		if file, there := found[custodyFolder+"/"+name]; there {
			beside[name] = file
		}
	}
	key := b.info[keyField]
	b.isUnsigned = key == "" && v.wasRead(b.bagPath(bagInfo)) && !v.isUnlisted(b.bagPath(bagInfo))
	b.signer = v.checkSignature(signed{
		what: "bag " + b.name, beside: b.bagPath(custodyFolder), manifest: b.bagPath(payloadManifest), says: b.bagPath(bagInfo),
		digest: found[payloadManifest].sha256,
		names:  key, stamped: b.info[timestampField] == timestampForm, mute: found[bagInfo].unread, found: beside,
		statement: newStatement(bagPredicate, map[string]any{"signingKey": key}, found, payloadManifest, bagInfo, bagLog),
	})
}
