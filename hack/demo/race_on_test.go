//go:build race

package main

// race tells whether the tests have the race detector. The programs then have it, too: what they
// consist of is compiled already.
const race = true
