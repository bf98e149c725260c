package verify

import (
	"encoding/asn1"
	"errors"
	"math/big"
)

// The parts of a time-stamp response (RFC 3161, section 2.4.2) on the way to the
// digest that was stamped. Sequences go on after the fields that are named here.
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
		return nil, errors.New("its content is no time-stamp")
	}
	var stamp timestampInfo
	if _, err := asn1.Unmarshal(content.Content.Content, &stamp); err != nil {
		return nil, err
	}
	return stamp.Imprint.Digest, nil
}
