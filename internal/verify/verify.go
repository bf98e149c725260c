package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// ErrNoArchive is the error for a place that contains no archive.
var ErrNoArchive = errors.New("there is no archive of an export")

// Options say how an archive is to be judged.
type Options struct {
	// Keys are vouched for from outside the archive. If there are any, every seal
	// must be signed by one of them.
	Keys []Key
	// Seal is the SHA-256 of the manifest of the last seal, if it is known from
	// outside the archive: nothing else shows that later seals were removed. Number
	// is the seal's, 0 if that is not known. A running export may have later ones.
	Seal   string
	Number int
	// Running tells that the export still works at the archive: bags that are in no seal
	// yet are not found fault with. Every seal that was made is judged as ever.
	Running bool
	// Making is the number of the seal that a running export may be making, 0 if none.
	// Nobody can tell from an archive a seal that is not finished from one whose manifest
	// was removed: so only who knows which seals were made may say so.
	Making int
	// MakingSince is when something of that seal must have been stored last, at the
	// earliest, for it to be in the making still; zero for whenever.
	MakingSince time.Time
	// Abandoned tells that the export does not exist any more: a last seal without a
	// manifest is Unfinished then, since nobody finishes it.
	Abandoned bool
	// Namespace and Name are the export's whose archive it has to be, empty if it may be
	// any export's.
	Namespace, Name string
	// Workers is how many files are read at the same time; as many as there are
	// cores if it is 0.
	Workers int
	// OpenReferenced opens a file that is outside the archive, at a location that a bag refers to
	// (evidence.ParseS3Location). The error is fs.ErrNotExist if nothing is there. If it is nil
	// these files are not read, and each is a finding of kind Unreadable.
	OpenReferenced func(ctx context.Context, location string) (io.ReadCloser, error)
	// CountReferenced only counts these files as unchecked if OpenReferenced is nil, without a
	// finding: for whoever says itself that they were not read.
	CountReferenced bool
	// Version is that of this program: what it wrote is in the words that it knows.
	Version string
	// Meter may be nil.
	Meter *Meter
}

// verifier judges one archive.
type verifier struct {
	findings
	// ctx is that of the verification: what reads a list line by line ends with it.
	ctx     context.Context //nolint:containedctx // it lives as long as the call of Archive
	fsys    fs.FS
	options Options
	// buffers are what files are read into: one for each worker.
	buffers chan []byte
	record  evidence.ExportRecord
	terms   exportTerms
	seals   []*seal
	bags    map[string]*bag
	// sealed are the names of the bags that seals contain.
	sealed map[string]bool
}

// Archive judges the archive whose root is fsys. The error says why it could not
// be judged: it is not an archive, the context has ended, or nothing can be listed.
func Archive(ctx context.Context, fsys fs.FS, options Options) (Report, error) {
	v := newVerifier(ctx, fsys, options)
	parts, err := v.parts()
	if err != nil {
		return Report{}, err
	}
	v.readRecord()
	v.readTerms()
	if err := v.readSeals(ctx, parts.seals); err != nil {
		return Report{}, err
	}
	if err := v.readBags(ctx, parts.bags); err != nil {
		return Report{}, err
	}
	c := newCensus(v)
	for _, s := range v.seals {
		c.takeSeal(s)
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
	}
	c.checkComplete()
	v.checkCoverage()
	v.checkTrust()
	v.checkKeyChanges()
	told := v.checkVersions()
	if err := ctx.Err(); err != nil {
		return Report{}, err
	}
	r := v.report(c)
	r.VersionsNotListed, r.UnlockedVersions = cut(told.unknown), told.unlocked
	return r, nil
}

// isEnded reports whether the verification was ended.
func (v *verifier) isEnded() bool { return v.ctx != nil && v.ctx.Err() != nil }

func newVerifier(ctx context.Context, fsys fs.FS, options Options) *verifier {
	if options.Workers <= 0 {
		options.Workers = runtime.GOMAXPROCS(0)
	}
	if options.Meter == nil {
		options.Meter = &Meter{}
	}
	v := &verifier{ctx: ctx, fsys: fsys, options: options, buffers: make(chan []byte, options.Workers), bags: map[string]*bag{}}
	for range options.Workers {
		v.buffers <- make([]byte, bufferSize)
	}
	return v
}

