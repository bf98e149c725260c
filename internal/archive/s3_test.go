package archive_test

import (
	"context"
	"testing"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/archive/authentic"
	"github.com/gcexport/recording-export-operator/internal/archive/s3store"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// partSize is the smallest that S3 takes, in bytes.
const partSize = 5 << 20

func openS3(t *testing.T, server *s3server.Server, prefix string, lock *s3store.Lock) archive.Store {
	t.Helper()
	store, err := s3store.Open(s3store.Config{
		Endpoint: server.URL, Region: s3server.Region, PathStyle: true,
		Bucket: "evidence", WorkBucket: "work", Prefix: prefix, Lock: lock,
		Credentials: func(context.Context) (s3store.Credentials, error) {
			return s3store.Credentials{AccessKeyID: s3server.AccessKeyID, SecretAccessKey: s3server.SecretAccessKey}, nil
		},
		Now: time.Now, Parts: s3store.NewPartBuffers(2, partSize),
	}).Archive("case-1")
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestS3IsAStore(t *testing.T) {
	for name, lock := range map[string]*s3store.Lock{
		"locked":     {Mode: s3store.Compliance, Days: 1},
		"not locked": nil,
	} {
		t.Run(name, func(t *testing.T) {
			server := s3server.Start(t)
			server.Bucket("evidence", lock != nil)
			server.Bucket("work", false)
			stores := 0
			testStore(t, func(t *testing.T) (store, other archive.Store) {
				stores++
				prefix := "legal/" + string(rune('a'+stores))
				return openS3(t, server, prefix, lock), openS3(t, server, prefix, lock)
			})
		})
	}
}

// TestWhatABucketDiscarded leaves room for the same again.
func TestWhatABucketDiscarded(t *testing.T) {
	server := s3server.Start(t)
	server.Bucket("evidence", false)
	server.Bucket("work", false)
	testDiscardedAgain(t, openS3(t, server, "legal", nil))
}

// TestS3HeldIsAStore: what is under legal hold is stored as all else is.
func TestS3HeldIsAStore(t *testing.T) {
	server := s3server.Start(t)
	server.Bucket("evidence", true)
	server.Bucket("work", false)
	stores := 0
	testStore(t, func(t *testing.T) (store, other archive.Store) {
		stores++
		prefix, lock := "legal/"+string(rune('a'+stores)), &s3store.Lock{Mode: s3store.Governance, Days: 1}
		return archive.Held(openS3(t, server, prefix, lock)), openS3(t, server, prefix, lock)
	})
}

// TestABucketCannotTellItsRoom, also where its artifacts are authentic, and where what is
// created is under legal hold: recordings are stored there without asking.
func TestABucketCannotTellItsRoom(t *testing.T) {
	bucket := openS3(t, s3server.Start(t), "legal", nil)
	safe := authentic.Wrap(bucket, authentic.Identity{}, nil)
	for name, store := range map[string]archive.Store{"bucket": bucket, "authentic": safe, "held": archive.Held(safe)} {
		if free, known, err := archive.Free(t.Context(), store); free != 0 || known || err != nil {
			t.Errorf("%s: %d bytes are free, known %t, %v", name, free, known, err)
		}
	}
}
