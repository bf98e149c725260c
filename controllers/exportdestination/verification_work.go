package exportdestination

import (
	"context"
	"fmt"
	"io/fs"
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// verificationWork is the work of a run, which the pool does.
type verificationWork struct {
	objects  client.Reader
	events   events.EventRecorder
	location func(*v1alpha1.ExportDestination) string
	files    func(context.Context, *v1alpha1.ExportDestination) (fs.FS, error)
	// referenced opens the files outside the archive of an export.
	referenced referencedOpener
	clock      clock.PassiveClock
	version    string
}

// verify verifies everything that is stored at a destination, an archive at a time.
func (w verificationWork) verify(ctx context.Context, destination *v1alpha1.ExportDestination, of *run, try transfer.Try) error {
	if _, over := of.conclusion(); over {
		return nil
	}
	exports, err := w.knownExports(ctx, destination)
	if err != nil {
		return err
	}
	fsys, err := w.files(ctx, destination)
	if err != nil {
		return err
	}
	names, err := archive.Exports(fsys)
	if err != nil {
		return listError(err)
	}
	of.begin(w.clock.Now(), len(names))
	sum, archives, err := w.checkArchives(ctx, w.newCheck(fsys, destination, of, try), names)
	if err != nil {
		return err
	}
	if err := w.dropDeleted(ctx, destination, exports); err != nil {
		return err
	}
	sum.addMissing(exports, archives)
	of.finish(w.clock.Now(), sum)
	w.sendVersionsEvent(destination, sum)
	return nil
}

// newCheck returns what checks the archives of a destination.
func (w verificationWork) newCheck(fsys fs.FS, destination *v1alpha1.ExportDestination, of *run, try transfer.Try) archiveCheck {
	return archiveCheck{
		fsys: fsys, namespace: destination.Namespace, run: of, readers: readers(destination), try: try, version: w.version, now: w.clock.Now,
		referenced: w.referenced,
		exports: func(ctx context.Context) (map[string]*v1alpha1.RecordingExport, error) {
			return w.knownExports(ctx, destination)
		},
	}
}

// checkArchives checks all archives, and returns the names of those that are archives.
func (w verificationWork) checkArchives(ctx context.Context, check archiveCheck, names []string) (sum result, archives []string, err error) {
	for _, name := range names {
		of, err := check.checkArchive(ctx, name)
		if err != nil {
			return result{}, nil, err
		}
		if of.archive {
			archives = append(archives, name)
		}
		sum.add(name, of)
		check.run.archiveDone()
	}
	return sum, archives, nil
}

// sendVersionsEvent sends an event if earlier versions of seals could not be listed.
func (w verificationWork) sendVersionsEvent(destination *v1alpha1.ExportDestination, sum result) {
	if sum.unlisted == "" {
		return
	}
	w.events.Eventf(destination, nil, corev1.EventTypeNormal, v1alpha1.ReasonVersionsNotListed, "Verify", "%s", loop.Note(
		"earlier versions of seals could not be listed, so a seal that somebody hides with a delete marker is found only if the status of its export names it: "+sum.unlisted))
}

// listError is the error for a destination that cannot be listed. A directory is
// unreadable then; the error of an object store is returned as it is.
func listError(err error) error {
	if archive.KindOf(err) != "" {
		return err
	}
	return outcome.UserError{Reason: v1alpha1.ReasonEvidenceUnreadable, Message: "let the manager read the destination: " + err.Error()}
}

// dropDeleted removes the exports that were deleted since: the archive may be deleted with its
// export.
func (w verificationWork) dropDeleted(ctx context.Context, destination *v1alpha1.ExportDestination, exports map[string]*v1alpha1.RecordingExport) error {
	now, err := w.knownExports(ctx, destination)
	maps.DeleteFunc(exports, func(name string, _ *v1alpha1.RecordingExport) bool { return now[name] == nil })
	return err
}

// How many files of a destination are read at the same time: few, since nothing waits for
// the result, and some more from S3, where requests spend most of their time waiting.
const (
	readersOfDirectory = 1
	readersOfS3        = 4
)

func readers(destination *v1alpha1.ExportDestination) int {
	if destination.Spec.S3 != nil {
		return readersOfS3
	}
	return readersOfDirectory
}

// knownExports are the exports with archives at a destination, by the names of the archives. An
// archive may have newer seals than the status of its export names.
func (w verificationWork) knownExports(ctx context.Context, destination *v1alpha1.ExportDestination) (map[string]*v1alpha1.RecordingExport, error) {
	var exports v1alpha1.RecordingExportList
	if err := w.objects.List(ctx, &exports, client.InNamespace(destination.Namespace)); err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	return exportsAt(w.location(destination), exports.Items), nil
}
