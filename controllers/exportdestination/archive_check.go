package exportdestination

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// archiveCheck verifies the archives of a destination one by one.
type archiveCheck struct {
	fsys fs.FS
	// namespace is the destination's, and that of the exports of the archives.
	namespace string
	// exports returns the exports as they are at that moment, by the names of their archives.
	exports func(context.Context) (map[string]*v1alpha1.RecordingExport, error)
	// referenced returns what opens the files outside the archive of an export.
	referenced referencedOpener
	// run is told how many bytes were read.
	run     *run
	readers int
	// try is the attempt that the check is a part of, whose turns it respects.
	try transfer.Try
	// version of this program.
	version string
	now     func() time.Time
}

// found is what was found in one archive, nothing if it is not an archive.
type found struct {
	archive      bool
	files, bytes int64
	findings     []verify.Finding
	// more is how many findings there are beyond those.
	more int64
	// unchecked counts the files outside the archive that were not read, because its export does not
	// exist any more.
	unchecked int64
	// unlisted says why earlier versions of its seals could not be listed, empty if they could.
	unlisted string
}

// longestSealing is how long a seal may stay unfinished after the last of its files was
// stored: writing the next file takes minutes, and an operator may be down for days.
const longestSealing = 7 * 24 * time.Hour

// maxPasses bounds how often one archive is verified in a run.
const maxPasses = 3

// checkArchive verifies an archive. If it has findings, the archive is verified once more,
// and only findings of both passes count, because an export may have been writing.
// Evidence is only ever added, so real faults stay. A pass that could not read everything
// cannot confirm the findings of another.
func (c archiveCheck) checkArchive(ctx context.Context, name string) (found, error) {
	last, err := c.verifyOnce(ctx, name)
	for passes := 1; err == nil && len(last.findings) > 0 && passes < maxPasses; passes++ {
		former := last
		if last, err = c.verifyOnce(ctx, name); err == nil && (former.isRead() || passes == maxPasses-1) {
			last.findings = confirmed(former, last)
			break
		}
	}
	return last, err
}

// isRead reports whether everything could be read.
func (f found) isRead() bool {
	return !slices.ContainsFunc(f.findings, func(f verify.Finding) bool { return f.Kind == verify.Unreadable })
}

// confirmed are the findings of a pass that the one before has too: at the same path and of
// the same kind. Files that one of the passes could not read stay unreadable. If the one
// before has more findings than it lists, findings in the same bag or seal confirm each
// other, because one of each kind is listed in any case.
func confirmed(former, last found) []verify.Finding {
	alike := faultOf
	if former.more > 0 {
		alike = func(f verify.Finding) fault { return fault{f.Place(), f.Kind} }
	}
	seen := map[fault]bool{}
	for _, f := range former.findings {
		seen[alike(f)] = true
	}
	var findings []verify.Finding
	for _, f := range last.findings {
		isSeen := seen[alike(f)]
		if !isSeen && !former.isRead() {
			f.Kind = verify.Unreadable
		}
		if isSeen || f.Kind == verify.Unreadable {
			findings = append(findings, f)
		}
	}
	return findings
}

// fault is the path and the kind of a finding: findings of several lists about the same
// file are one fault.
type fault struct {
	path string
	kind verify.Kind
}

func faultOf(f verify.Finding) fault { return fault{f.Path, f.Kind} }

// verifyOnce verifies an archive in one pass. The export may still be running, or have
// been abandoned, so bags that are in no seal yet are not a fault. Every seal has to be
// there, and the last one has to be the one that the status of the export names; the next
// one may be unfinished, but only for so long, and only while the export exists.
func (c archiveCheck) verifyOnce(ctx context.Context, name string) (found, error) {
	sub, err := fs.Sub(c.fsys, name)
	if err != nil {
		return found{}, err
	}
	exports, err := c.exports(ctx)
	if err != nil {
		return found{}, err
	}
	meter := c.run.newMeter()
	options := verify.Options{Running: true, Workers: c.readers, Meter: meter, Namespace: c.namespace, Name: name, Version: c.version,
		CountReferenced: true}
	if export := exports[name]; export != nil {
		// Only the export names the Secret with the access key of the bucket.
		options.OpenReferenced = c.referenced(export)
		known := sealNamedBy(export)
		options.Seal, options.Number, options.Making = known.Digest, int(known.Number), int(known.Number)+1
		options.MakingSince = c.now().Add(-longestSealing)
	} else {
		options.Abandoned = true
	}
	report, err := verify.Archive(ctx, newYieldingFS(ctx, sub, c.try), options)
	switch {
	case errors.Is(err, verify.ErrNoArchive), errors.Is(err, fs.ErrNotExist): // not an archive, or removed meanwhile
		return found{}, nil
	case ctx.Err() != nil:
		return found{}, ctx.Err()
	case err != nil:
		return found{archive: true, findings: []verify.Finding{{Kind: verify.Unreadable, Path: ".", Says: err.Error()}}}, nil //nolint:nilerr // it is a finding, and the other archives are verified
	}
	findings := slices.DeleteFunc(report.Findings, func(f verify.Finding) bool { return f.Kind == verify.Unsealed })
	return found{true, meter.Files.Load(), meter.Bytes.Load(), findings, report.More, int64(report.Unchecked), report.VersionsNotListed}, nil
}

// exportsAt are the exports whose statuses name archives at a location, by the archives' names.
func exportsAt(location string, exports []v1alpha1.RecordingExport) map[string]*v1alpha1.RecordingExport {
	found := map[string]*v1alpha1.RecordingExport{}
	for i := range exports {
		name, here := strings.CutPrefix(exports[i].Status.Archive, location+"/")
		if here && !strings.Contains(name, "/") {
			found[name] = &exports[i]
		}
	}
	return found
}

// sealNamedBy returns the last seal that the status of an export names, of number 0 if there is none yet.
func sealNamedBy(export *v1alpha1.RecordingExport) v1alpha1.SealStatus {
	if export.Status.Seal == nil {
		return v1alpha1.SealStatus{}
	}
	return *export.Status.Seal
}
