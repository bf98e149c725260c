package s3store

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Hidden lists the files below a directory, by their paths from there, of which the bucket
// keeps an earlier version than the one that is read: below a newer version, or below a
// delete marker, which hides the file. locked asks, with one request, whether the newest
// of the earlier versions has a retention, or had one that has ended
// (s3:GetObjectRetention). The error is that of ListObjectVersions
// (s3:ListBucketVersions), or of do. A bucket without versions has none to list.
func (f storeFS) Hidden(directory string, do func(name string, deleted bool, locked func() (bool, error)) error) error {
	key, err := f.key("versions", directory)
	if err != nil {
		return err
	}
	at, b := f.store.location(key), f.store.buckets
	prefix, last := below(at), ""
	pages := s3.NewListObjectVersionsPaginator(b.client, &s3.ListObjectVersionsInput{Bucket: &at.bucket, Prefix: &prefix})
	deleted := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(f.ctx)
		if err != nil {
			return b.wrapError(f.ctx, "list versions below "+key+" (s3:ListBucketVersions)", err)
		}
		for _, marker := range page.DeleteMarkers {
			deleted[aws.ToString(marker.Key)] = aws.ToBool(marker.IsLatest) || deleted[aws.ToString(marker.Key)]
		}
		for _, version := range page.Versions {
			name := aws.ToString(version.Key)
			if aws.ToBool(version.IsLatest) || name == last {
				continue
			}
			last = name
			locked := func() (bool, error) { return b.isLocked(f.ctx, at.bucket, version) }
			if err := do(strings.TrimPrefix(name, prefix), deleted[name], locked); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlocked are S3's error codes for an object, or a bucket, without a retention.
var unlocked = []string{"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError", "InvalidRequest"}

// isLocked tells whether a version of an object has a retention, or had one.
func (b *Buckets) isLocked(ctx context.Context, bucket string, version types.ObjectVersion) (bool, error) {
	out, err := b.client.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &bucket, Key: version.Key, VersionId: version.VersionId})
	switch {
	case err == nil:
		return out.Retention != nil && out.Retention.Mode != "", nil
	case slices.Contains(unlocked, errorCode(err)):
		return false, nil
	default:
		return false, b.wrapError(ctx, "look at the retention of a version (s3:GetObjectRetention)", err)
	}
}
