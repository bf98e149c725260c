package recordingexport

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/plan"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// rekeyWork continues an archive whose artifacts name a lost key from what its seals vouch
// for: see docs/adr/0034.
type rekeyWork struct {
	recorder
	// shared opens what the exports of the destination share.
	shared func() (archive.Store, error)
	// from and to are the ids of the lost key and of the present one.
	from, to string
	cluster  string
	// confirmed are the clusters that the archive may belong to: the person has confirmed
	// that. It is empty if none but this one has noted anything.
	confirmed []string
	// export names the archive in messages, and mine is the record that it gets if it begins
	// again.
	export *v1alpha1.RecordingExport
	mine   evidence.ExportRecord
	// known is the last seal that the status names, nil if it names none.
	known   *v1alpha1.SealStatus
	version string
	// signer returns what signs the export, nil if nothing does.
	signer func(context.Context) (*signing.Signer, error)
	// tell tells of what was done.
	tell func(message string)
}

// continueArchive continues the archive, or returns why it cannot be continued.
func (w *rekeyWork) continueArchive(ctx context.Context, _ transfer.Try) error {
	root, err := authentic.Evidence(ctx, w.store)
	if err != nil {
		return err
	}
	sealed, err := w.mayBeSealed(ctx, root)
	if err != nil {
		return err
	}
	if !sealed {
		return w.restartArchive(ctx)
	}
	seals, err := w.countSeals(ctx)
	if err != nil {
		return err
	}
	vouched, err := w.judgeSeals(ctx, root, seals)
	if err != nil {
		return err
	}
	rekeying, err := w.continueFrom(ctx, vouched)
	if err == nil {
		err = w.removeShared(ctx)
	}
	if err == nil {
		err = authentic.Rekey(ctx, w.store, rekeying)
	}
	if err == nil {
		w.tell(fmt.Sprintf("continued with the artifact key %s instead of %s: %s and their %s stay, everything else is requested again",
			w.to, w.from, words.Count(len(vouched.Seals), "seal"), words.Count(len(vouched.Bags), "bag")))
	}
	return err
}

// mayBeSealed reports whether anything hints at a seal: the status, any file below seals/, or
// a seal that somebody has hidden in a bucket with versions, which is an error.
func (w *rekeyWork) mayBeSealed(ctx context.Context, root fs.FS) (bool, error) {
	if w.known != nil {
		return true, nil
	}
	found, err := authentic.FirstFile(root, "seals")
	if err != nil || found != "" {
		return true, err
	}
	hidden, err := verify.HiddenSeals(ctx, root)
	if err == nil && len(hidden) > 0 {
		err = fmt.Errorf("%w: %s %s", evidence.ErrCorrupt, hidden[0].Path, hidden[0].Says)
	}
	return len(hidden) > 0, err
}

// removeShared removes what the exports of the destination share and that names the lost
// key.
func (w *rekeyWork) removeShared(ctx context.Context) error {
	shared, err := w.shared()
	if err == nil {
		err = authentic.RemoveForeign(ctx, shared, w.from)
	}
	if err != nil {
		return fmt.Errorf("remove what the exports of the destination share: %w", err)
	}
	return nil
}

