package evidence

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"slices"

	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// ErrCorrupt is the error for evidence that is not what was stored.
var ErrCorrupt = outcome.Advise(errors.New("evidence is corrupt"), outcome.CorruptArchive())

// Creator stores what write writes under a path, once: an error that is
// fs.ErrExist says that there is something already.
type Creator func(ctx context.Context, path string, write func(io.Writer) error) error

// Digest is one line of a manifest.
type Digest struct {
	SHA256 string
	Path   string
	Size   int64
}

// digestFile hashes one stored file.
func digestFile(fsys fs.FS, path string) (Digest, error) {
	file, err := fsys.Open(path)
	if err != nil {
		return Digest{}, err
	}
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	return Digest{hex.EncodeToString(hash.Sum(nil)), path, size}, errors.Join(err, file.Close())
}

// digestTree hashes every stored file below a directory, in the order of paths.
func digestTree(ctx context.Context, fsys fs.FS, directory string) ([]Digest, error) {
	var digests []Digest
	err := fs.WalkDir(fsys, directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return errors.Join(err, ctx.Err())
		}
		if !entry.Type().IsRegular() {
			return fmt.Errorf("%w: %s is not a file", ErrCorrupt, path)
		}
		digest, err := digestFile(fsys, path)
		digests = append(digests, digest)
		return errors.Join(err, ctx.Err())
	})
	return digests, err
}

// createSame stores a manifest; one that is there already must be the same.
func createSame(ctx context.Context, fsys fs.FS, create Creator, path string, digests []Digest) error {
	return createExact(ctx, fsys, create, path, manifestBytes(digests))
}

// createExact stores a file; one that is there already must be the same, or what
// it speaks of has changed since.
func createExact(ctx context.Context, fsys fs.FS, create Creator, path string, content []byte) error {
	_, err := createKnown(ctx, fsys, create, path, bytesWriter(content))
	return err
}

// createKnown stores a file and returns the digest of what write writes. One that is
// there already must be the same: an attempt before has written it from the same
// facts, or somebody else has put it there.
func createKnown(ctx context.Context, fsys fs.FS, create Creator, path string, write func(io.Writer) error) (Digest, error) {
	var meant digester
	err := create(ctx, path, func(w io.Writer) error {
		meant.reset()
		return write(io.MultiWriter(w, &meant))
	})
	if !errors.Is(err, fs.ErrExist) {
		return meant.digest(path), err
	}
	meant.reset()
	if err := write(&meant); err != nil {
		return Digest{}, err
	}
	stored, err := digestFile(fsys, path)
	if err == nil && stored != meant.digest(path) {
		err = fmt.Errorf("%w: %s is not what belongs there: it was changed, or put there by somebody else", ErrCorrupt, path)
	}
	return stored, err
}

// digester hashes and counts what is written to it.
type digester struct {
	hash hash.Hash
	size int64
}

func (m *digester) reset() { m.hash, m.size = sha256.New(), 0 }

// Write never fails.
func (m *digester) Write(p []byte) (int, error) {
	m.size += int64(len(p))
	return m.hash.Write(p)
}

func (m *digester) digest(path string) Digest {
	if m.hash == nil {
		return Digest{}
	}
	return Digest{hex.EncodeToString(m.hash.Sum(nil)), path, m.size}
}

// sortDigests puts digests in the order of their paths.
func sortDigests(digests []Digest) {
	slices.SortFunc(digests, func(a, b Digest) int { return cmp.Compare(a.Path, b.Path) })
}

// manifestBytes is a manifest as sha256sum and BagIt want it.
func manifestBytes(digests []Digest) []byte {
	var b bytes.Buffer
	for _, d := range digests {
		fmt.Fprintf(&b, "%s  %s\n", d.SHA256, d.Path)
	}
	return b.Bytes()
}

func digestBytes(path string, content []byte) Digest {
	sum := sha256.Sum256(content)
	return Digest{hex.EncodeToString(sum[:]), path, int64(len(content))}
}

func bytesWriter(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}
