package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"path"
)

// bundle is a Sigstore bundle with one signed statement, as the exporter writes it: its
// fields in this order, and no other.
type bundle struct {
	MediaType string   `json:"mediaType"`
	Material  material `json:"verificationMaterial"`
	Envelope  envelope `json:"dsseEnvelope"`
}

type material struct {
	PublicKey struct {
		Hint string `json:"hint"`
	} `json:"publicKey"`
}

type envelope struct {
	Payload     string         `json:"payload"`
	PayloadType string         `json:"payloadType"`
	Signatures  []envelopeSign `json:"signatures"`
}

type envelopeSign struct {
	Sig string `json:"sig"`
}

// statement is an in-toto statement, as the exporter writes it.
type statement struct {
	Type          string         `json:"_type"`
	Subject       []subject      `json:"subject"`
	PredicateType string         `json:"predicateType"`
	Predicate     map[string]any `json:"predicate"`
	// unread tells that a file could not be read of which the statement speaks.
	unread bool
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

const (
	bundleType    = "application/vnd.dev.sigstore.bundle.v0.3+json"
	payloadType   = "application/vnd.in-toto+json"
	statementType = "https://in-toto.io/Statement/v1"
	bagPredicate  = "https://recording.gcexport.dev/bag/v1"
	sealPredicate = "https://recording.gcexport.dev/seal/v1"
)

// newStatement is what an attestation has to say of files that were found, in order.
func newStatement(predicate string, says map[string]any, found hashedFiles, names ...string) statement {
	s := statement{Type: statementType, PredicateType: predicate, Predicate: says}
	for _, name := range names {
		s.Subject = append(s.Subject, subject{name, map[string]string{"sha256": found[name].sha256}})
		s.unread = s.unread || found[name].unread
	}
	return s
}

// checkAttestation checks the in-toto statement: its signature, that it speaks of what
// is there, and that it is written, to the byte, as the exporter writes it.
func (v *verifier) checkAttestation(s signed, key Key) {
	at := path.Join(s.beside, attestationFile)
	content, ok := v.read(at)
	if !ok {
		return
	}
	said, signature, err := openBundle(content, key)
	if err != nil {
		v.fault(Signature, at, "%v", err)
		return
	}
	if s.statement.unread || s.mute {
		return
	}
	if !v.checkSubjects(at, said, s.statement) {
		return
	}
	if want, err := s.statement.bundle(key, signature); err != nil || !bytes.Equal(want, content) {
		v.fault(Signature, at, "is signed, but differs from the statement that the exporter makes about %s", s.what)
	}
}

// checkSubjects compares the subjects of a statement with those that it has to have.
func (v *verifier) checkSubjects(at string, said, want statement) bool {
	left := map[string]string{}
	for _, s := range want.Subject {
		left[s.Name] = s.Digest["sha256"]
	}
	all := true
	for _, s := range said.Subject {
		digest, known := left[s.Name]
		delete(left, s.Name)
		if known && s.Digest["sha256"] == digest {
			continue
		}
		all = false
		if !known {
			v.fault(Signature, at, "has the subject %q, which does not belong there", cut(s.Name))
			continue
		}
		v.fault(Signature, at, "has the subject %s with SHA-256 %s, but the file has %s", s.Name, cut(s.Digest["sha256"]), digest)
	}
	for _, s := range want.Subject {
		if _, missing := left[s.Name]; missing {
			all = false
			v.fault(Signature, at, "does not have the subject %s", s.Name)
		}
	}
	return all
}

// bundle is the statement as the exporter writes it, with a signature.
func (s statement) bundle(key Key, signature []byte) ([]byte, error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	b := bundle{MediaType: bundleType, Envelope: envelope{
		Payload: base64.StdEncoding.EncodeToString(payload), PayloadType: payloadType,
		Signatures: []envelopeSign{{base64.StdEncoding.EncodeToString(signature)}},
	}}
	b.Material.PublicKey.Hint = key.ID
	return json.Marshal(b)
}

// openBundle returns the statement of a bundle with its signature, if it is signed with
// the key.
func openBundle(content []byte, key Key) (said statement, signature []byte, err error) {
	var b bundle
	if err := json.Unmarshal(content, &b); err != nil {
		return said, nil, fmt.Errorf("is not a Sigstore bundle: %w", err)
	}
	switch {
	case b.MediaType != bundleType:
		return said, nil, fmt.Errorf("is not a %s, but %q", bundleType, cut(b.MediaType))
	case b.Material.PublicKey.Hint != key.ID:
		return said, nil, fmt.Errorf("names key %q, but %s is key %s", cut(b.Material.PublicKey.Hint), signerFile, key.ID)
	case b.Envelope.PayloadType != payloadType || len(b.Envelope.Signatures) != 1:
		return said, nil, errors.New("does not contain exactly one signed in-toto statement")
	}
	payload, err := base64.StdEncoding.DecodeString(b.Envelope.Payload)
	signature, other := base64.StdEncoding.DecodeString(b.Envelope.Signatures[0].Sig)
	if err := errors.Join(err, other); err != nil {
		return said, nil, fmt.Errorf("is not in base64: %w", err)
	}
	digest := sha256.Sum256(preAuthentication(b.Envelope.PayloadType, payload))
	switch fault := key.signatureFault(digest[:], signature); fault {
	case noFault:
	case doesntFit:
		return said, nil, fmt.Errorf("has a signature that does not fit its statement, or was made with another key than %s", key.ID)
	default:
		return said, nil, fmt.Errorf("has a signature that %s", fault)
	}
	if err := json.Unmarshal(payload, &said); err != nil || said.Type != statementType {
		return said, nil, fmt.Errorf("contains no in-toto statement (%s)", statementType)
	}
	return said, signature, nil
}

// preAuthentication is what is signed of a DSSE envelope (PAE in its protocol.md).
func preAuthentication(kind string, payload []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload)
}
