package recordingexport

import (
	"context"
	"errors"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// listArtifacts has the seal list the artifacts from which an operator continues after
// it, of those that no former seal lists: the entries of the plan that it takes in, the
// entry that closes them, their surveys, who has taken the archive over since, and whether
// it was continued without its artifact key.
//
// All else under .work/ is either about what the seals list, and not read any more, or
// about what no seal lists yet, and can be requested again.
func (w *sealWork) listArtifacts(ctx context.Context, seal *evidence.Seal) error {
	keys := []string{artifacts.EntryKey(w.closedBy)}
	for _, entry := range w.entries {
		keys = append(keys, artifacts.EntryKey(entry.Number))
		if s := entry.Surveyed; s != nil {
			keys = append(keys, artifacts.SurveyKey(s.Pass, s.Day))
		}
	}
	for number := w.toldOwners(); number < len(w.owners); number++ {
		keys = append(keys, artifacts.OwnerKey(number+1))
	}
	keys = append(keys, w.rekeyed...)
	digests, err := artifacts.Digests(ctx, w.store, keys)
	seal.Artifacts = digests
	return err
}

// addRekeyed has the seal tell that the archive was continued without its artifact key
// since the seal before.
func (w *sealWork) addRekeyed(ctx context.Context, seal *evidence.Seal) error {
	key := artifacts.RekeyedKey(seal.Number - 1)
	note, err := artifacts.Get[artifacts.Rekeyed](ctx, w.store, key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		seal.Events = append(seal.Events, note.Event())
		w.rekeyed = append(w.rekeyed, key)
	}
	return err
}
