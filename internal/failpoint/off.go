//go:build !failpoints

package failpoint

// Enabled reports whether this program has failpoints.
const Enabled = false

// Call names the point of a call to Genesys Cloud.
func Call(string) Point { return "" }

// Do has an effect, and calls on the failpoints around it. detail says what the
// effect is about.
func Do(_ Point, _ string, effect func() error) error { return effect() }

// Get is Do for an effect with a result.
func Get[T any](_ Point, _ string, effect func() (T, error)) (T, error) { return effect() }
