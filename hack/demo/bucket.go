package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The bucket of config/samples-bulkjob.
const (
	bucketName   = "recordings"
	bucketRegion = "eu-central-1"
	accessKeyID  = "demo-access-key"
	secretKey    = "demo-secret-access-key"
)

// bucketKeys are the variables of the environment from which programs take the access key.
func bucketKeys() []string {
	return []string{"AWS_ACCESS_KEY_ID=" + accessKeyID, "AWS_SECRET_ACCESS_KEY=" + secretKey, "AWS_SESSION_TOKEN="}
}

// buckets is the directory of the S3 server, which has a directory for each bucket.
func (s stage) buckets() (string, error) { return filepath.Abs(filepath.Join(s.folder, "buckets")) }

// startBucket starts a real S3 server with the bucket of the organisation.
func (s stage) startBucket(ctx context.Context) (stop func(), err error) {
	build := exec.CommandContext(ctx, filepath.Join("hack", "versitygw", "build.sh"))
	build.Stderr = os.Stderr
	program, err := build.Output()
	if err != nil {
		return nil, fmt.Errorf("build the S3 server: %w", err)
	}
	folder, err := s.buckets()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(folder, bucketName), 0o750); err != nil {
		return nil, err
	}
	server := exec.CommandContext(ctx, strings.TrimSpace(string(program)), "--port", s.bucket, "--region", bucketRegion, "posix", folder)
	// The environment is left out: it may contain settings of the server's or of AWS.
	server.Env = []string{"ROOT_ACCESS_KEY=" + accessKeyID, "ROOT_SECRET_KEY=" + secretKey}
	return startServer(server, filepath.Join(s.folder, "bucket.log"), listening(s.bucket))
}
