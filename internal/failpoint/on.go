//go:build failpoints

package failpoint

import "strings"

// Enabled reports whether this program has failpoints.
const Enabled = true

// Call names the point of a call to Genesys Cloud.
func Call(op string) Point { return Point("genesys/" + strings.ReplaceAll(op, " ", "-")) }

// Do has an effect, and calls on the failpoints around it. detail says what the
// effect is about.
func Do(point Point, detail string, effect func() error) error {
	_, err := Get(point, detail, func() (struct{}, error) { return struct{}{}, effect() })
	return err
}

// Get is Do for an effect with a result.
func Get[T any](point Point, detail string, effect func() (T, error)) (T, error) {
	if err := loadRegistry().pass(string(point)+"/before", detail); err != nil {
		var none T
		return none, err
	}
	result, err := effect()
	if failed := loadRegistry().pass(string(point)+"/after", detail); failed != nil && err == nil {
		err = failed
	}
	return result, err
}
