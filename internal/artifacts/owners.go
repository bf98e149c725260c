package artifacts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// Owner is a line of the log of an archive's owners: a cluster has taken the archive over from
// another one. If two clusters do so at the same moment, the first line is kept. Before the
// first line the archive belongs to the cluster that began it, which export.json names.
type Owner struct {
	Stamp
	ClusterID string `json:"clusterId"`
	Former    string `json:"formerClusterId"`
}

// OwnerKey is the key of a line of the log of owners; they count from 1.
func OwnerKey(number int) string {
	return fmt.Sprintf("%sowners/%06d%s", archive.WorkPrefix, number, ending)
}

// Owners reads the log of owners. Most archives have no line: then it makes one attempt to read
// a file that does not exist.
func Owners(ctx context.Context, store archive.Store) ([]Owner, error) {
	var log []Owner
	for {
		owner, err := Get[Owner](ctx, store, OwnerKey(len(log)+1))
		if errors.Is(err, fs.ErrNotExist) {
			return log, nil
		}
		if err == nil && owner.ClusterID == "" {
			err = fmt.Errorf("%w: artifact %s names no cluster", evidence.ErrCorrupt, OwnerKey(len(log)+1))
		}
		if err != nil {
			return nil, err
		}
		log = append(log, owner)
	}
}

// Ownership is whose an archive is, and since when.
type Ownership struct {
	ClusterID string
	Since     time.Time
}

// OwnerOf returns whose an archive is that was begun by a cluster at an instant, and
// has this log of owners.
func OwnerOf(begunBy string, at time.Time, log []Owner) Ownership {
	if n := len(log); n > 0 {
		return Ownership{log[n-1].ClusterID, log[n-1].At}
	}
	return Ownership{begunBy, at}
}

// CurrentOwner returns whose an archive is. The error is fs.ErrNotExist if nobody has begun it.
func CurrentOwner(ctx context.Context, store archive.Store) (Ownership, error) {
	record, err := Record(ctx, store)
	if err != nil {
		return Ownership{}, err
	}
	log, err := Owners(ctx, store)
	return OwnerOf(record.ClusterID, record.CreatedAt, log), err
}

// TakeOver is what the next seal says about a line of the log.
func (o Owner) TakeOver() evidence.TakeOver {
	return evidence.TakeOver{From: o.Former, To: o.ClusterID, At: o.At}
}
