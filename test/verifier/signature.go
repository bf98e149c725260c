package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
)

// signatureFiles are what signs a manifest.
var signatureFiles = []string{"signer.pub", "manifest-sha256.txt.sig", "attestation.sigstore.json", "manifest-sha256.txt.tsr"}

// checkSignature checks the signature over a folder's manifest: that it is there if
// a key is named, that it is by that key, and that it fits. beside is where it is.
// The statement and the time-stamp are for cosign and openssl.
func (v *verdict) checkSignature(where, beside, named string) {
	text, err := os.ReadFile(filepath.Join(beside, signatureFiles[0]))
	switch {
	case named == "" && os.IsNotExist(err):
		return
	case err != nil:
		v.fault(where, "is signed with key %s, which is not there: %v", named, err)
		return
	}
	signature, err := os.ReadFile(filepath.Join(beside, signatureFiles[1]))
	if err != nil {
		v.fault(where, "has no signature: %v", err)
	}
	manifest, err := os.ReadFile(filepath.Join(where, "manifest-sha256.txt"))
	if err != nil {
		v.fault(where, "has no manifest: %v", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		v.fault(where, "has a key that is none")
		return
	}
	id := sha256.Sum256(block.Bytes)
	if hex.EncodeToString(id[:]) != named {
		v.fault(where, "is signed with another key than %q, which it names", named)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	key, ok := parsed.(*ecdsa.PublicKey)
	digest := sha256.Sum256(manifest)
	if err != nil || !ok || !ecdsa.VerifyASN1(key, digest[:], signature) {
		v.fault(where, "has a signature that does not fit: %v", err)
	}
}
