package s3store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// TestEvidenceIsKept: whatever its size, and not even by the bucket's owner can
// it be removed or its retention shortened.
func TestEvidenceIsKept(t *testing.T) {
	server := newServer(t)
	for _, mode := range []Mode{Governance, Compliance} {
		c := config(server.URL)
		c.Prefix, c.Lock = "legal/"+string(mode), &Lock{mode, 10}
		store := openStore(t, c)
		must(t, store.Create(t.Context(), "bags/a/small", text("x")))
		must(t, store.Create(t.Context(), "bags/a/large", random(2)))
		for _, key := range []string{"bags/a/small", "bags/a/large"} {
			key := c.Prefix + "/case-1/" + key
			got := head(t, server, "evidence", key)
			if string(got.ObjectLockMode) != string(mode) || got.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn {
				t.Errorf("%s: mode %s, hold %q; want %s and no hold", key, got.ObjectLockMode, got.ObjectLockLegalHoldStatus, mode)
			}
			if until := aws.ToTime(got.ObjectLockRetainUntilDate); until.Before(time.Now().AddDate(0, 0, 10)) || until.After(time.Now().AddDate(0, 0, 12)) {
				t.Errorf("%s is kept until %v, want 10 days", key, until)
			}
			_, err := server.Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("evidence"), Key: &key, VersionId: got.VersionId})
			if code(err) != "AccessDenied" {
				t.Errorf("%s could be removed: %v", key, err)
			}
		}
	}
}

func TestHeldEvidenceIsUnderLegalHold(t *testing.T) {
	server := newServer(t)
	store := archive.Held(openStore(t, config(server.URL)))
	must(t, store.Create(t.Context(), "bags/a/small", text("x")))
	must(t, store.Create(t.Context(), "bags/a/large", random(1)))
	must(t, store.Create(t.Context(), ".work/x", text("x")))
	for _, key := range []string{"bags/a/small", "bags/a/large"} {
		if got := head(t, server, "evidence", "legal/case-1/"+key); got.ObjectLockLegalHoldStatus != types.ObjectLockLegalHoldStatusOn || got.ObjectLockMode != "COMPLIANCE" {
			t.Errorf("%s: hold %q, mode %q", key, got.ObjectLockLegalHoldStatus, got.ObjectLockMode)
		}
	}
	if got := head(t, server, "work", "evidence/legal/case-1/.work/x"); got.ObjectLockLegalHoldStatus != "" || got.ObjectLockMode != "" {
		t.Errorf("a working artifact is under hold %q, mode %q", got.ObjectLockLegalHoldStatus, got.ObjectLockMode)
	}
	must(t, store.Remove(t.Context(), ".work/x"))
	if left := server.Keys("work", ""); len(left) != 0 {
		t.Errorf("%v are left", left)
	}
}

// TestTheServiceKnowsTheFilesSHA256 of all that fits into a part.
func TestTheServiceKnowsTheFilesSHA256(t *testing.T) {
	server := newServer(t)
	must(t, openStore(t, config(server.URL)).Create(t.Context(), "bags/a/b", text("hello")))
	sum := sha256.Sum256([]byte("hello"))
	got := head(t, server, "evidence", "legal/case-1/bags/a/b")
	if aws.ToString(got.ChecksumSHA256) != base64.StdEncoding.EncodeToString(sum[:]) || got.ChecksumType == types.ChecksumTypeComposite {
		t.Errorf("checksum %s %s", got.ChecksumType, aws.ToString(got.ChecksumSHA256))
	}
	if got.Metadata["sha256"] != hex.EncodeToString(sum[:]) {
		t.Errorf("metadata %v", got.Metadata)
	}
}

// TestBucketsCanBeShared: neither another bucket's working artifacts nor another
// prefix's evidence are in the way.
func TestBucketsCanBeShared(t *testing.T) {
	server := newServer(t)
	server.Bucket("other", true)
	for _, other := range []func(*Config){
		func(*Config) {},
		func(c *Config) { c.Bucket = "other" },
		func(c *Config) { c.Prefix = "" },
		func(c *Config) { c.Prefix = "legal/case-1" },
	} {
		c := config(server.URL)
		other(&c)
		store := openStore(t, c)
		must(t, store.Create(t.Context(), "export.json", text("x")))
		must(t, store.Create(t.Context(), ".work/x", text("x")))
	}
}
