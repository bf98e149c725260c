package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"path"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// bufferSize is what one reader holds in memory, in bytes. From 128 KiB on, a
// larger one reads no faster (BenchmarkHash).
const bufferSize = 256 << 10

// Meter tells how far a verification is. It may be read at any time.
type Meter struct {
	// Files and Bytes that were read.
	Files, Bytes atomic.Int64
	// Expected is how many bytes of recordings the archive says it holds; 0 until
	// it is known. Beside them there are tables and metadata.
	Expected atomic.Int64
}

// stored is a file as it was read.
type stored struct {
	size   int64
	sha256 string
	// unread tells that it is there but could not be read.
	unread bool
}

// shelf is the files below a directory as they were read.
type shelf map[string]stored

// hashAll reads every file of a listing. Files of several bags are read at the
// same time, as many as there are workers; each holds one buffer.
func (v *verifier) hashAll(ctx context.Context, directory string, files listing) (shelf, error) {
	found := make(shelf, len(files))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.options.Workers)
	for name, size := range files {
		group.Go(func() error {
			file, err := v.hash(ctx, path.Join(directory, name))
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if file.unread {
				file.size = size
			}
			mu.Lock()
			defer mu.Unlock()
			found[name] = file
			return err
		})
	}
	return found, group.Wait()
}

// hash reads one file. An error other than that of the context is a finding.
func (v *verifier) hash(ctx context.Context, name string) (stored, error) {
	var buffer []byte
	select {
	case <-ctx.Done():
		return stored{}, ctx.Err()
	case buffer = <-v.buffers:
	}
	defer func() { v.buffers <- buffer }()
	file, err := v.fsys.Open(name)
	if err == nil {
		defer func() { _ = file.Close() }()
		var s stored
		if s, err = v.digest(ctx, file, buffer); err == nil {
			v.options.Meter.Files.Add(1)
			return s, nil
		}
	}
	if ctx.Err() != nil {
		return stored{}, ctx.Err()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return stored{}, err
	}
	v.fault(Unreadable, name, "cannot be read: %v", reason(err))
	return stored{unread: true}, nil
}

func (v *verifier) digest(ctx context.Context, from io.Reader, buffer []byte) (stored, error) {
	hash, size := sha256.New(), int64(0)
	for ctx.Err() == nil {
		n, err := from.Read(buffer)
		_, _ = hash.Write(buffer[:n])
		size += int64(n)
		v.options.Meter.Bytes.Add(int64(n))
		if errors.Is(err, io.EOF) {
			return stored{size: size, sha256: hex.EncodeToString(hash.Sum(nil))}, nil
		}
		if err != nil {
			return stored{}, err
		}
	}
	return stored{}, ctx.Err()
}

// smallFile is the largest file that is read as a whole, in bytes: accounts, tag
// files and signatures are some kilobytes.
const smallFile = 64 << 20

// read reads a small file as a whole. It reports what cannot be read.
func (v *verifier) read(name string) ([]byte, bool) {
	file, err := v.fsys.Open(name)
	if err != nil {
		v.unread(name, err)
		return nil, false
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, smallFile+1))
	if err != nil {
		v.unread(name, err)
		return nil, false
	}
	if len(content) > smallFile {
		v.fault(Malformed, name, "is larger than such a file can be (%d MiB)", smallFile>>20)
		return nil, false
	}
	return content, true
}

// unread reports a list or a log that cannot be read.
func (v *verifier) unread(name string, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		v.fault(Missing, name, "is missing")
		return
	}
	v.leaveUnjudged(name)
	v.fault(Unreadable, name, "cannot be read: %v", reason(err))
}

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}
