// Package artifacts defines the working files of the operator: the survey, the plan, the
// metadata, the requests. A step that finds its artifact does not repeat its requests to
// Genesys Cloud, so a process may end at any point, and another one continues.
//
// The operator reads only authentic artifacts: those that were written with its artifact key
// (package authentic).
//
// Artifacts are JSON files below the archive's .work/ and written once: if two processes write
// the same artifact, the first one is kept, and the second process uses it. The evidence is
// made from them when a bag is sealed.
//
//	.work/record.json                        whose the archive is, as export.json repeats it
//	.work/owners/<number>.json               each cluster that took the archive over
//	.work/rekeyed/<seals>.json               that it was continued without its artifact key
//	.work/rekeying/…                         copies, while artifacts get another key
//	.work/survey/<day>/<pass>.json           what a survey of a day found
//	.work/jobs/<day>.<pass>.json             the analytics job that is asking
//	.work/hold-trouble/<day>.<pass>.json     since when the legal holds of a survey could not be queried
//	.work/failed-jobs/<day>.<pass>/<n>.json  analytics jobs that were ended because they gave no answer
//	.work/plan/<number>.json                 what became known, in order, with the slices that it led to
//	.work/plan-bundles/<number>.json         many of these in one, for whoever reads all of them
//	.work/metadata/<group>/<conversation>.json
//	.work/holds/<group>.json                 the holds before transfer
//	.work/restorations/<group>/<lane>/attempts/<conversation>.<recording>.json
//	.work/restorations/<group>/<lane>/refusals/<conversation>.<recording>.json
//	.work/restorations/<group>/<lane>/ended/<conversation>.json
//	.work/batches/<batch>/slice.json         the conversations of the batch
//	.work/batches/<batch>/inventory.json     its recordings, and which are wanted
//	.work/bulk-running/<batch>.<part>.<n>.json  that such a job may exist and has not ended
//	.work/batches/<batch>/bulk/attempts/<part>.<n>.json  a bulk job, before it is created
//	.work/batches/<batch>/bulk/created/<part>.<n>.json  which job that is
//	.work/batches/<batch>/bulk/ended/<part>.<n>.json  how that ended
//	.work/batches/<batch>/bulk/refused/<conversation>.<recording>.<sha256>.json  an object of the bucket that is not used
//	.work/batches/<batch>/bulk/done.json     that nothing more is expected of bulk jobs
//	.work/batches/<batch>/requests/<try>-<n>.json
//	.work/batches/<batch>/answers/<request>.json
//	.work/batches/<batch>/aside/<conversation>.<recording>.json  what the batch does not request any more
//	.work/batches/<batch>/files/<conversation>.<recording>.<nn>.json
//	.work/batches/<batch>/received/<conversation>.<recording>.<nn>.<sha256>.json  what came whole, before it is stored
//	.work/batches/<batch>/closing.json       that no recording is stored in its bag any more
//	.work/batches/<batch>/outcome.json       the inventory with what became of each recording
//	.work/batches/<batch>/runs/<run>.json    each process that worked on it
//	.work/batches/<batch>/bagging.json       what its bag tells of its making
//	.work/batches/<batch>/sealed.json        the digest of its bag
//	.work/seals/<number>.begun.json          what a seal tells of its making
//	.work/seals/<number>.json                the digest of a seal
//	.work/signatures/bags/<batch>.json       what is signed of a bag
//	.work/signatures/seals/<number>.json     and of a seal
//	.work/second-source/<seal>.json          how the account compares with a second source
//	.work/second-source/<seal>.orphans.json  which recordings are attached to no conversation
//	.work/second-source/<seal>.trouble.json  since when these cannot be listed
//
// and, shared by the exports of a destination, in an archive of its own,
//
//	.work/<organisation>/<day>/<n>/<page>.json          what the organisation retains
//	.work/<organisation>/orphans/<day>/<n>/<page>.json  its recordings of no conversation
package artifacts

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// Version is the version of the artifacts that this release writes. It is raised when
// an earlier release must not read what is written: a field may be added without that.
// What every version wrote is in testdata/golden.
//
// Version 2 added files that are outside the archive, and bulk jobs.
const Version = 2

