package s3server

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Client asks the server as its owner.
func (s *Server) Client() *s3.Client {
	return s3.New(s3.Options{
		Region: Region, BaseEndpoint: &s.URL, UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey}, nil
		}),
	})
}

// Bucket makes a bucket, with Object Lock if it is to be locked.
func (s *Server) Bucket(name string, locked bool) {
	s.Helper()
	if _, err := s.Client().CreateBucket(s.Context(), &s3.CreateBucketInput{
		Bucket: &name, ObjectLockEnabledForBucket: &locked,
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: Region},
	}); err != nil {
		s.Fatal(err)
	}
}

// DefaultRetention gives a locked bucket a retention of its own.
func (s *Server) DefaultRetention(bucket string, mode types.ObjectLockRetentionMode, days int32) {
	s.Helper()
	if _, err := s.Client().PutObjectLockConfiguration(s.Context(), &s3.PutObjectLockConfigurationInput{
		Bucket: &bucket, ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: types.ObjectLockEnabledEnabled,
			Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: mode, Days: &days}},
		},
	}); err != nil {
		s.Fatal(err)
	}
}

// Keys lists every key of a bucket that begins with prefix.
func (s *Server) Keys(bucket, prefix string) []string {
	s.Helper()
	var keys []string
	pages := s3.NewListObjectsV2Paginator(s.Client(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		for _, object := range page.Contents {
			keys = append(keys, *object.Key)
		}
	}
	return keys
}

// Uploads lists the keys of a bucket that are being uploaded in parts.
func (s *Server) Uploads(bucket string) []string {
	s.Helper()
	out, err := s.Client().ListMultipartUploads(s.Context(), &s3.ListMultipartUploadsInput{Bucket: &bucket})
	if err != nil {
		s.Fatal(err)
	}
	keys := make([]string, len(out.Uploads))
	for i, upload := range out.Uploads {
		keys[i] = *upload.Key
	}
	return keys
}

// Download copies a bucket's objects below prefix into a directory.
func (s *Server) Download(bucket, prefix, directory string) {
	s.Helper()
	for _, key := range s.Keys(bucket, prefix) {
		out, err := s.Client().GetObject(s.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		if err != nil {
			s.Fatal(err)
		}
		content, err := io.ReadAll(out.Body)
		if err != nil {
			s.Fatal(err)
		}
		_ = out.Body.Close()
		path := filepath.Join(directory, filepath.FromSlash(strings.TrimPrefix(key, prefix)))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			s.Fatal(err)
		}
	}
}
