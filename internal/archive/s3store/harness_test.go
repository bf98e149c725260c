package s3store

import (
	"context"
	"crypto/rand"
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// testPart is the size of a part in tests, the smallest that S3 takes, in bytes.
const testPart = 5 << 20

// config is that of a server's buckets "evidence" and "work".
func config(url string) Config {
	return Config{
		Endpoint: url, Region: s3server.Region, PathStyle: true, Bucket: "evidence", WorkBucket: "work", Prefix: "legal",
		Lock:        &Lock{Mode: Compliance, Days: 10},
		Credentials: as(s3server.AccessKeyID, s3server.SecretAccessKey),
		Now:         time.Now, Parts: NewPartBuffers(2, testPart),
	}
}

func as(id, secret string) func(context.Context) (Credentials, error) {
	return func(context.Context) (Credentials, error) {
		return Credentials{AccessKeyID: id, SecretAccessKey: secret}, nil
	}
}

func newServer(t *testing.T) *s3server.Server {
	t.Helper()
	server := s3server.Start(t)
	server.Bucket("evidence", true)
	server.Bucket("work", false)
	return server
}

func openStore(t *testing.T, c Config) *Store {
	t.Helper()
	store, err := Open(c).Archive("case-1")
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// random writes parts and a little more.
func random(parts int) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.CopyN(w, rand.Reader, int64(parts)*testPart+1)
		return err
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// head asks the server, as its owner, what it says of an object.
func head(t *testing.T, server *s3server.Server, bucket, key string) *s3.HeadObjectOutput {
	t.Helper()
	out, err := server.Client().HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key, ChecksumMode: "ENABLED"})
	must(t, err)
	return out
}
