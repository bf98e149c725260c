// Package crd contains the operator's CustomResourceDefinitions, for programs that
// install them.
package crd

import "embed"

// Bases are the definitions, one file for each kind.
//
//go:embed bases/*.yaml
var Bases embed.FS
