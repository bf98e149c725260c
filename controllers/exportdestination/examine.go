package exportdestination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// examiner verifies the archives of a destination one by one.
type examiner struct {
	fsys  fs.FS
	seals map[string]v1alpha1.SealStatus
	// meter gives what counts the bytes of the next look.
	meter   func() *verify.Meter
	readers int
	// try is the piece of work that it is done in, whose turns it keeps to.
	try transfer.Try
}

// found is what was found of one archive; none if it is no archive.
type found struct {
	archive      bool
	files, bytes int64
	findings     []verify.Finding
	// more is how many findings there are beyond those.
	more int64
}

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
	return !slices.ContainsFunc(f.findings, func(f verify.Finding) bool { return !isFault(f) })
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
		if isSeen || !isFault(f) {
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

// look verifies an archive once. An export may be at work in it, or have been
// given up in the middle, so what is in no seal yet is no fault.
func (e examiner) look(ctx context.Context, name string) (found, error) {
	sub, err := fs.Sub(e.fsys, name)
	if err != nil {
		return found{}, err
	}
	meter := e.meter()
	report, err := verify.Archive(ctx, takeTurns(ctx, sub, e.try), verify.Options{Running: true, Workers: e.readers, Meter: meter})
	switch {
	case errors.Is(err, verify.ErrNoArchive), errors.Is(err, fs.ErrNotExist): // none, or taken away meanwhile
		return found{}, nil
	case ctx.Err() != nil:
		return found{}, ctx.Err()
	case err != nil:
		return found{archive: true, findings: []verify.Finding{{Kind: verify.Unreadable, Path: ".", Says: err.Error()}}}, nil //nolint:nilerr // it is a finding, and the other archives are verified
	}
	findings := slices.DeleteFunc(report.Findings, func(f verify.Finding) bool { return f.Kind == verify.Unsealed })
	if finding, short := shortOf(report, e.seals[name]); short {
		findings = append(findings, finding)
	}
	return found{true, meter.Files.Load(), meter.Bytes.Load(), findings, report.More}, nil
}

// shortOf tells whether an archive lacks the seal that its export's status names:
// nothing in an archive shows that its last seals were taken away. Where something
// could not be read, or seals are missing in the middle, that cannot be told.
func shortOf(report verify.Report, known v1alpha1.SealStatus) (verify.Finding, bool) {
	number := int(known.Number)
	finding := verify.Finding{Kind: verify.SealChain, Path: evidence.SealFolder(number)}
	switch {
	case slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Kind == verify.Unreadable || f.Kind == verify.SealChain }):
		return finding, false
	case report.Seals < number:
		finding.Says = fmt.Sprintf("is missing, though the status of the export names it: the archive holds %s", words.Count(report.Seals, "seal"))
		return finding, true
	case number > 0 && report.Seals == number && report.Seal != known.Digest:
		finding.Says = "is not the seal that the status of the export names"
		return finding, true
	default:
		return finding, false
	}
}

// sealsAt are the seals that the statuses of exports name of archives at a location,
// by the archives' names.
func sealsAt(location string, exports []v1alpha1.RecordingExport) map[string]v1alpha1.SealStatus {
	seals := map[string]v1alpha1.SealStatus{}
	for i := range exports {
		status := exports[i].Status
		name, here := strings.CutPrefix(status.Archive, location+"/")
		if here && status.Seal != nil && !strings.Contains(name, "/") {
			seals[name] = *status.Seal
		}
	}
	return seals
}
