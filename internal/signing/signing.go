// Package signing signs manifests so that others can verify them with their own tools:
// with a raw signature for openssl, and an in-toto statement in a Sigstore bundle for
// cosign.
//
// It does not know where keys come from or where signatures are stored.
package signing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// The media and predicate types of what is signed.
const (
	bundleType    = "application/vnd.dev.sigstore.bundle.v0.3+json"
	payloadType   = "application/vnd.in-toto+json"
	statementType = "https://in-toto.io/Statement/v1"
)

// Authority is a time-stamping authority.
type Authority interface {
	// Timestamp returns an RFC 3161 response over a message, in DER.
	Timestamp(ctx context.Context, message []byte) ([]byte, error)
}

// Signer signs with a key, and adds a time-stamp if it has an authority.
type Signer struct {
	Key
	Authority Authority
	// Used is called for each use of the key; it may be nil.
	Used func(Use) `json:"-"`
}

// Use is one use of a key.
type Use struct {
	// KeyID is the id of the key.
	KeyID string
	// SHA256 of the manifest that was signed, in hexadecimal.
	SHA256 string
	// PredicateType says what the manifest is a manifest of.
	PredicateType string
}

// Subject is a file that a statement is about.
type Subject struct {
	Name string
	// SHA256 in hexadecimal.
	SHA256 string
}

// Statement says something about subjects.
type Statement struct {
	Subjects []Subject
	// PredicateType is a URI that names what Predicate is.
	PredicateType string
	Predicate     any
}

// Signatures prove who signed a manifest, and when.
type Signatures struct {
	// PublicKey in PEM, Raw signature in DER over the manifest.
	PublicKey, Raw []byte
	// Attestation is the statement in a Sigstore bundle.
	Attestation []byte
	// Timestamp is an RFC 3161 response over the manifest, nil without an authority.
	Timestamp []byte
}

// Sign signs a manifest and a statement.
func (s *Signer) Sign(ctx context.Context, manifest []byte, statement Statement) (Signatures, error) {
	if s.Used != nil {
		digest := sha256.Sum256(manifest)
		s.Used(Use{KeyID: s.ID(), SHA256: hex.EncodeToString(digest[:]), PredicateType: statement.PredicateType})
	}
	raw, err := s.sign(manifest)
	if err != nil {
		return Signatures{}, fmt.Errorf("sign manifest: %w", err)
	}
	attestation, err := s.attest(statement)
	if err != nil {
		return Signatures{}, fmt.Errorf("sign statement: %w", err)
	}
	signed := Signatures{PublicKey: s.PublicKey(), Raw: raw, Attestation: attestation}
	if s.Authority != nil {
		signed.Timestamp, err = s.Authority.Timestamp(ctx, manifest)
	}
	return signed, err
}

// bundle is a Sigstore bundle with a DSSE envelope, signed with a key that verifiers know
// by other means.
type bundle struct {
	MediaType    string       `json:"mediaType"`
	Verification verification `json:"verificationMaterial"`
	Envelope     envelope     `json:"dsseEnvelope"`
}

type verification struct {
	PublicKey struct {
		Hint string `json:"hint"`
	} `json:"publicKey"`
}

// envelope is a DSSE envelope. Its signatures name no key, because sigstore compares such
// a name with one that it computes itself.
type envelope struct {
	Payload     []byte      `json:"payload"`
	PayloadType string      `json:"payloadType"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	Sig []byte `json:"sig"`
}

// statement is an in-toto statement.
type statement struct {
	Type          string    `json:"_type"`
	Subject       []subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     any       `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// attest writes a signed statement as a Sigstore bundle.
func (s *Signer) attest(said Statement) ([]byte, error) {
	payload, err := marshal(said)
	if err != nil {
		return nil, err
	}
	sig, err := s.sign(preAuthentication(payloadType, payload))
	if err != nil {
		return nil, err
	}
	b := bundle{MediaType: bundleType, Envelope: envelope{payload, payloadType, []signature{{sig}}}}
	b.Verification.PublicKey.Hint = s.ID()
	return json.Marshal(b)
}

func marshal(said Statement) ([]byte, error) {
	s := statement{Type: statementType, PredicateType: said.PredicateType, Predicate: said.Predicate}
	for _, about := range said.Subjects {
		s.Subject = append(s.Subject, subject{about.Name, map[string]string{"sha256": about.SHA256}})
	}
	return json.Marshal(s)
}

// preAuthentication is what DSSE signs instead of the payload itself (its PAE).
func preAuthentication(payloadType string, payload []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload))
	b.Write(payload)
	return b.Bytes()
}
