package recordingexport

import (
	"k8s.io/utils/clock"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
)

// process is this process, as the evidence names it.
type process struct {
	clock    clock.Clock
	instance string
}

// stamp returns the stamp of what this process records now.
func (p process) stamp() artifacts.Stamp { return artifacts.NewStamp(p.clock.Now(), p.instance) }

// recorder records what this process does in an archive.
type recorder struct {
	process
	store archive.Store
}
