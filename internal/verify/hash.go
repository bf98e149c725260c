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

// bufferSize is what one reader keeps in memory, in bytes. From 128 KiB on, a
// larger one reads no faster (BenchmarkHash).
const bufferSize = 256 << 10

// Meter tells how far a verification is. It may be read at any time.
type Meter struct {
	// Files and Bytes that were read.
	Files, Bytes atomic.Int64
	// Expected is how many bytes of recordings the archive says it contains; 0 until
	// it is known. Beside them there are tables and metadata.
	Expected atomic.Int64
}

// hashedFile is a file as it was read.
type hashedFile struct {
	size   int64
	sha256 string
	// unread tells that it is there but could not be read.
	unread bool
	// location is where it is if it is outside the archive.
	location string
}

// hashedFiles is the files below a directory as they were read.
type hashedFiles map[string]hashedFile

// hashAll reads every file of a listing. Files of several bags are read at the
// same time, as many as there are workers; each has one buffer.
func (v *verifier) hashAll(ctx context.Context, directory string, files listing) (hashedFiles, error) {
	found := make(hashedFiles, len(files))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(v.options.Workers)
	for name, size := range files {
		group.Go(func() error {
			file, err := v.hash(ctx, path.Join(directory, name), size)
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

// hash reads one file, which was listed with a size. An error other than that of the
// context is a finding.
func (v *verifier) hash(ctx context.Context, name string, size int64) (hashedFile, error) {
	var buffer []byte
	select {
	case <-ctx.Done():
		return hashedFile{}, ctx.Err()
	case buffer = <-v.buffers:
	}
	defer func() { v.buffers <- buffer }()
	file, err := v.open(name)
	if err == nil {
		defer func() { _ = file.Close() }()
		var s hashedFile
		if s, err = v.digest(ctx, file, buffer, size); err == nil {
			v.options.Meter.Files.Add(1)
			return s, nil
		}
	}
	if ctx.Err() != nil {
		return hashedFile{}, ctx.Err()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return hashedFile{}, err
	}
	var irregular irregularError
	if errors.As(err, &irregular) {
		v.fault(Irregular, name, "%s, not a file: its target is not evidence", irregular)
	} else {
		v.fault(Unreadable, name, "cannot be read: %v", reason(err))
	}
	return hashedFile{unread: true}, nil
}

// digest reads up to the end, or a little beyond the size that was listed: evidence does
// not grow, and what grows without end must not delay everything else.
func (v *verifier) digest(ctx context.Context, from io.Reader, buffer []byte, listed int64) (hashedFile, error) {
	hash, size := sha256.New(), int64(0)
	for ctx.Err() == nil {
		n, err := from.Read(buffer)
		_, _ = hash.Write(buffer[:n])
		size += int64(n)
		v.options.Meter.Bytes.Add(int64(n))
		if errors.Is(err, io.EOF) || err == nil && size > listed {
			return hashedFile{size: size, sha256: hex.EncodeToString(hash.Sum(nil))}, nil
		}
		if err != nil {
			return hashedFile{}, err
		}
	}
	return hashedFile{}, ctx.Err()
}

func sum(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}
