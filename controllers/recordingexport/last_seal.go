package recordingexport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gcexport/recording-export-operator/internal/artifacts"
	"github.com/gcexport/recording-export-operator/internal/evidence"
)

// readSeal reads the account of the newest seal, if there is one. The seal is the one
// whose digest was recorded when it was made, and the one that the status names.
func (s *loaded) readSeal(ctx context.Context) error {
	number := s.plan.SealCount()
	if number > 0 {
		written, err := s.isWritten(ctx, number)
		if err != nil {
			return err
		}
		if !written {
			number-- // it is about to be written
		}
	}
	if err := s.checkAnchor(ctx, number); err != nil || number == 0 {
		return err
	}
	account, digest, err := evidence.ReadSeal(evidence.Trust(s.store.FS(ctx), artifacts.Anchors(ctx, s.store, number)), number)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: a file of %s is missing: %w", evidence.ErrCorrupt, evidence.SealFolder(number), err)
	}
	if err == nil {
		s.sealed = &evidence.Former{Account: account, Digest: digest}
	}
	return err
}

// isWritten reports whether a seal has been made.
func (s *loaded) isWritten(ctx context.Context, number int) (bool, error) {
	_, err := fs.Stat(s.store.FS(ctx), evidence.SealManifest(number))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// checkAnchor compares the seals of the archive, of which there are a number, with the
// one that the status names: who can write to the archive cannot write there.
func (s *loaded) checkAnchor(ctx context.Context, number int) error {
	known := s.before.Seal
	if known == nil {
		return nil
	}
	if int(known.Number) > number {
		return fmt.Errorf("%w: %s, which the status names, is missing: the archive has %d", evidence.ErrCorrupt, evidence.SealFolder(int(known.Number)), number)
	}
	noted, err := artifacts.Get[artifacts.Sealed](ctx, s.store, artifacts.SealedKey(int(known.Number)))
	if errors.Is(err, fs.ErrNotExist) || err == nil && noted.Digest != known.Digest {
		return fmt.Errorf("%w: %s is not the one that the status names, whose manifest has the SHA-256 %s",
			evidence.ErrCorrupt, evidence.SealFolder(int(known.Number)), known.Digest)
	}
	return err
}
