package specimen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// signatureFiles are not listed by a seal's manifest.
var signatureFiles = map[string]bool{"manifest-sha256.txt.sig": true, "attestation.sigstore.json": true, "signer.pub": true, "manifest-sha256.txt.tsr": true}

// Signer signs archives.
type Signer struct {
	testing.TB
	key *ecdsa.PrivateKey
}

// NewSigner makes a signer with a key of its own.
func NewSigner(t testing.TB) *Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &Signer{t, key}
}

func (s *Signer) der() []byte {
	der, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	if err != nil {
		s.Fatal(err)
	}
	return der
}

// ID is the id of the key.
func (s *Signer) ID() string { return Sum(s.der()) }

// Public is the public key as PEM.
func (s *Signer) Public() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: s.der()})
}

func (s *Signer) sign(content []byte) []byte {
	digest := sha256.Sum256(content)
	for {
		signature, err := ecdsa.SignASN1(rand.Reader, s.key, digest[:])
		if err != nil {
			s.Fatal(err)
		}
		if IsLow(signature) {
			return signature
		}
	}
}

// parts of a signature.
type parts struct{ R, S *big.Int }

// IsLow reports whether a signature is the one of its two forms that archives contain.
func IsLow(signature []byte) bool {
	var p parts
	_, err := asn1.Unmarshal(signature, &p)
	return err == nil && p.S.Cmp(new(big.Int).Rsh(elliptic.P256().Params().N, 1)) <= 0
}

// Mirror returns the other form of a signature, which anybody can compute.
func Mirror(t testing.TB, signature []byte) []byte {
	t.Helper()
	var p parts
	if _, err := asn1.Unmarshal(signature, &p); err != nil {
		t.Fatal(err)
	}
	p.S = new(big.Int).Sub(elliptic.P256().Params().N, p.S)
	other, err := asn1.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return other
}

// Subject is what a statement is about.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// NewSubject names something by its SHA-256.
func NewSubject(name, digest string) Subject {
	return Subject{name, map[string]string{"sha256": digest}}
}

// The predicates of statements about bags and seals.
const (
	BagPredicate  = "https://recording.gcexport.dev/bag/v1"
	SealPredicate = "https://recording.gcexport.dev/seal/v1"
)

// BagBundle is a Sigstore bundle of a statement about what belongs to a bag, in order.
func (s *Signer) BagBundle(subjects ...Subject) []byte {
	return s.Bundle(BagPredicate, map[string]any{"signingKey": s.ID()}, subjects...)
}

// SealBundle is a Sigstore bundle of a statement about what belongs to a seal.
func (s *Signer) SealBundle(number int, subjects ...Subject) []byte {
	return s.Bundle(SealPredicate, map[string]any{"seal": number, "signingKey": s.ID()}, subjects...)
}

// Bundle is a Sigstore bundle of a statement about subjects.
func (s *Signer) Bundle(predicate string, says any, subjects ...Subject) []byte {
	payload := s.json(struct {
		Type      string    `json:"_type"`
		Subject   []Subject `json:"subject"`
		Predicate string    `json:"predicateType"`
		Says      any       `json:"predicate"`
	}{"https://in-toto.io/Statement/v1", subjects, predicate, says})
	const kind = "application/vnd.in-toto+json"
	signature := s.sign(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(payload), payload))
	return fmt.Appendf(nil, `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":%q}},`+
		`"dsseEnvelope":{"payload":%q,"payloadType":%q,"signatures":[{"sig":%q}]}}`,
		s.ID(), base64.StdEncoding.EncodeToString(payload), kind, base64.StdEncoding.EncodeToString(signature))
}

func (s *Signer) json(value any) []byte {
	content, err := json.Marshal(value)
	if err != nil {
		s.Fatal(err)
	}
	return content
}

// Sum is a SHA-256 in hexadecimal.
func Sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

// manifestOf writes the digests of a folder's files, of those that fit.
func (a *Archive) manifestOf(folder string, fits func(string) bool) []byte {
	a.Helper()
	var b strings.Builder
	for _, name := range a.Files(folder) {
		if fits(name) {
			fmt.Fprintf(&b, "%s  %s\n", Sum(a.Read(folder+"/"+name)), name)
		}
	}
	return []byte(b.String())
}

