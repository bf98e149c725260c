package world

import (
	"errors"
	"os/exec"
	"strings"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
)

// Verify has the verifier judge an archive. It is a program of its own that
// shares no code with the operator; what it says is returned, and whether it
// finds the archive sound.
func (w *World) Verify(archive string, flags ...string) (says string, sound bool) {
	w.Helper()
	root, err := controlplane.SourceRoot()
	if err != nil {
		w.Fatal(err)
	}
	command := exec.CommandContext(w.Context(), "go", append([]string{"run", "./test/verifier", "-archive", archive, "-truth", w.Endpoint}, flags...)...)
	command.Dir = root
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.Fatal(err)
	}
	return strings.TrimSpace(string(output)), err == nil
}
