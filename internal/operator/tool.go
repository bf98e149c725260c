package operator

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"sync"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// tool tells what this program is.
func (o *operator) tool() evidence.Tool {
	return evidence.Tool{Name: name, Version: Version, Image: o.Image, Executable: executable()}
}

// executable is the SHA-256 of this program's file, in hexadecimal; empty if it
// cannot be read. It is computed once: the file may be replaced while it runs.
var executable = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return ""
	}
	return hex.EncodeToString(hash.Sum(nil))
})