// Rebag makes a bag's size, manifests and signature fit what is in it, as a forger
// would who knows how bags are made and has the signer.
func (a *Archive) Rebag(name string) {
	a.Helper()
	folder := evidence.BagFolder(name)
	payload := func(name string) bool { return strings.HasPrefix(name, "data/") }
	size, count := 0, 0
	for _, file := range a.Files(folder) {
		if payload(file) {
			size, count = size+len(a.Read(folder+"/"+file)), count+1
		}
	}
	referenced, more := a.referenced(folder)
	size, count = size+more, count+len(referenced)
	info, _, _ := strings.Cut(string(a.Read(folder+"/bag-info.txt")), "Payload-Oxum: ")
	a.Write(folder+"/bag-info.txt", fmt.Appendf(nil, "%sPayload-Oxum: %d.%d\n", info, size, count))
	a.Write(folder+"/manifest-sha256.txt", append(a.manifestOf(folder, payload), strings.Join(referenced, "")...))
	a.SignBag(name)
}

// SignBag signs a bag's manifest, and makes its tag manifest fit.
func (a *Archive) SignBag(name string) {
	a.Helper()
	folder := evidence.BagFolder(name)
	if a.Signer != nil {
		var subjects []Subject
		for _, of := range []string{"manifest-sha256.txt", "bag-info.txt", "custody/events.jsonl"} {
			subjects = append(subjects, NewSubject(of, Sum(a.Read(folder+"/"+of))))
		}
		a.Write(folder+"/custody/manifest-sha256.txt.sig", a.Signer.sign(a.Read(folder+"/manifest-sha256.txt")))
		a.Write(folder+"/custody/attestation.sigstore.json", a.Signer.BagBundle(subjects...))
		a.Write(folder+"/custody/signer.pub", a.Signer.Public())
	}
	a.Retag(name)
}

// Retag makes a bag's tag manifest fit.
func (a *Archive) Retag(name string) {
	a.Helper()
	folder := evidence.BagFolder(name)
	a.Write(folder+"/tagmanifest-sha256.txt", a.manifestOf(folder, func(name string) bool {
		return !strings.HasPrefix(name, "data/") && name != "tagmanifest-sha256.txt"
	}))
}

// Reseal makes a seal's manifest and signature fit what is in it. It returns the
// SHA-256 of the manifest.
func (a *Archive) Reseal(number int) string {
	a.Helper()
	folder := evidence.SealFolder(number)
	manifest := a.manifestOf(folder, func(name string) bool { return name != "manifest-sha256.txt" && !signatureFiles[name] })
	a.Write(folder+"/manifest-sha256.txt", manifest)
	if a.Signer != nil {
		a.Write(folder+"/manifest-sha256.txt.sig", a.Signer.sign(manifest))
		a.Write(folder+"/attestation.sigstore.json", a.Signer.SealBundle(number, NewSubject("manifest-sha256.txt", Sum(manifest))))
		a.Write(folder+"/signer.pub", a.Signer.Public())
	}
	return Sum(manifest)
}

// Forge makes everything above a bag fit again: its manifests, what its seal says
// of it, and the seals. Only the contents of the bag show the change.
func (a *Archive) Forge(name string, seal int) {
	a.Helper()
	folder := evidence.BagFolder(name)
	before := Sum(a.Read(folder + "/tagmanifest-sha256.txt"))
	a.Rebag(name)
	after := Sum(a.Read(folder + "/tagmanifest-sha256.txt"))
	for _, table := range []string{"bags.csv", "bags-sha256.txt"} {
		a.Replace(evidence.SealFolder(seal)+"/"+table, before, after)
	}
	a.ForgeSeal(seal)
}

// ForgeSeal makes a seal fit again, and the one that names it.
func (a *Archive) ForgeSeal(number int) {
	a.Helper()
	before := Sum(a.Read(evidence.SealFolder(number) + "/manifest-sha256.txt"))
	after := a.Reseal(number)
	if number == 1 {
		a.Replace("seals/2/account.json", before, after)
		a.Rewrite("seals/2/events.jsonl", func(lines []string) []string {
			lines[0] = strings.Replace(lines[0], before, after, 1)
			return lines
		})
		a.Reseal(2)
	}
}

// Rewrite changes the lines of a custody log and makes its chain fit again.
func (a *Archive) Rewrite(name string, change func(lines []string) []string) {
	a.Helper()
	lines := change(strings.Split(strings.TrimSuffix(string(a.Read(name)), "\n"), "\n"))
	previous := strings.Repeat("0", 64)
	var log strings.Builder
	for i, line := range lines {
		var event struct {
			Sequence int               `json:"sequence"`
			Time     string            `json:"time"`
			Type     string            `json:"type"`
			Actor    string            `json:"actor"`
			Details  map[string]string `json:"details,omitempty"`
			Previous string            `json:"previous"`
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			a.Fatal(err)
		}
		event.Sequence, event.Previous = i+1, previous
		text, err := json.Marshal(event)
		a.must(err)
		previous = Sum(text)
		log.Write(append(text, '\n'))
	}
	a.Write(name, []byte(log.String()))
}
