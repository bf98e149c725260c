package simulator

import (
	crand "crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
)

// Purposes keep keys that are derived from the same key apart.
const (
	forConversation = iota + 1
	forEarlier
	forHostile
	forDay
	forRecording
	forAnalytics
	forSession
	forMedia
	forFaults
	forIntegration
	forAudit
	forUser
	forOrphan
)

// mix is one step of SplitMix64, a bijection that leaves no trace of order.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// derive makes a key of another key and of what the new one is for, so that
// adding one thing to the data set leaves all others as they were.
func derive(key uint64, purpose ...uint64) uint64 {
	for _, p := range purpose {
		key = mix(key ^ mix(p))
	}
	return key
}

// dice returns the random numbers that belong to a key.
func dice(key uint64) *rand.Rand { return rand.New(rand.NewPCG(key, mix(key))) }

// uuidOf returns the UUID that belongs to a key.
func uuidOf(key uint64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], mix(key))
	binary.BigEndian.PutUint64(b[8:], mix(^key))
	return formatUUID(b)
}

// newUUID returns a UUID that nobody can foresee, for what exists at run time.
func newUUID() string {
	var b [16]byte
	crand.Read(b[:])
	return formatUUID(b)
}

// newSecret returns 256 random bits as text, for tokens.
func newSecret() string { return base64.RawURLEncoding.EncodeToString(newKey()) }

// newKey returns 256 random bits, for signatures.
func newKey() []byte {
	key := make([]byte, 32)
	crand.Read(key)
	return key
}

func formatUUID(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40 // version 4
	b[8] = b[8]&0x3f | 0x80 // variant of RFC 9562
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)

func isUUID(id string) bool { return uuidForm.MatchString(id) }
