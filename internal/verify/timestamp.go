package verify

import (
	"bytes"
	"encoding/asn1"
	"errors"
	"math/big"
	"path"
)

// The parts of a time-stamp response (RFC 3161, section 2.4.2) on the way to the
// digest that was stamped. Sequences continue after the fields that are named here.
type (
	timestampResponse struct {
		Status asn1.RawValue
		Token  contentInfo
	}
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	signedContent struct {
		Version    int
		Algorithms asn1.RawValue
		Content    struct {
			Type    asn1.ObjectIdentifier
			Content []byte `asn1:"explicit,tag:0"`
		}
		Rest asn1.RawValue `asn1:"optional"`
	}
	timestampInfo struct {
		Version int
		Policy  asn1.ObjectIdentifier
		Imprint struct {
			Algorithm asn1.RawValue
			Digest    []byte
		}
		Serial *big.Int
	}
)

// stampedInfo is the type of what is stamped (id-ct-TSTInfo).
var stampedInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// stampedDigest returns the digest that a time-stamp response is about.
func stampedDigest(response []byte) ([]byte, error) {
	var answer timestampResponse
	if rest, err := asn1.Unmarshal(response, &answer); err != nil || len(rest) > 0 {
		return nil, errors.Join(err, errors.New("it is not one answer with a token"))
	}
	var content signedContent
	if _, err := asn1.Unmarshal(answer.Token.Content.Bytes, &content); err != nil {
		return nil, err
	}
	if !content.Content.Type.Equal(stampedInfo) {
		return nil, errors.New("its content is not a time-stamp")
	}
	var stamp timestampInfo
	if _, err := asn1.Unmarshal(content.Content.Content, &stamp); err != nil {
		return nil, err
	}
	return stamp.Imprint.Digest, nil
}

// checkTimestamp checks that a time-stamp is one of the manifest. That it is by an
// authority that is to be trusted is for "openssl ts -verify", which knows whom.
func (v *verifier) checkTimestamp(s signed, digest []byte) {
	at := path.Join(s.beside, timestampFile)
	_, there := s.found[timestampFile]
	switch {
	case there && !s.stamped && !s.mute:
		v.fault(Planted, at, "is a time-stamp of %s, but %s does not state that there is one", s.what, s.says)
	case !there && s.stamped:
		v.reportMissing(at, "is missing, though %s states that an authority attests the time of %s", s.says, s.what)
	}
	if !there {
		return
	}
	content, ok := v.read(at)
	if !ok {
		return
	}
	imprint, err := stampedDigest(content)
	if err != nil {
		v.fault(Malformed, at, "is not a time-stamp response (RFC 3161): %v", err)
		return
	}
	if !bytes.Equal(imprint, digest) {
		v.fault(Signature, at, "is a time-stamp of something else: of SHA-256 %x, but %s has %x", imprint, s.manifest, digest)
	}
}
