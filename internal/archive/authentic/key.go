package authentic

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
)

// KeySize is the size of a master key in bytes.
const KeySize = 32

// Sizes in hexadecimal digits.
const (
	idDigits  = 16
	macDigits = 2 * sha256.Size
)

// ErrKeySize is the error for a master key of another size.
var ErrKeySize = errors.New("an artifact key has exactly 32 bytes")

// Master is the key from which the keys of all archives are derived. Only its id is ever
// printed. The zero value is not a key.
type Master struct {
	secret []byte
	id     string
}

// NewMaster returns the bytes of a new master key.
func NewMaster() []byte {
	secret := make([]byte, KeySize)
	_, _ = rand.Read(secret) // it never fails: see package crypto/rand
	return secret
}

// ParseMaster makes a master key of its bytes.
func ParseMaster(secret []byte) (Master, error) {
	if len(secret) != KeySize {
		return Master{}, ErrKeySize
	}
	m := Master{secret: append([]byte(nil), secret...)}
	id, err := m.derive("id")
	m.id = hex.EncodeToString(id)[:idDigits]
	return m, err
}

// ID names the key: 16 hexadecimal digits that reveal nothing about it.
func (m Master) ID() string { return m.id }

// String is the id.
func (m Master) String() string { return "artifact key " + m.id }

// Format is String whatever the verb, so that %#v hides the key too.
func (m Master) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, m.String()) }

// LogValue is String for structured logs.
func (m Master) LogValue() slog.Value { return slog.StringValue(m.String()) }

// derive derives a key for a purpose (HKDF with SHA-256, RFC 5869).
func (m Master) derive(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, m.secret, nil, "recording-export-operator artifacts v1\x00"+purpose, sha256.Size)
}

// Identity says which export an archive belongs to. It does not include the place of the
// archive, which may be copied to another root or bucket.
type Identity struct {
	Namespace, Export string
}

// archiveKey is the key of one archive's artifacts.
type archiveKey struct {
	secret []byte
	id     string
	// first tells that no artifact of the archive was verified before.
	first bool
}

// of derives the key of an archive. record is the SHA-256 of its record in hexadecimal,
// empty for the record itself and for an archive that has none.
func (m Master) of(i Identity, record string) (archiveKey, error) {
	secret, err := m.derive("archive\x00" + i.Namespace + "\x00" + i.Export + "\x00" + record)
	return archiveKey{secret, m.id, record == ""}, err
}

// newMAC starts the MAC of the artifact under a key of the archive. The body is written to
// it.
func (k archiveKey) newMAC(name string) hash.Hash {
	mac := hmac.New(sha256.New, k.secret)
	_, _ = io.WriteString(mac, "recording-export-operator artifact 1\x00"+name+"\x00")
	return mac
}
