package s3store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
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
			if errorCode(err) != "AccessDenied" {
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

// TestHeldWhere: what is not told is stored without.
func TestHeldWhere(t *testing.T) {
	server := newServer(t)
	store := archive.HeldWhere(openStore(t, config(server.URL)), func(key string) bool { return key == "bags/a/held" })
	for key, want := range map[string]types.ObjectLockLegalHoldStatus{"bags/a/held": types.ObjectLockLegalHoldStatusOn, "bags/a/free": ""} {
		must(t, store.Create(t.Context(), key, text("x")))
		if got := head(t, server, "evidence", "legal/case-1/"+key); got.ObjectLockLegalHoldStatus != want {
			t.Errorf("%s: hold %q, want %q", key, got.ObjectLockLegalHoldStatus, want)
		}
	}
}

// TestWhatIsStoredCanBeHeldLater, as often as one likes, whatever its size, and its
// retention stays.
func TestWhatIsStoredCanBeHeldLater(t *testing.T) {
	server := newServer(t)
	store := openStore(t, config(server.URL))
	must(t, store.Create(t.Context(), "bags/a/small", text("x")))
	must(t, store.Create(t.Context(), "bags/a/large", random(1)))
	must(t, store.Create(t.Context(), "bags/a/free", text("x")))
	for _, key := range []string{"bags/a/small", "bags/a/large", "bags/a/small"} {
		before := head(t, server, "evidence", "legal/case-1/"+key)
		if held, err := store.Hold(t.Context(), key); !held || err != nil {
			t.Fatalf("Hold %s: %v, %v", key, held, err)
		}
		got := head(t, server, "evidence", "legal/case-1/"+key)
		if got.ObjectLockLegalHoldStatus != types.ObjectLockLegalHoldStatusOn {
			t.Errorf("%s: hold %q", key, got.ObjectLockLegalHoldStatus)
		}
		if got.ObjectLockMode != before.ObjectLockMode || !aws.ToTime(got.ObjectLockRetainUntilDate).Equal(aws.ToTime(before.ObjectLockRetainUntilDate)) {
			t.Errorf("%s: its retention is %s until %v, was %s until %v", key, got.ObjectLockMode, got.ObjectLockRetainUntilDate, before.ObjectLockMode, before.ObjectLockRetainUntilDate)
		}
	}
	if got := head(t, server, "evidence", "legal/case-1/bags/a/free"); got.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn {
		t.Error("its neighbour is under hold, too")
	}
}

// TestWhatCannotBeHeldLater: it is told, by an error or because there is no such thing.
func TestWhatCannotBeHeldLater(t *testing.T) {
	server := newServer(t)
	server.Bucket("unlocked", false)
	server.Admin(t.Context(), "create-user", "--access", "AKIDWRITER", "--secret", "writers-secret-0123456789", "--role", "user")
	_, err := server.Client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("evidence"), Policy: aws.String(
		`{"Statement": [{"Effect": "Allow", "Principal": "AKIDWRITER", "Resource": ["arn:aws:s3:::evidence", "arn:aws:s3:::evidence/*"],
		"Action": ["s3:PutObject", "s3:PutObjectRetention", "s3:GetObject"]}]}`)})
	must(t, err)
	tests := map[string]struct {
		change func(*Config)
		key    string
		kind   archive.Kind
		is     error
	}{
		"no lock is demanded":   {func(c *Config) { c.Bucket, c.Lock = "unlocked", nil }, "bags/a/b", "", nil},
		"a working artifact":    {func(*Config) {}, ".work/x", "", nil},
		"there is none":         {func(*Config) {}, "bags/a/none", "", fs.ErrNotExist},
		"no key":                {func(*Config) {}, "bags//b", "", archive.ErrKey},
		"without permission":    {func(c *Config) { c.Credentials = as("AKIDWRITER", "writers-secret-0123456789") }, "bags/a/b", archive.KindDenied, nil},
		"nobody there":          {func(c *Config) { c.Endpoint, c.attempts = "http://127.0.0.1:1", 1 }, "bags/a/b", archive.KindUnavailable, nil},
		"with a wrong password": {func(c *Config) { c.Credentials = as(s3server.AccessKeyID, "wrong") }, "bags/a/b", archive.KindCredentials, nil},
	}
	must(t, openStore(t, config(server.URL)).Create(t.Context(), "bags/a/b", text("x")))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := config(server.URL)
			tt.change(&c)
			held, err := openStore(t, c).Hold(t.Context(), tt.key)
			if held || archive.KindOf(err) != tt.kind || tt.is != nil && !errors.Is(err, tt.is) || (err == nil) != (tt.kind == "" && tt.is == nil) {
				t.Errorf("Hold: %v, %v (%s), want %s %v", held, err, archive.KindOf(err), tt.kind, tt.is)
			}
			if tt.kind == archive.KindDenied && !strings.Contains(err.Error(), "s3:PutObjectLegalHold") {
				t.Errorf("Hold: %v, want the permission's name", err)
			}
		})
	}
	if got := head(t, server, "evidence", "legal/case-1/bags/a/b"); got.ObjectLockLegalHoldStatus == types.ObjectLockLegalHoldStatusOn {
		t.Error("it is under legal hold anyway")
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
