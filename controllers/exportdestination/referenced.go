package exportdestination

import (
	"context"
	"io"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
)

// openReferenced opens a file outside an archive, at its location.
type openReferenced = func(ctx context.Context, location string) (io.ReadCloser, error)

// referencedOpener returns what opens the files outside the archive of an export, nil if it has none.
type referencedOpener = func(*v1alpha1.RecordingExport) openReferenced
