package events

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// TimestampHeader is the header with the time of the signature, in seconds since 1970.
	TimestampHeader = "Recording-Export-Timestamp"
	// SignatureHeader is the header with the signature, or several with commas between them.
	SignatureHeader = "Recording-Export-Signature"
	// Window is how much the time of a signature may differ from now.
	Window = 5 * time.Minute
	// scheme precedes the hexadecimal digits of a signature.
	scheme = "v1="
	// maxSignatures of a request: two secrets may be active.
	maxSignatures = 4
	// attributes is the beginning of the headers with the attributes of a CloudEvent.
	attributes = "Ce-"
)

// Sign adds the headers that prove that the owner of a secret sent a request. The attributes
// of a CloudEvent in binary mode must be in the header already.
func Sign(secret []byte, at time.Time, header http.Header, body []byte) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	header.Set(TimestampHeader, stamp)
	header.Set(SignatureHeader, scheme+hex.EncodeToString(mac(secret, stamp, header, body)))
}

// Verify returns when a request was signed with one of the secrets. It compares every
// signature with every secret in constant time.
func Verify(secrets [][]byte, now time.Time, header http.Header, body []byte) (time.Time, error) {
	stamp, signatures, err := signaturesOf(header)
	if err != nil {
		return time.Time{}, err
	}
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != stamp {
		return time.Time{}, &Error{SignatureMissing, TimestampHeader + " must be the seconds since 1970"}
	}
	at := time.Unix(seconds, 0)
	if at.Before(now.Add(-Window)) || at.After(now.Add(Window)) {
		return time.Time{}, &Error{SignatureStale, TimestampHeader + " differs from the receiver's clock by more than 5 minutes"}
	}
	matches := false
	for _, secret := range secrets {
		want := mac(secret, stamp, header, body)
		for _, signature := range signatures {
			matches = hmac.Equal(want, signature) || matches
		}
	}
	if !matches {
		return time.Time{}, &Error{SignatureWrong, SignatureHeader + " does not match the request and the secret"}
	}
	return at, nil
}

// signaturesOf returns the time stamp and the signatures of a request.
func signaturesOf(header http.Header) (stamp string, signatures [][]byte, err error) {
	missing := &Error{SignatureMissing, "send " + TimestampHeader + " and " + SignatureHeader + ": " + scheme + "…, once each"}
	if len(header.Values(TimestampHeader)) != 1 || len(header.Values(SignatureHeader)) != 1 {
		return "", nil, missing
	}
	listed := strings.Split(header.Get(SignatureHeader), ",")
	if len(listed) > maxSignatures {
		return "", nil, missing
	}
	for _, text := range listed {
		digits, found := strings.CutPrefix(strings.TrimSpace(text), scheme)
		signature, err := hex.DecodeString(digits)
		if !found || err != nil || len(signature) != sha256.Size {
			return "", nil, missing
		}
		signatures = append(signatures, signature)
	}
	return header.Get(TimestampHeader), signatures, nil
}

// mac is the HMAC-SHA256 of <time stamp>.<attributes><body>. The attributes are those of a
// CloudEvent in binary mode, otherwise there are none: each is a line ce-<name>:<value>, sorted. No
// body can be confused with them, because a body is a JSON object.
func mac(secret []byte, stamp string, header http.Header, body []byte) []byte {
	hash := hmac.New(sha256.New, secret)
	hash.Write([]byte(stamp + "."))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !strings.HasPrefix(name, attributes) {
			continue
		}
		for _, value := range header[name] {
			hash.Write([]byte(strings.ToLower(name) + ":" + value + "\n"))
		}
	}
	hash.Write(body)
	return hash.Sum(nil)
}
