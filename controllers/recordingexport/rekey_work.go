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
	"time"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/signing"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/verify"
)

// rekeyWork continues an archive whose artifacts name a lost key from what its seals vouch
// for: see docs/adr/0034.
type rekeyWork struct {
	store archive.Store
	// shared opens what the exports of the destination share.
	shared func() (archive.Store, error)
	now    func() time.Time
	actor  string
	// from and to are the ids of the lost key and of the present one.
	from, to string
	cluster  string
	// known is the last seal that the status names, nil if it names none.
	known                    *v1alpha1.SealStatus
	namespace, name, version string
	// signer returns what signs the export, nil if nothing does.
	signer func(context.Context) (*signing.Signer, error)
	// tell tells of what was done.
	tell func(says string)
}

func (w *rekeyWork) run(ctx context.Context, _ transfer.Try) error {
	shared, err := w.shared()
	if err == nil {
		err = authentic.RemoveForeign(ctx, shared, w.from)
	}
	if err != nil {
		return fmt.Errorf("remove what the exports of the destination share: %w", err)
	}
	seals, err := w.countSeals(ctx)
	if err != nil {
		return err
	}
	if seals == 0 && w.known == nil {
		return w.beginAgain(ctx)
	}
	vouched, err := w.judge(ctx, seals)
	if err != nil {
		return err
	}
	rekeying, err := w.continueFrom(ctx, vouched)
	if err == nil {
		err = authentic.Rekey(ctx, w.store, rekeying)
	}
	if err == nil {
		w.tell(fmt.Sprintf("continued with the artifact key %s instead of %s: %d seals and their %d bags stay, everything else is requested again",
			w.to, w.from, len(vouched.Seals), len(vouched.Bags)))
	}
	return err
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

// beginAgain removes everything of an archive without a seal.
func (w *rekeyWork) beginAgain(ctx context.Context) error {
	unsealed, err := w.unsealed(ctx, verify.Vouched{})
	if err == nil {
		err = authentic.BeginAgain(ctx, w.store, unsealed)
	}
	if err == nil {
		w.tell(fmt.Sprintf("begun again with the artifact key %s instead of %s: no seal was there, everything is requested again", w.to, w.from))
	}
	return err
}

// judge sees to it that every seal is whole, signed with the key that signs the export
// now, and lists the artifacts that it was made from.
func (w *rekeyWork) judge(ctx context.Context, seals int) (verify.Vouched, error) {
	signer, err := w.signer(ctx)
	if err != nil {
		return verify.Vouched{}, err
	}
	if signer == nil {
		return verify.Vouched{}, stuck("nothing signs this export, so nobody can tell whether its seals are genuine")
	}
	key, err := verify.ParseKey(signer.PublicKey())
	if err != nil {
		return verify.Vouched{}, err
	}
	options := verify.Options{
		Keys: []verify.Key{key}, Running: true, Making: seals + 1, Namespace: w.namespace, Name: w.name, Version: w.version,
	}
	if w.known != nil {
		options.Seal, options.Number = w.known.Digest, int(w.known.Number)
	}
	vouched, err := verify.Seals(ctx, w.store.FS(ctx), options)
	if err != nil {
		return vouched, err
	}
	return vouched, refuse(vouched, signer.ID())
}

// refuse says why an archive cannot be continued from its seals; nil if it can.
func refuse(vouched verify.Vouched, signer string) error {
	for i, by := range vouched.Signers {
		if by != signer {
			return stuck(fmt.Sprintf("seal %d is signed with %s, and this export is signed with the key %s", i+1, keyName(by), signer))
		}
	}
	if n := len(vouched.Findings); n > 0 {
		return fmt.Errorf("%w: %s %s, and %d more findings (kubectl genesys-export verify)", evidence.ErrCorrupt, vouched.Findings[0].Path, vouched.Findings[0].Says, n-1)
	}
	if vouched.Unlisted > 0 {
		return stuck(fmt.Sprintf("seal %d was made by a version that listed no artifacts in it", vouched.Unlisted))
	}
	return nil
}

func keyName(id string) string {
	if id == "" {
		return "no key"
	}
	return "the key " + evidence.Printable(id, 64)
}

// stuck is the error for an archive that cannot be continued without its artifact key.
func stuck(why string) error {
	return outcome.Refusal{Reason: v1alpha1.ReasonArtifactKeyUnknown, Says: "restore the Secret with the artifact key from its backup and restart the manager, " +
		"or export everything again under another name; the archive cannot be continued without the key: " + why}
}

// continueFrom is what stays of the archive.
func (w *rekeyWork) continueFrom(ctx context.Context, vouched verify.Vouched) (authentic.Rekeying, error) {
	r := authentic.Rekeying{Kept: vouched.Artifacts, Added: map[string][]byte{}}
	var err error
	if r.Record, err = fs.ReadFile(w.store.FS(ctx), evidence.RecordPath); err != nil {
		return r, err
	}
	if r.Discarded, err = w.unsealed(ctx, vouched); err != nil {
		return r, err
	}
	stamp, seals := artifacts.NewStamp(w.now(), w.actor), len(vouched.Seals)
	added := map[string]any{artifacts.RekeyedKey(seals): artifacts.Rekeyed{Stamp: stamp, From: w.from, To: w.to, Seals: seals}}
	for i, digest := range vouched.Seals {
		if key := artifacts.SealedKey(i + 1); vouched.Artifacts[key] == "" {
			added[key] = artifacts.Sealed{Stamp: stamp, Digest: digest}
		}
	}
	for bag, digest := range vouched.Bags {
		added[artifacts.SealedBagKey(bag)] = artifacts.Sealed{Stamp: stamp, Digest: digest}
	}
	for _, number := range voided(vouched.Artifacts) {
		added[artifacts.EntryKey(number)] = artifacts.Entry{Stamp: stamp, Voided: &artifacts.Voided{}}
	}
	if err := w.addOwner(ctx, r.Record, vouched, added); err != nil {
		return r, err
	}
	for key, value := range added {
		if r.Added[key], err = json.Marshal(value); err != nil {
			return r, err
		}
	}
	return r, nil
}

// voided are the numbers of the entries of the plan that no seal lists, though one lists
// an entry after them: of days that no seal holds yet. The plan has no holes.
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
func (w *rekeyWork) addOwner(ctx context.Context, record []byte, vouched verify.Vouched, added map[string]any) error {
	var log []artifacts.Owner
	for {
		key := artifacts.OwnerKey(len(log) + 1)
		if vouched.Artifacts[key] == "" {
			break
		}
		var line artifacts.Owner
		content, err := authentic.Vouched(ctx, w.store, record, key, vouched.Artifacts[key])
		if err == nil {
			err = json.Unmarshal(content, &line)
		}
		if err != nil {
			return err
		}
		log = append(log, line)
	}
	owner := artifacts.OwnerOf(vouched.Record.ClusterID, vouched.Record.CreatedAt, log)
	if owner.ClusterID != w.cluster {
		added[artifacts.OwnerKey(len(log)+1)] = artifacts.Owner{Stamp: artifacts.NewStamp(w.now(), w.actor), ClusterID: w.cluster, Former: owner.ClusterID}
	}
	return nil
}

// unsealed are the bags and seals that no seal holds, and a seal that was not finished.
func (w *rekeyWork) unsealed(ctx context.Context, vouched verify.Vouched) ([]string, error) {
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