// Stamp tells when an artifact was written, by which process and in which version.
type Stamp struct {
	At time.Time `json:"at"`
	By string    `json:"by"`
	// Version is 0 for artifacts from before there were versions.
	Version int `json:"version,omitempty"`
}

// NewStamp says that a process does something at an instant.
func NewStamp(at time.Time, by string) Stamp { return Stamp{at.UTC(), by, Version} }

func (s Stamp) version() int { return s.Version }

// NewerError is the error for an artifact that only a later release can read.
type NewerError struct {
	Key     string
	Version int
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("artifact %s has version %d, this release knows versions up to %d", e.Key, e.Version, Version)
}

// Advice is to use a release that can read the artifact.
func (e *NewerError) Advice() outcome.Advice {
	return outcome.Advice{
		Cause: outcome.CauseVersion, State: outcome.Stalled, Reason: "ArchiveNewer",
		Before: "use the release of the operator that wrote the archive, or a later one",
	}
}

// Put stores an artifact under key and returns what is stored there: value, or
// what was there before.
func Put[T any](ctx context.Context, store archive.Store, key string, value T) (T, error) {
	body, err := json.Marshal(value)
	if err != nil {
		return value, fmt.Errorf("artifact %s: %w", key, err)
	}
	err = store.Create(ctx, key, func(w io.Writer) error {
		_, err := w.Write(body)
		return err
	})
	if errors.Is(err, fs.ErrExist) {
		return Get[T](ctx, store, key)
	}
	return value, err
}

// Get reads the artifact under key. The error is fs.ErrNotExist if there is none,
// evidence.ErrCorrupt if it is not such an artifact: somebody has changed the archive,
// since none is ever stored in part. It is *NewerError if a later release wrote it.
func Get[T any](ctx context.Context, store archive.Store, key string) (T, error) {
	var value T
	body, err := fs.ReadFile(store.FS(ctx), key)
	if err != nil {
		return value, err
	}
	return decode[T](key, body)
}

// decode reads an artifact from what is stored under key.
func decode[T any](key string, body []byte) (T, error) {
	var value T
	if err := json.Unmarshal(body, &value); err != nil {
		return value, fmt.Errorf("%w: artifact %s: %w", evidence.ErrCorrupt, key, err)
	}
	if stamped, ok := any(value).(interface{ version() int }); ok && stamped.version() > Version {
		return value, &NewerError{key, stamped.version()}
	}
	return value, nil
}

// Exists reports whether there is something under key.
func Exists(ctx context.Context, store archive.Store, key string) (bool, error) {
	_, err := fs.Stat(store.FS(ctx), key)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// Names lists the artifacts in a folder, without their ending, in order.
func Names(ctx context.Context, store archive.Store, folder string) ([]string, error) {
	entries, err := fs.ReadDir(store.FS(ctx), folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var names []string
	for _, entry := range entries {
		if name, ok := strings.CutSuffix(entry.Name(), ending); ok {
			names = append(names, name)
		}
	}
	return names, err
}

// Keys lists the keys of the artifacts in a folder, in order.
func Keys(ctx context.Context, store archive.Store, folder string) ([]string, error) {
	names, err := Names(ctx, store, folder)
	for i, name := range names {
		names[i] = path.Join(folder, name+ending)
	}
	return names, err
}

// All reads every artifact in a folder, in the order of their names.
func All[T any](ctx context.Context, store archive.Store, folder string) ([]T, error) {
	keys, err := Keys(ctx, store, folder)
	if err != nil {
		return nil, err
	}
	all := make([]T, 0, len(keys))
	for _, key := range keys {
		value, err := Get[T](ctx, store, key)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, nil
}
