package exportdestination

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// round is one verification of everything that is stored at a destination. It is
// remembered here while it runs and, once it is over, until the next one begins;
// what it found is kept in the status alone.
type round struct {
	// of is the destination, not another one that has its name now.
	of types.UID
	// token is the request that it heeds, if there was one.
	token string
	// after is before when it did not end, so that no two end at the same instant.
	after time.Time

	mu           sync.Mutex
	began, ended time.Time
	// verified archives, of all that there are, and the bytes of those.
	verified, all int
	bytes         int64
	// meter counts what is read of the archive at work.
	meter  *verify.Meter
	result result
}

// begin notes that the round begins, or begins anew.
func (r *round) begin(now time.Time, archives int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.all, r.verified, r.bytes = now.Truncate(time.Second), archives, 0, 0
}

// read gives what counts the bytes that are read of the next archive.
func (r *round) read() *verify.Meter {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.meter != nil {
		r.bytes += r.meter.Bytes.Load()
	}
	r.meter = &verify.Meter{}
	return r.meter
}

// next notes that an archive is done.
func (r *round) next() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.verified++
}

// end notes that the round is over, at a whole second, as the status tells times.
func (r *round) end(now time.Time, sum result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended, r.result, r.meter = now.Truncate(time.Second), sum, nil
	if !r.ended.After(r.after) {
		r.ended = r.after.Add(time.Second)
	}
}

// conclusion is what a round that is over came to.
type conclusion struct {
	token        string
	began, ended time.Time
	result
}

// conclusion returns what the round came to, if it is over.
func (r *round) conclusion() (came conclusion, over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return conclusion{r.token, r.began, r.ended, r.result}, !r.ended.IsZero()
}

// progress tells how far the round is, and when it began; nothing before it has.
func (r *round) progress() (began time.Time, says string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began.IsZero() {
		return r.began, ""
	}
	bytes := r.bytes
	if r.meter != nil {
		bytes += r.meter.Bytes.Load()
	}
	return r.began, fmt.Sprintf("%d/%d exports, %s", r.verified, r.all, words.Bytes(bytes))
}

// verify verifies everything that is stored at a destination, an archive at a time.
func (r *Reconciler) verify(ctx context.Context, destination *v1alpha1.ExportDestination, round *round, try transfer.Try) error {
	if _, over := round.conclusion(); over {
		return nil
	}
	seals, err := r.knownSeals(ctx, destination)
	if err != nil {
		return err
	}
	fsys, err := r.Files(ctx, destination)
	if err != nil {
		return err
	}
	names, err := archive.Exports(fsys)
	if err != nil {
		return unlisted(err)
	}
	round.begin(r.Clock.Now(), len(names))
	sum, there := result{}, []string{}
	e := examiner{
		fsys: fsys, namespace: destination.Namespace, meter: round.read, readers: readers(destination), try: try, version: r.Version, now: r.Clock.Now,
		seals: func(ctx context.Context) (map[string]v1alpha1.SealStatus, error) {
			return r.knownSeals(ctx, destination)
		},
	}
	for _, name := range names {
		of, err := e.examine(ctx, name)
		if err != nil {
			return err
		}
		if of.archive {
			there = append(there, name)
		}
		sum.add(name, of)
		round.next()
		try.Progress()
	}
	if err := r.stillKnown(ctx, destination, seals); err != nil {
		return err
	}
	sum.miss(seals, there)
	round.end(r.Clock.Now(), sum)
	if sum.unlisted != "" {
		r.Events.Eventf(destination, nil, corev1.EventTypeNormal, v1alpha1.ReasonVersionsNotListed, "Verify", "%s", loop.Note(
			"earlier versions of seals could not be listed, so a seal that somebody hides with a delete marker is found only if the status of its export names it: "+sum.unlisted))
	}
	return nil
}

// unlisted is the error of a destination that cannot be listed: a file system's is
// one of reading, what an object store says is told as always.
func unlisted(err error) error {
	if archive.KindOf(err) != "" {
		return err
	}
	return outcome.UserError{Reason: v1alpha1.ReasonEvidenceUnreadable, Message: "let the manager read the destination: " + err.Error()}
}

// stillKnown leaves out the seals of exports that were deleted since: with the
// export, its archive may go.
func (r *Reconciler) stillKnown(ctx context.Context, destination *v1alpha1.ExportDestination, seals map[string]v1alpha1.SealStatus) error {
	now, err := r.knownSeals(ctx, destination)
	maps.DeleteFunc(seals, func(name string, _ v1alpha1.SealStatus) bool {
		_, known := now[name]
		return !known
	})
	return err
}

// How many files of a destination are read at the same time: as few as there can
// be, since nothing waits for it; of S3, where a request's time is mostly waiting,
// some more.
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

// knownSeals are the last seals of a destination's archives, by their names, as
// far as the statuses of exports tell. An archive may have newer ones.
func (r *Reconciler) knownSeals(ctx context.Context, destination *v1alpha1.ExportDestination) (map[string]v1alpha1.SealStatus, error) {
	var exports v1alpha1.RecordingExportList
	if err := r.Client.List(ctx, &exports, client.InNamespace(destination.Namespace)); err != nil {
		return nil, fmt.Errorf("list exports: %w", err)
	}
	return sealsAt(r.Location(destination), exports.Items), nil
}
