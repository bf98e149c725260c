package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// newKey makes a key, with its id and its public half in PEM.
func (f *fixture) newKey() (key *ecdsa.PrivateKey, id string, public []byte) {
	f.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		f.Fatal(err)
	}
	sum := sha256.Sum256(der)
	return key, hex.EncodeToString(sum[:]), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// sign signs the last seal.
func (f *fixture) sign() {
	f.Helper()
	key, id, public := f.newKey()
	f.replace("seals/2/account.json", `"bags":`, `"signingKey":"`+id+`","bags":`)
	f.resign("seals/2")
	manifest, err := os.ReadFile(filepath.Join(f.archive, "seals/2/manifest-sha256.txt"))
	if err != nil {
		f.Fatal(err)
	}
	digest := sha256.Sum256(manifest)
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		f.Fatal(err)
	}
	f.write("seals/2/signer.pub", public)
	f.write("seals/2/manifest-sha256.txt.sig", signature)
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*fixture)
		says   string
	}{
		"sound":            {func(*fixture) {}, ""},
		"the key is gone":  {func(f *fixture) { f.remove("seals/2/signer.pub") }, "which is not there"},
		"no signature":     {func(f *fixture) { f.remove("seals/2/manifest-sha256.txt.sig") }, "has no signature"},
		"no key":           {func(f *fixture) { f.write("seals/2/signer.pub", nil) }, "a key that is none"},
		"another key":      {func(f *fixture) { _, _, public := f.newKey(); f.write("seals/2/signer.pub", public) }, "another key than"},
		"another manifest": {func(f *fixture) { f.write("seals/2/manifest-sha256.txt", []byte(sum(nil)+"  account.json\n")) }, "does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.sign()
			tt.change(f)
			status, says := f.judge()
			if (status == exitSound) != (tt.says == "") || !strings.Contains(says, tt.says) {
				t.Errorf("status %d, want %q:\n%s", status, tt.says, says)
			}
		})
	}
}
