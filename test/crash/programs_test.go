// Package crash kills the real manager at every effect that it has on the world
// outside, starts it again, and has the verifier judge what comes of it.
package crash

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/gcexport/recording-export-operator/internal/controlplane"
	"github.com/gcexport/recording-export-operator/internal/testenv"
)

// server is the API server that all tests share.
var server *rest.Config

func TestMain(m *testing.M) {
	testenv.Main(m, func(config *rest.Config) { server = config })
}

// programs are what the tests run.
type programs struct{ manager, verifier string }

// built builds the manager, with failpoints and, if the tests have it, with the
// race detector; and the verifier.
var built = sync.OnceValues(func() (programs, error) {
	root, err := controlplane.SourceRoot()
	if err != nil {
		return programs{}, err
	}
	folder := filepath.Join(root, "bin", "crash")
	p := programs{filepath.Join(folder, "manager"), filepath.Join(folder, "verifier")}
	flags := []string{"-tags=failpoints"}
	if race {
		p.manager += "-race"
		flags = append(flags, "-race")
	}
	if err := build(root, p.manager, "./cmd/manager", flags...); err != nil {
		return p, err
	}
	return p, build(root, p.verifier, "./test/verifier")
})

func build(root, to, source string, flags ...string) error {
	command := exec.Command("go", append(append([]string{"build", "-o", to}, flags...), source)...)
	command.Dir, command.Stderr = root, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("build %s: %w", source, err)
	}
	return nil
}

func mustBuild(t *testing.T) programs {
	t.Helper()
	p, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return p
}
