// Package story tells whole stories of the operator: a real API server, the
// real client over HTTP, the simulator in the place of Genesys Cloud, and real
// files. Each test can be run alone, from an editor too.
package story

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys/simulator"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/testenv"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/test/world"
)

// server is the API server that all stories share.
var server *rest.Config

func TestMain(m *testing.M) {
	testenv.Main(m, func(config *rest.Config) { server = config })
}

// day is the first of the simulator's data.
var day = world.Day

// story is a world with what the stories look at.
type story struct {
	*world.World
	// openReferenced opens what bags refer to outside the archive, nil if there is nothing.
	openReferenced func(ctx context.Context, location string) (io.ReadCloser, error)
}

// allowed is the list of what a manager may ask.
func (w *story) allowed(entries ...string) egress.List {
	w.Helper()
	list, err := egress.ParseList(strings.Join(entries, ","))
	if err != nil {
		w.Fatal(err)
	}
	return list
}

// newStory makes a world of its own for a story, so that stories are told side
// by side.
func newStory(t *testing.T, change func(*simulator.Options)) *story {
	t.Helper()
	t.Parallel()
	w := &story{World: world.New(t, server, change)}
	t.Cleanup(w.verify)
	return w
}

// verify makes sure that at the end of every story, wherever it ends, nothing is
// wrong with what it has sealed.
func (w *story) verify() {
	if _, err := os.Stat(filepath.Join(w.Archive(), "seals")); errors.Is(err, fs.ErrNotExist) {
		return
	}
	seals, err := os.ReadDir(filepath.Join(w.Archive(), "seals"))
	if err != nil {
		w.Error(err)
	}
	// A story may end while the last seal is being made.
	report, err := verify.Archive(context.WithoutCancel(w.Context()), os.DirFS(w.Archive()), verify.Options{
		Running: true, Making: len(seals), Version: operator.Version, OpenReferenced: w.openReferenced,
	})
	if err != nil {
		w.Error(err)
	}
	for _, finding := range report.Findings {
		w.Error(finding)
	}
}
