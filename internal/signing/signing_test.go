package signing

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl runs openssl and returns what it prints.
func openssl(t *testing.T, arguments ...string) []byte {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "openssl", arguments...).Output()
	if err != nil {
		t.Fatalf("openssl %s: %v", strings.Join(arguments, " "), err)
	}
	return output
}

// generate has openssl make a key.
func generate(t *testing.T, arguments ...string) []byte {
	t.Helper()
	return openssl(t, append([]string{"genpkey"}, arguments...)...)
}

func p256(t *testing.T) []byte {
	t.Helper()
	return generate(t, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
}

// write stores something in a file.
func write(t *testing.T, content []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestKeysThatCanBeUsed(t *testing.T) {
	made, err := GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"ours":                       made,
		"PKCS#8":                     p256(t),
		"SEC 1":                      openssl(t, "ecparam", "-name", "prime256v1", "-genkey", "-noout"),
		"SEC 1 after its parameters": openssl(t, "ecparam", "-name", "prime256v1", "-genkey"),
	} {
		key, err := ParseKey(text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		der := openssl(t, "pkey", "-in", write(t, text), "-pubout", "-outform", "DER")
		if sum := sha256.Sum256(der); key.ID() != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: id %s, openssl says %x", name, key.ID(), sum)
		}
		if public := openssl(t, "pkey", "-in", write(t, text), "-pubout"); string(public) != string(key.PublicKey()) {
			t.Errorf("%s: public key %s, openssl says %s", name, key.PublicKey(), public)
		}
	}
}

func TestKeysThatCannotBeUsed(t *testing.T) {
	good := p256(t)
	body := strings.Split(string(good), "\n")[1]
	for name, tt := range map[string]struct {
		text []byte
		says string
	}{
		"nothing":      {nil, "no private key"},
		"no PEM":       {[]byte("s3cret"), "no private key"},
		"RSA":          {generate(t, "-algorithm", "RSA"), "not an ECDSA key"},
		"Ed25519":      {generate(t, "-algorithm", "ED25519"), "not an ECDSA key"},
		"P-384":        {generate(t, "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "curve P-384"},
		"the public":   {openssl(t, "pkey", "-in", write(t, good), "-pubout"), "contains a PUBLIC KEY"},
		"encrypted":    {openssl(t, "pkey", "-in", write(t, good), "-aes256", "-passout", "pass:s3cret"), "encrypted"},
		"cut short":    {[]byte("-----BEGIN PRIVATE KEY-----\n" + body + "\n-----END PRIVATE KEY-----\n"), "it is incomplete"},
		"of no form":   {[]byte("-----BEGIN EC PRIVATE KEY-----\nczNjcmV0\n-----END EC PRIVATE KEY-----\n"), "it is incomplete"},
		"without hull": {[]byte(body), "no private key"},
	} {
		_, err := ParseKey(tt.text)
		var known KeyError
		if !errors.As(err, &known) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
		if err != nil && (strings.Contains(err.Error(), body) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: the error tells of the key: %v", name, err)
		}
	}
}

// FuzzParseKey: whatever a Secret contains, it is a key or an error, and never a panic.
func FuzzParseKey(f *testing.F) {
	key, err := GenerateKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(key)
	f.Add([]byte("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := ParseKey(text)
		if (err == nil) != (len(key.ID()) == 2*sha256.Size) {
			t.Errorf("%v, %v", key, err)
		}
	})
}

// TestAKeyDoesNotShowItself however it is printed.
func TestAKeyDoesNotShowItself(t *testing.T) {
	key, err := ParseKey(p256(t))
	if err != nil {
		t.Fatal(err)
	}
	signer := &Signer{Key: key}
	secret, err := key.private.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	number := new(big.Int).SetBytes(secret)
	asJSON, err := json.Marshal(signer)
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %v %+v %#v %s", key, key, key, key, signer, signer, signer, asJSON)
	if strings.Contains(all, number.String()) || strings.Contains(strings.ToLower(all), number.Text(16)) {
		t.Errorf("a key shows itself: %s", all)
	}
}

// sample signs something.
func sample(t *testing.T, authority Authority) (Key, Signatures) {
	t.Helper()
	key, err := ParseKey(p256(t))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := (&Signer{Key: key, Authority: authority}).Sign(t.Context(), []byte("a manifest"), Statement{
		Subjects:      []Subject{{"manifest-sha256.txt", "aa"}, {"bag-info.txt", "bb"}},
		PredicateType: "https://example.org/custody", Predicate: map[string]string{"case": "4711"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return key, signed
}

// TestEachUseIsTold: of a key, once for each manifest, also if no time-stamp follows.
func TestEachUseIsTold(t *testing.T) {
	key, err := ParseKey(p256(t))
	if err != nil {
		t.Fatal(err)
	}
	var used []Use
	signer := &Signer{Key: key, Authority: told{err: errors.New("silent")}, Used: func(u Use) { used = append(used, u) }}
	if _, err := signer.Sign(t.Context(), []byte("a manifest"), Statement{PredicateType: "https://example.org/custody"}); err == nil {
		t.Error("the authority was not asked")
	}
	want := Use{key.ID(), fmt.Sprintf("%x", sha256.Sum256([]byte("a manifest"))), "https://example.org/custody"}
	if len(used) != 1 || used[0] != want {
		t.Errorf("%v, want %v", used, want)
	}
}

// TestRawSignature: openssl accepts it over the manifest, and over nothing else.
func TestRawSignature(t *testing.T) {
	_, signed := sample(t, nil)
	verify := func(content string) error {
		return exec.CommandContext(t.Context(), "openssl", "dgst", "-sha256", "-verify", write(t, signed.PublicKey),
			"-signature", write(t, signed.Raw), write(t, []byte(content))).Run()
	}
	if err := verify("a manifest"); err != nil {
		t.Errorf("openssl: %v", err)
	}
	if verify("another manifest") == nil {
		t.Error("openssl takes any manifest")
	}
	if signed.Timestamp != nil {
		t.Error("there is a time-stamp of nobody")
	}
}

// TestAttestation reads the bundle as its specification has it, without the types
// that wrote it, and verifies the signature over DSSE's pre-authentication encoding.
func TestAttestation(t *testing.T) {
	key, signed := sample(t, nil)
	var read struct {
		MediaType            string
		VerificationMaterial struct{ PublicKey struct{ Hint string } }
		DsseEnvelope         struct {
			Payload, PayloadType string
			Signatures           []struct{ Sig, Keyid string }
		}
	}
	if err := json.Unmarshal(signed.Attestation, &read); err != nil {
		t.Fatal(err)
	}
	e := read.DsseEnvelope
	if read.MediaType != "application/vnd.dev.sigstore.bundle.v0.3+json" || read.VerificationMaterial.PublicKey.Hint != key.ID() ||
		e.PayloadType != "application/vnd.in-toto+json" || len(e.Signatures) != 1 || e.Signatures[0].Keyid != "" {
		t.Fatalf("bundle %s", signed.Attestation)
	}
	payload, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := base64.StdEncoding.DecodeString(e.Signatures[0].Sig)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(signed.PublicKey)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	said := "DSSEv1 28 application/vnd.in-toto+json " + fmt.Sprint(len(payload)) + " " + string(payload)
	digest := sha256.Sum256([]byte(said))
	if !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), digest[:], sig) {
		t.Error("the envelope's signature does not fit")
	}
	const want = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"manifest-sha256.txt","digest":{"sha256":"aa"}},` +
		`{"name":"bag-info.txt","digest":{"sha256":"bb"}}],"predicateType":"https://example.org/custody","predicate":{"case":"4711"}}`
	if string(payload) != want {
		t.Errorf("statement %s, want %s", payload, want)
	}
}

// told is an authority that always says the same.
type told struct {
	answer string
	err    error
}

func (a told) Timestamp(context.Context, []byte) ([]byte, error) { return []byte(a.answer), a.err }

func TestAnAuthorityIsAsked(t *testing.T) {
	if _, signed := sample(t, told{answer: "noon"}); string(signed.Timestamp) != "noon" {
		t.Errorf("time-stamp %q", signed.Timestamp)
	}
	key, _ := sample(t, nil)
	silent := errors.New("silence")
	if _, err := (&Signer{Key: key, Authority: told{err: silent}}).Sign(t.Context(), nil, Statement{}); !errors.Is(err, silent) {
		t.Errorf("Sign: %v, want %v", err, silent)
	}
}
