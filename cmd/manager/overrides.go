//go:build !failpoints

package main

import "github.com/gcexport/recording-export-operator/internal/operator"

// applyTestOverrides changes nothing but in a program with failpoints.
func applyTestOverrides(*operator.Options) error { return nil }
