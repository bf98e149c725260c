package signing

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"
)

// The types of PEM blocks that matter here.
const (
	pemPKCS8     = "PRIVATE KEY"
	pemSEC1      = "EC PRIVATE KEY"
	pemEncrypted = "ENCRYPTED PRIVATE KEY"
	pemPublic    = "PUBLIC KEY"
)

// KeyError says why a key cannot be used. It contains nothing of the key.
type KeyError string

func (e KeyError) Error() string { return string(e) }

// Key is a private key, ECDSA with the curve P-256. Only its id is ever printed.
type Key struct {
	private *ecdsa.PrivateKey
	id      string
	public  []byte
}

// ParseKey reads a private key in PEM, as PKCS#8 or SEC 1. The error is a KeyError.
func ParseKey(text []byte) (Key, error) {
	block := firstKey(text)
	if block == nil {
		return Key{}, KeyError("it contains no private key in PEM")
	}
	var parsed any
	var err error
	switch {
	case block.Type == pemEncrypted || block.Headers["DEK-Info"] != "":
		return Key{}, KeyError("the key is encrypted, and the operator has no password")
	case block.Type == pemPKCS8:
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == pemSEC1:
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return Key{}, KeyError("it contains a " + block.Type + ", not an ECDSA private key with the curve P-256")
	}
	if err != nil {
		return Key{}, KeyError("the key in PEM cannot be read: it is incomplete or has an unknown form")
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return Key{}, KeyError("the key is not an ECDSA key")
	}
	if private.Curve != elliptic.P256() {
		return Key{}, KeyError("the key has the curve " + private.Curve.Params().Name + ", not P-256")
	}
	return newKey(private)
}

// firstKey is the first PEM block that does not contain a curve's parameters, which
// openssl writes before a key.
func firstKey(text []byte) *pem.Block {
	for {
		block, rest := pem.Decode(text)
		if block == nil || !strings.HasSuffix(block.Type, "PARAMETERS") {
			return block
		}
		text = rest
	}
}

func newKey(private *ecdsa.PrivateKey) (Key, error) {
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return Key{}, KeyError("its public key cannot be encoded")
	}
	sum := sha256.Sum256(der)
	return Key{private, hex.EncodeToString(sum[:]), pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: der})}, nil
}

// GenerateKey generates a key, in the form that ParseKey reads.
func GenerateKey() ([]byte, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPKCS8, Bytes: der}), nil
}

// ID is the SHA-256 of the public key in DER, in hexadecimal.
func (k Key) ID() string { return k.id }

// PublicKey is the public key in PEM.
func (k Key) PublicKey() []byte { return k.public }

// String is the id of the key.
func (k Key) String() string { return "key " + k.id }

// GoString is the id of the key.
func (k Key) GoString() string { return k.String() }

// sign signs a message with ECDSA over SHA-256, in ASN.1 DER, with the lower s.
func (k Key) sign(message []byte) ([]byte, error) {
	digest := sha256.Sum256(message)
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	if err != nil {
		return nil, err
	}
	return lowerS(signature)
}
