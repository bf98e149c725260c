// Package usage bounds how many bytes each namespace uses on the volume that the archives
// of all namespaces share (limits.go). It measures the volume (meter.go, walk.go) and counts
// what is written (store.go); transfers reserve what they will write (reservation.go).
// Buckets are not shared, so they are not measured.
package usage

import (
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Flag sets Limits on the command line of the manager.
const Flag = "--max-bytes-per-namespace"

// everyOther stands for the namespaces that no entry names.
const everyOther = "*"

// Limits are how many bytes namespaces may use. The zero value is without a bound.
type Limits struct {
	// others is for the namespaces that are not in of; 0 is without a bound.
	others int64
	of     map[string]int64
}

// ParseLimits parses a comma-separated list, for example legal=2Ti,*=500Gi: a quantity of
// bytes for each namespace, 0 for no bound, and * for all others. One quantity alone is
// for all namespaces, and an empty list is without a bound.
func ParseLimits(list string) (Limits, error) {
	limits := Limits{of: map[string]int64{}}
	for entry := range strings.SplitSeq(list, ",") {
		name, text, isNamed := strings.Cut(strings.TrimSpace(entry), "=")
		switch {
		case name == "" && !isNamed && list == "":
			return Limits{}, nil
		case !isNamed:
			name, text = everyOther, name
		case name != everyOther && len(validation.IsDNS1123Label(name)) > 0:
			return Limits{}, fmt.Errorf("%q is neither the name of a namespace nor *", name)
		}
		if _, twice := limits.of[name]; twice {
			return Limits{}, fmt.Errorf("%q occurs twice", name)
		}
		bytes, err := parseBytes(text)
		if err != nil {
			return Limits{}, fmt.Errorf("%q: %w", entry, err)
		}
		limits.of[name] = bytes
	}
	limits.others = limits.of[everyOther]
	return limits, nil
}

func parseBytes(text string) (int64, error) {
	quantity, err := resource.ParseQuantity(text)
	if err != nil || quantity.Sign() < 0 {
		return 0, errors.New("want a quantity of bytes, for example legal=2Ti,*=500Gi")
	}
	return quantity.Value(), nil
}

// Of is how many bytes a namespace may use, 0 without a bound.
func (l Limits) Of(namespace string) int64 {
	if bytes, named := l.of[namespace]; named {
		return bytes
	}
	return l.others
}

// isAny tells whether any namespace has a bound.
func (l Limits) isAny() bool {
	for _, bytes := range l.of {
		if bytes > 0 {
			return true
		}
	}
	return false
}
