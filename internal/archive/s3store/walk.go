package s3store

import (
	"context"
	"io/fs"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// FS reads everything below the prefix, of all exports. Without a WorkBucket it reads
// evidence only.
func (b *Buckets) FS(ctx context.Context) fs.FS { return (&Store{b, "."}).FS(ctx) }

// Walk lists every file below a directory, by its path from there, with a request for a
// thousand of them instead of one for each directory.
func (f storeFS) Walk(directory string, do func(name string, size int64) error) error {
	key, err := f.key("walk", directory)
	if err != nil {
		return err
	}
	at, b := f.store.location(key), f.store.buckets
	prefix := below(at)
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &at.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.ctx)
		if err != nil {
			return b.wrapError(f.ctx, "list "+key, err)
		}
		for _, found := range page.Contents {
			// Some tools mark a directory by an empty object of its name; that is not a file.
			name := strings.TrimPrefix(aws.ToString(found.Key), prefix)
			if (name == "" || strings.HasSuffix(name, "/")) && aws.ToInt64(found.Size) == 0 {
				continue
			}
			if err := do(name, aws.ToInt64(found.Size)); err != nil {
				return err
			}
		}
	}
	return nil
}
