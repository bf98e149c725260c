package s3store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// storeFS reads a store below a directory. A directory exists if there is a key below it.
type storeFS struct {
	ctx   context.Context //nolint:containedctx // io/fs has no room for it; it lives as long as the call that asked for the FS
	store *Store
	below string
}

var (
	_ fs.ReadDirFS  = storeFS{}
	_ fs.ReadFileFS = storeFS{}
	_ fs.StatFS     = storeFS{}
	_ fs.SubFS      = storeFS{}
)

// key returns the key of a name in the store.
func (f storeFS) key(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return path.Join(f.below, name), nil
}

// Sub reads the store below a directory.
func (f storeFS) Sub(name string) (fs.FS, error) {
	key, err := f.key("sub", name)
	return storeFS{f.ctx, f.store, key}, err
}

// Open opens a file for streaming, or a directory.
func (f storeFS) Open(name string) (fs.File, error) {
	key, err := f.key("open", name)
	if err != nil {
		return nil, err
	}
	if key != "." {
		opened, err := f.open(key, 0)
		if !errors.Is(err, fs.ErrNotExist) {
			return opened, err
		}
	}
	if err := f.isDirectory("open", name, key); err != nil {
		return nil, err
	}
	return &directory{entry: entry{name: path.Base(key), dir: true}, list: func() ([]fs.DirEntry, error) { return f.ReadDir(name) }}, nil
}

// OpenFrom opens a file for streaming, beginning at an offset in bytes. S3 ends a stream
// that nobody reads for minutes, so that it has to be opened again.
func (f storeFS) OpenFrom(name string, offset int64) (fs.File, error) {
	key, err := f.key("open", name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat(name)
	if err != nil {
		return nil, err
	}
	if offset > 0 && offset >= info.Size() {
		// An empty range cannot be requested.
		return &file{entry: entry{name: info.Name(), size: info.Size(), changed: info.ModTime()}, body: http.NoBody, cancel: func() {}, stallTimeout: f.store.buckets.config.stallTimeout}, nil
	}
	return f.open(key, offset)
}

// open streams the object under a key, from an offset.
func (f storeFS) open(key string, offset int64) (fs.File, error) {
	at, b := f.store.location(key), f.store.buckets
	ctx, cancel := context.WithCancel(f.ctx)
	input := &s3.GetObjectInput{Bucket: &at.bucket, Key: &at.key}
	if offset > 0 {
		input.Range = aws.String(fmt.Sprintf("bytes=%d-", offset))
	}
	out, err := b.client.GetObject(ctx, input)
	if err != nil {
		cancel()
		return nil, b.wrapError(f.ctx, "read "+key, err)
	}
	return &file{
		entry: entry{name: path.Base(key), size: offset + aws.ToInt64(out.ContentLength), changed: aws.ToTime(out.LastModified)},
		body:  out.Body, cancel: cancel, stallTimeout: b.config.stallTimeout,
		fail: func(err error) error { return b.wrapError(f.ctx, "read "+key, err) },
	}, nil
}

// ReadFile reads a file of up to archive.MaxRead. Working artifacts are cached.
func (f storeFS) ReadFile(name string) ([]byte, error) {
	key, err := f.key("readfile", name)
	if err != nil {
		return nil, err
	}
	at, cache := f.store.location(key), &f.store.buckets.cache
	if content, ok := cache.get(at); ok {
		return content, nil
	}
	opened, err := f.Open(name)
	if err != nil {
		return nil, err
	}
	content, err := archive.ReadAll(opened, name)
	if err == nil && isWork(key) {
		cache.put(at, content)
	}
	return content, errors.Join(err, opened.Close())
}

// Stat describes a file or directory.
func (f storeFS) Stat(name string) (fs.FileInfo, error) {
	key, err := f.key("stat", name)
	if err != nil {
		return nil, err
	}
	at, b := f.store.location(key), f.store.buckets
	if key != "." {
		out, err := b.client.HeadObject(f.ctx, &s3.HeadObjectInput{Bucket: &at.bucket, Key: &at.key})
		if err == nil {
			return entry{name: path.Base(key), size: aws.ToInt64(out.ContentLength), changed: aws.ToTime(out.LastModified)}, nil
		}
		if !isNotFound(err) {
			return nil, b.wrapError(f.ctx, "look at "+key, err)
		}
	}
	return entry{name: path.Base(key), dir: true}, f.isDirectory("stat", name, key)
}

// isDirectory returns nil if a key is below this one; the root always exists.
func (f storeFS) isDirectory(op, name, key string) error {
	if key == "." {
		return nil
	}
	at, b := f.store.location(key), f.store.buckets
	out, err := b.client.ListObjectsV2(f.ctx, &s3.ListObjectsV2Input{
		Bucket: &at.bucket, Prefix: aws.String(at.key + "/"), MaxKeys: aws.Int32(1),
	})
	if err != nil {
		return b.wrapError(f.ctx, "look at "+key, err)
	}
	if len(out.Contents) == 0 {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return nil
}

// ReadDir lists a directory in the order of names. At the root it includes the directory
// of working artifacts, which is in another bucket.
func (f storeFS) ReadDir(name string) ([]fs.DirEntry, error) {
	key, err := f.key("readdir", name)
	if err != nil {
		return nil, err
	}
	entries, err := f.list(f.store.location(key))
	if err != nil {
		return nil, err
	}
	if key == "." && f.store.buckets.config.WorkBucket != "" {
		work := strings.TrimSuffix(archive.WorkPrefix, "/")
		switch err := f.isDirectory("readdir", work, work); {
		case err == nil:
			entries = append(entries, entry{name: work, dir: true})
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	if len(entries) == 0 && key != "." {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// below is the prefix of all keys below a location.
func below(at location) string {
	if at.key == "." {
		return ""
	}
	return at.key + "/"
}

// maxEntries bounds how much is listed at once: an archive has fewer bags, and a bag fewer
// files, but somebody else may have stored millions of objects there.
const maxEntries = 1 << 20

// list lists the entries directly below a location.
func (f storeFS) list(at location) ([]fs.DirEntry, error) {
	b, prefix := f.store.buckets, below(at)
	var entries []fs.DirEntry
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &at.bucket, Prefix: &prefix, Delimiter: aws.String("/")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.ctx)
		if err != nil {
			return nil, b.wrapError(f.ctx, "list "+at.key, err)
		}
		for _, found := range page.CommonPrefixes {
			// The key a//b has a part without a name: it is listed as such, and not as something else.
			name := strings.TrimSuffix(strings.TrimPrefix(aws.ToString(found.Prefix), prefix), "/")
			entries = append(entries, entry{name: name, dir: true})
		}
		for _, found := range page.Contents {
			// Some tools mark a directory by an empty object of its name; that is not a file.
			name, size := strings.TrimPrefix(aws.ToString(found.Key), prefix), aws.ToInt64(found.Size)
			if name != "" || size > 0 {
				entries = append(entries, entry{name: name, size: size, changed: aws.ToTime(found.LastModified)})
			}
		}
		if len(entries) > maxEntries {
			return nil, fmt.Errorf("list %s: it contains more than %d objects and folders", at.key, maxEntries)
		}
	}
	return entries, nil
}
