//go:build !race

package crash

// race is set where the tests run with the race detector: then the manager does too.
const race = false
