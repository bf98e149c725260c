//go:build !failpoints

package main

import "github.com/gcexport/recording-export-operator/internal/operator"

// applyTestOverrides changes nothing: only programs with failpoints have test overrides.
func applyTestOverrides(*operator.Options) error { return nil }