// parts are the names of what an archive consists of.
type parts struct{ bags, seals []string }

// parts lists the root and what is directly below it.
func (v *verifier) parts() (parts, error) {
	var p parts
	entries, err := v.readDir(".")
	if err != nil && !errors.Is(err, errEnough) {
		return p, fmt.Errorf("list the archive: %w", err)
	}
	if !slices.ContainsFunc(entries, isPart) {
		return p, ErrNoArchive
	}
	folders := map[string]*[]string{"bags": &p.bags, "seals": &p.seals}
	for _, entry := range entries {
		name := entry.Name()
		folder, known := folders[name]
		switch {
		case name == workFolder && entry.IsDir():
		case !fs.ValidPath(name):
			v.fault(Name, name, "is not a clean name: many systems treat it as another one")
		case name == evidence.RecordPath: // whether it is a file is seen when it is opened
		case !entry.IsDir() && !entry.Type().IsRegular():
			v.fault(Irregular, name, "is %s, not a file: its target is not evidence", irregular(entry.Type()))
		case known && entry.IsDir():
			*folder = v.folders(name)
		default:
			v.fault(Planted, name, "does not belong in an archive, which contains export.json, bags and seals")
		}
	}
	return p, nil
}

// workFolder contains notes that are not evidence.
const workFolder = ".work"

func isPart(entry fs.DirEntry) bool {
	return slices.Contains([]string{"bags", "seals", evidence.RecordPath}, entry.Name())
}

// folders lists the folders in a folder; anything else is a finding. A folder that
// cannot be listed is one, too: everything else that can be read is judged
// nevertheless.
func (v *verifier) folders(of string) []string {
	entries, err := v.readDir(of)
	switch {
	case errors.Is(err, errEnough):
		v.fault(Malformed, of, "contains more than %d folders: its other files are not checked", mostFolders)
	case err != nil:
		v.unlistable(of, err)
	}
	var names []string
	for _, entry := range entries {
		switch at := of + "/" + entry.Name(); {
		case !fs.ValidPath(entry.Name()):
			v.fault(Name, at, "is not a clean name: many systems treat it as another one")
		case entry.IsDir():
			names = append(names, entry.Name())
		case !entry.Type().IsRegular():
			v.fault(Irregular, at, "is %s, not a folder: its target is not evidence", irregular(entry.Type()))
		default:
			v.fault(Planted, at, "does not belong here: only folders do")
		}
	}
	v.checkNames(of, asListing(names))
	return names
}

func asListing(names []string) listing {
	files := listing{}
	for _, name := range names {
		files[name] = 0
	}
	return files
}

// readRecord reads whose archive it is.
func (v *verifier) readRecord() {
	content, ok := v.read(evidence.RecordPath)
	if !ok {
		return
	}
	if !v.asWritten(evidence.RecordPath, content, &v.record, json.Marshal) {
		return
	}
	v.checkIdentity()
	if digest := canonicalDigest(v.record.Spec); digest != v.record.SpecDigest {
		v.fault(Altered, evidence.RecordPath, "contains a spec with SHA-256 %s, but states SHA-256 %s", digest, cut(v.record.SpecDigest))
	}
}

// checkIdentity checks that the archive is the one that it has to be: one that was
// renamed, or copied to the place of another, agrees with itself.
func (v *verifier) checkIdentity() {
	is, want := v.record, v.options
	if want.Namespace != "" && is.Namespace != want.Namespace || want.Name != "" && is.Name != want.Name {
		v.fault(Identity, evidence.RecordPath, "states that this is the archive of %s/%s, but it is stored as %s", cut(is.Namespace), cut(is.Name), path.Join(want.Namespace, want.Name))
	}
}

// readBags judges every bag by itself, several at a time.
func (v *verifier) readBags(ctx context.Context, names []string) error {
	v.sealed = map[string]bool{}
	for _, s := range v.seals {
		for _, line := range s.bags {
			v.sealed[line.Get("bag")] = true
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.options.Workers)
	read := make([]*bag, len(names))
	for i, name := range names {
		group.Go(func() error {
			var err error
			read[i], err = v.judgeBag(ctx, name)
			return err
		})
	}
	err := group.Wait()
	for _, b := range read {
		if b != nil {
			v.bags[b.name] = b
		}
	}
	return err
}