// countSeals is how many seals are whole, from the first on.
func (w *rekeyWork) countSeals(ctx context.Context) (int, error) {
	for n := 0; ; n++ {
		_, err := fs.Stat(w.store.FS(ctx), evidence.SealManifest(n+1))
		if errors.Is(err, fs.ErrNotExist) {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// restartArchive removes everything of an archive without a seal.
func (w *rekeyWork) restartArchive(ctx context.Context) error {
	r := authentic.Rekeying{Added: map[string][]byte{}}
	var err error
	if r.Record, err = json.Marshal(w.mine); err != nil {
		return err
	}
	if r.Discarded, err = w.unsealed(ctx, verify.SealedDigests{}); err != nil {
		return err
	}
	if err := addArtifacts(r, map[string]any{artifacts.RekeyedKey(0): w.rekeyed(ctx, 0)}); err != nil {
		return err
	}
	if err := w.removeShared(ctx); err != nil {
		return err
	}
	err = authentic.StartOver(ctx, w.store, r)
	if err == nil {
		w.tell(fmt.Sprintf("begun again with the artifact key %s instead of %s: no seal was there, everything is requested again", w.to, w.from))
	}
	return err
}

// continueFrom is what stays of the archive.
func (w *rekeyWork) continueFrom(ctx context.Context, vouched verify.SealedDigests) (authentic.Rekeying, error) {
	r := authentic.Rekeying{Kept: vouched.Artifacts, Added: map[string][]byte{}}
	var err error
	if r.Record, err = json.Marshal(vouched.Record); err != nil { // as it was judged
		return r, err
	}
	if r.Discarded, err = w.unsealed(ctx, vouched); err != nil {
		return r, err
	}
	stamp, seals := w.stamp(), len(vouched.Seals)
	added := map[string]any{artifacts.RekeyedKey(seals): w.rekeyed(ctx, seals)}
	for i, digest := range vouched.Seals {
		if key := artifacts.SealedKey(i + 1); vouched.Artifacts[key] == "" {
			added[key] = artifacts.Sealed{Stamp: stamp, Digest: digest}
		}
	}
	for bag, digest := range vouched.Bags {
		added[artifacts.SealedBagKey(bag)] = artifacts.Sealed{Stamp: stamp, Digest: digest}
	}
	for _, number := range voided(vouched.Artifacts) {
		added[artifacts.EntryKey(number)] = artifacts.Entry{Stamp: stamp, Entry: plan.Entry{Voided: &plan.Voided{}}}
	}
	if err := w.addOwner(ctx, r.Record, vouched, added); err != nil {
		return r, err
	}
	return r, addArtifacts(r, added)
}

// addArtifacts adds artifacts to what is written.
func addArtifacts(r authentic.Rekeying, added map[string]any) error {
	for key, value := range added {
		content, err := json.Marshal(value)
		if err != nil {
			return err
		}
		r.Added[key] = content
	}
	return nil
}

// rekeyed tells that the archive is continued from a number of seals. Of keys that were lost
// before, since the last seal, a note tells that nobody can judge.
func (w *rekeyWork) rekeyed(ctx context.Context, seals int) artifacts.Rekeyed {
	note := artifacts.Rekeyed{Stamp: w.stamp(), From: w.from, To: w.to, Seals: seals}
	content, err := authentic.ReadUnverified(ctx, w.store, artifacts.RekeyedKey(seals))
	if err != nil {
		return note
	}
	var former artifacts.Rekeyed
	if json.Unmarshal(content, &former) == nil {
		note.Before = former.Until(w.from)
	}
	return note
}

// voided are the numbers of the entries of the plan that no seal lists, though one lists
// an entry after them: of days that no seal lists yet. The plan has no holes.
func voided(listed map[string]string) []int {
	var missing, out []int
	left := 0
	for key := range listed {
		if _, is := artifacts.EntryNumber(key); is {
			left++
		}
	}
	for number := 0; left > 0; number++ {
		if listed[artifacts.EntryKey(number)] == "" {
			missing = append(missing, number)
			continue
		}
		left--
		out, missing = append(out, missing...), nil
	}
	return out
}

// addOwner adds that the archive belongs to this cluster now, if it belonged to another by
// what the seals vouch for: the person has confirmed that.
func (w *rekeyWork) addOwner(ctx context.Context, record []byte, vouched verify.SealedDigests, added map[string]any) error {
	var log []artifacts.Owner
	for {
		key := artifacts.OwnerKey(len(log) + 1)
		if vouched.Artifacts[key] == "" {
			break
		}
		var line artifacts.Owner
		content, err := authentic.ReadVouched(ctx, w.store, record, key, vouched.Artifacts[key])
		if err == nil {
			err = json.Unmarshal(content, &line)
		}
		if err != nil {
			return err
		}
		log = append(log, line)
	}
	is := ownerHistory{cluster: w.cluster, begunBy: vouched.Record.ClusterID, begunAt: vouched.Record.CreatedAt, log: log}
	if owner := is.owner(); !is.isOurs() {
		if !slices.Contains(w.confirmed, owner.ClusterID) {
			return outcome.UserError{Reason: v1alpha1.ReasonArchiveOfAnotherCluster, Message: is.transferMessage(w.export)}
		}
		added[artifacts.OwnerKey(len(log)+1)] = artifacts.Owner{Stamp: w.stamp(), ClusterID: w.cluster, Former: owner.ClusterID}
	}
	return nil
}

// unsealed are the bags that no seal lists, and a seal that was not finished.
func (w *rekeyWork) unsealed(ctx context.Context, vouched verify.SealedDigests) ([]string, error) {
	var keys []string
	for folder, isSealed := range map[string]func(name string) bool{
		"bags": func(name string) bool { return vouched.Bags[name] != "" },
		"seals": func(name string) bool {
			number, err := strconv.Atoi(name)
			return err == nil && number >= 1 && number <= len(vouched.Seals)
		},
	} {
		entries, err := fs.ReadDir(w.store.FS(ctx), folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, entry := range entries {
			key := folder + "/" + entry.Name()
			if !isSealed(entry.Name()) && archive.CanDiscard(key) == nil {
				keys = append(keys, key)
			}
		}
	}
	slices.SortFunc(keys, cmp.Compare[string])
	return keys, nil
}
