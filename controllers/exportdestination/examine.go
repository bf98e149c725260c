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

// examiner verifies the archives of a destination one by one.
type examiner struct {
	fsys fs.FS
	// namespace is the destination's, whose exports the archives are.
	namespace string
	// seals gives the last seals of exports, as their statuses name them at that moment, by
	// the names of their archives: of number 0 if there is none yet.
	seals func(context.Context) (map[string]v1alpha1.SealStatus, error)
	// meter gives what counts the bytes of the next look.
	meter   func() *verify.Meter
	readers int
	// try is the piece of work that it is done in, whose turns it keeps to.
	try transfer.Try
	// version of this program.
	version string
	// now tells the time.
	now func() time.Time
}

// found is what was found of one archive; none if it is no archive.
type found struct {
	archive      bool
	files, bytes int64
	findings     []verify.Finding
	// more is how many findings there are beyond those.
	more int64
	// unlisted says why earlier versions of its seals could not be listed, empty if they could.
	unlisted string
}

// longestMaking is how long after something of a seal was stored last it may still be in
// the making: to write the next file takes minutes, and an operator may be down for days.
const longestMaking = 7 * 24 * time.Hour

// mostLooks bounds how often one archive is looked at in a verification.
const mostLooks = 3

// examine verifies an archive. What seems to be wrong is looked at once more, and
// is wrong only if it is so both times: an export may have been writing. Evidence
// is only ever added to, so what is really wrong stays so. A look that could not
// read everything cannot confirm what another has found.
func (e examiner) examine(ctx context.Context, name string) (found, error) {
	last, err := e.look(ctx, name)
	for looks := 1; err == nil && len(last.findings) > 0 && looks < mostLooks; looks++ {
		former := last
		if last, err = e.look(ctx, name); err == nil && (former.isRead() || looks == mostLooks-1) {
			last.findings = confirmed(former, last)
			break
		}
	}
	return last, err
}

// isRead tells whether everything could be read.
func (f found) isRead() bool {
	return !slices.ContainsFunc(f.findings, func(f verify.Finding) bool { return f.Kind == verify.Unreadable })
}

// confirmed are the findings of a look that the one before has too: at the same
// place and of the same kind. What could not be read stays not judged, and so does
// what the one before could not read. Where that has more findings than are
// listed, it is enough that they are in the same bag or seal: one of each kind is
// listed in any case.
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

// fault is where something is wrong, and in which way: what several lists say of
// it, each in its own words, is one fault.
type fault struct {
	path string
	kind verify.Kind
}

func faultOf(f verify.Finding) fault { return fault{f.Path, f.Kind} }

// look verifies an archive once. An export may still be running, or have been abandoned
// in the middle, so bags that are in no seal yet are no fault. Every seal has to be
// there, the last one as the status of the export names it; the next one may be in the
// making, but only of an export that exists, and not for ever.
func (e examiner) look(ctx context.Context, name string) (found, error) {
	sub, err := fs.Sub(e.fsys, name)
	if err != nil {
		return found{}, err
	}
	seals, err := e.seals(ctx)
	if err != nil {
		return found{}, err
	}
	meter := e.meter()
	options := verify.Options{Running: true, Workers: e.readers, Meter: meter, Namespace: e.namespace, Name: name, Version: e.version}
	if known, exists := seals[name]; exists {
		options.Seal, options.Number, options.Making = known.Digest, int(known.Number), int(known.Number)+1
		options.MakingSince = e.now().Add(-longestMaking)
	} else {
		options.Abandoned = true
	}
	report, err := verify.Archive(ctx, takeTurns(ctx, sub, e.try), options)
	switch {
	case errors.Is(err, verify.ErrNoArchive), errors.Is(err, fs.ErrNotExist): // none, or taken away meanwhile
		return found{}, nil
	case ctx.Err() != nil:
		return found{}, ctx.Err()
	case err != nil:
		return found{archive: true, findings: []verify.Finding{{Kind: verify.Unreadable, Path: ".", Says: err.Error()}}}, nil //nolint:nilerr // it is a finding, and the other archives are verified
	}
	findings := slices.DeleteFunc(report.Findings, func(f verify.Finding) bool { return f.Kind == verify.Unsealed })
	return found{true, meter.Files.Load(), meter.Bytes.Load(), findings, report.More, report.VersionsNotListed}, nil
}

// sealsAt are the seals that the statuses of exports name of archives at a location,
// by the archives' names: of number 0 where there is none yet.
func sealsAt(location string, exports []v1alpha1.RecordingExport) map[string]v1alpha1.SealStatus {
	seals := map[string]v1alpha1.SealStatus{}
	for i := range exports {
		status := exports[i].Status
		name, here := strings.CutPrefix(status.Archive, location+"/")
		if !here || strings.Contains(name, "/") {
			continue
		}
		seals[name] = v1alpha1.SealStatus{}
		if status.Seal != nil {
			seals[name] = *status.Seal
		}
	}
	return seals
}
