package artifacts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// Bagging is what a batch's bag states about its making, recorded by the process that began to
// seal it: another process that continues writes the same.
type Bagging struct {
	Stamp
	Info   []evidence.InfoField `json:"info"`
	Events []evidence.Event     `json:"events"`
}

// BaggingKey is the key of a batch's Bagging.
func BaggingKey(batch string) string { return BatchFolder(batch) + "/bagging" + ending }

// SealBegun is what a seal states about its making, recorded by the process that began to write
// it. Tool is the program that began it: another version may write the account.
type SealBegun struct {
	Stamp
	Tool      evidence.Tool    `json:"tool"`
	LoadFiles bool             `json:"loadFiles,omitempty"`
	Deferred  int64            `json:"deferred"`
	Events    []evidence.Event `json:"events"`
	// Artifacts are the SHA-256s of the artifacts that the seal lists, by key.
	Artifacts map[string]string `json:"artifacts,omitempty"`
}

// Digests computes the SHA-256s of artifacts, as seals list them: of the content without
// its MAC, in hexadecimal, by key.
func Digests(ctx context.Context, store archive.Store, keys []string) (map[string]string, error) {
	digests := make(map[string]string, len(keys))
	root := store.FS(ctx)
	for _, key := range keys {
		content, err := fs.ReadFile(root, key)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		digests[key] = hex.EncodeToString(sum[:])
	}
	return digests, nil
}

// SealBegunKey is the key of a SealBegun; seals count from 1.
func SealBegunKey(number int) string {
	return fmt.Sprintf("%sseals/%d.begun%s", archive.WorkPrefix, number, ending)
}

// Sealed is the SHA-256 of the manifest of a bag or a seal, in hexadecimal. It is recorded just
// before the manifest is written. Whatever is read from the bag or seal later is compared with
// it.
type Sealed struct {
	Stamp
	Digest string `json:"digest"`
}

// SealedBagKey is the key of a batch's Sealed.
func SealedBagKey(batch string) string { return BatchFolder(batch) + "/sealed" + ending }

// SealedKey is the key of a seal's Sealed; seals count from 1.
func SealedKey(number int) string {
	return fmt.Sprintf("%sseals/%d%s", archive.WorkPrefix, number, ending)
}

// NoteSealed returns what records under key what is about to be sealed. The error is
// evidence.ErrCorrupt if something else was recorded before.
func NoteSealed(store archive.Store, key string, stamp func() Stamp) func(context.Context, string) error {
	return func(ctx context.Context, digest string) error {
		there, err := Put(ctx, store, key, Sealed{stamp(), digest})
		if err == nil && there.Digest != digest {
			err = fmt.Errorf("%w: artifact %s has the digest %s, but %s was written", evidence.ErrCorrupt, key, there.Digest, digest)
		}
		return err
	}
}

// Anchors are the digests of what was sealed in an archive, of its seals up to one.
func Anchors(ctx context.Context, store archive.Store, seals int) evidence.Anchors {
	digest := func(key string) (string, error) {
		noted, err := Get[Sealed](ctx, store, key)
		return noted.Digest, err
	}
	return evidence.Anchors{
		Bag:  func(name string) (string, error) { return digest(SealedBagKey(name)) },
		Seal: func(number int) (string, error) { return digest(SealedKey(number)) }, Seals: seals,
	}
}
