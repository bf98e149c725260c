package signing

import (
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
)

// lowerS returns the form of a signature whose s is at most half the order of the curve
// P-256. For each valid signature (r, s), (r, n-s) is valid too (SEC 1, section 4.1.4),
// and anybody can compute it without the key: if both were accepted, somebody could change
// a signature file without being noticed.
func lowerS(signature []byte) ([]byte, error) {
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &parts); err != nil {
		return nil, err
	}
	order := elliptic.P256().Params().N
	if other := new(big.Int).Sub(order, parts.S); other.Cmp(parts.S) < 0 {
		parts.S = other
	}
	return asn1.Marshal(parts)
}
