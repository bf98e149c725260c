package s3store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

func TestCheck(t *testing.T) {
	server := newServer(t)
	server.Bucket("unlocked", false)
	server.Bucket("same", true)
	server.DefaultRetention("same", types.ObjectLockRetentionModeCompliance, 10)
	server.Bucket("shorter", true)
	server.DefaultRetention("shorter", types.ObjectLockRetentionModeCompliance, 9)
	server.Bucket("longer", true)
	server.DefaultRetention("longer", types.ObjectLockRetentionModeCompliance, 11)
	server.Bucket("weaker", true)
	server.DefaultRetention("weaker", types.ObjectLockRetentionModeGovernance, 10)
	server.Admin(t.Context(), "create-user", "--access", "AKIDSTRANGER", "--secret", "strange-secret-0123456789", "--role", "user")
	tests := map[string]struct {
		change func(*Config)
		kind   archive.Kind
		says   string
	}{
		"as demanded":                  {func(*Config) {}, "", ""},
		"the same default retention":   {func(c *Config) { c.Bucket = "same" }, "", ""},
		"no lock demanded":             {func(c *Config) { c.Lock = nil }, "", ""},
		"no lock demanded, none there": {func(c *Config) { c.Bucket, c.Lock = "unlocked", nil }, "", ""},
		"no such bucket":               {func(c *Config) { c.Bucket = "none" }, archive.KindNoBucket, "none"},
		"no such bucket, no lock":      {func(c *Config) { c.Bucket, c.Lock = "none", nil }, archive.KindNoBucket, "none"},
		"no such work bucket":          {func(c *Config) { c.WorkBucket = "none" }, archive.KindNoBucket, "none"},
		"no lock there":                {func(c *Config) { c.Bucket = "unlocked" }, archive.KindNotLocked, "bucket unlocked: it has no Object Lock"},
		"a shorter default retention":  {func(c *Config) { c.Bucket = "shorter" }, archive.KindRetention, "its default retention is COMPLIANCE for 9 days, but spec.s3.objectLock requires COMPLIANCE for 10 days"},
		"a longer default retention":   {func(c *Config) { c.Bucket = "longer" }, archive.KindRetention, "for 11 days"},
		"a weaker default retention":   {func(c *Config) { c.Bucket = "weaker" }, archive.KindRetention, "its default retention is GOVERNANCE"},
		"a locked work bucket":         {func(c *Config) { c.WorkBucket = "same" }, archive.KindWorkLocked, "bucket same: it has Object Lock"},
		"a wrong secret":               {func(c *Config) { c.Credentials = as(s3server.AccessKeyID, "wrong") }, archive.KindCredentials, "SignatureDoesNotMatch"},
		"an unknown key":               {func(c *Config) { c.Credentials = as("AKIDNOBODY", "wrong") }, archive.KindCredentials, "InvalidAccessKeyId"},
		"somebody without permissions": {func(c *Config) { c.Credentials = as("AKIDSTRANGER", "strange-secret-0123456789") }, archive.KindDenied, "AccessDenied"},
		"nobody there":                 {func(c *Config) { c.Endpoint, c.attempts = "http://127.0.0.1:1", 1 }, archive.KindUnavailable, "connection refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := config(server.URL)
			tt.change(&c)
			err := Open(c).Check(t.Context())
			if archive.KindOf(err) != tt.kind || (tt.kind == "") != (err == nil) {
				t.Fatalf("Check: %v (%s), want %s", err, archive.KindOf(err), tt.kind)
			}
			if err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Check: %v, want it to say %q", err, tt.says)
			}
		})
	}
	expectEmpty(t, server, "evidence", "work", "unlocked", "same", "shorter", "longer", "weaker")
}

// expectEmpty fails if anything is left: an object, a version of one, an upload.
func expectEmpty(t *testing.T, server *s3server.Server, buckets ...string) {
	t.Helper()
	for _, bucket := range buckets {
		out, err := server.Client().ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &bucket})
		must(t, err)
		if len(out.Versions) != 0 || len(out.DeleteMarkers) != 0 {
			t.Errorf("bucket %s contains %d versions, %d delete markers", bucket, len(out.Versions), len(out.DeleteMarkers))
		}
	}
}

// TestCheckSeesEachPermissionThatIsMissing: whatever an export needs.
func TestCheckSeesEachPermissionThatIsMissing(t *testing.T) {
	server := newServer(t)
	server.Admin(t.Context(), "create-user", "--access", "AKIDOPERATOR", "--secret", "operators-secret-0123456789", "--role", "user")
	policy := func(bucket string, actions ...string) {
		t.Helper()
		_, err := server.Client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: &bucket, Policy: aws.String(
			`{"Statement": [{"Effect": "Allow", "Principal": "AKIDOPERATOR", "Resource": ["arn:aws:s3:::` + bucket + `", "arn:aws:s3:::` + bucket + `/*"], "Action": ["s3:` +
				strings.Join(actions, `", "s3:`) + `"]}]}`)})
		must(t, err)
	}
	work := []string{"GetBucketObjectLockConfiguration", "GetObject", "PutObject", "DeleteObject", "ListBucket"}
	needed := []string{
		"GetBucketObjectLockConfiguration", "GetBucketVersioning", "GetObject", "ListBucket", "ListBucketMultipartUploads",
		"AbortMultipartUpload", "PutObject", "PutObjectRetention", "PutObjectLegalHold",
	}
	policy("work", work...)
	policy("evidence", needed...)
	c := config(server.URL)
	c.Credentials = as("AKIDOPERATOR", "operators-secret-0123456789")
	must(t, Open(c).Check(t.Context()))
	for _, bucket := range []struct {
		name    string
		actions []string
	}{{"evidence", needed}, {"work", work}} {
		for i, missing := range bucket.actions {
			policy(bucket.name, append(append([]string{}, bucket.actions[:i]...), bucket.actions[i+1:]...)...)
			if err := Open(c).Check(t.Context()); archive.KindOf(err) != archive.KindDenied {
				t.Errorf("without %s on bucket %s Check says %v, want Denied", missing, bucket.name, err)
			} else if strings.HasPrefix(missing, "PutObject") && bucket.name == "evidence" && !strings.Contains(err.Error(), "s3:"+missing) {
				t.Errorf("without %s Check says %v, which does not name it", missing, err)
			}
		}
		policy(bucket.name, bucket.actions...)
	}
	must(t, Open(c).Check(t.Context()))
}

// TestAStoreThatDoesNotVerifyIsRefused, and is found out before anything could
// be left that cannot be removed.
func TestAStoreThatDoesNotVerifyIsRefused(t *testing.T) {
	server := newServer(t)
	target, err := url.Parse(server.URL)
	must(t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host }}
	taken := []string{}
	careless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		sum := sha256.Sum256(body)
		announced := r.Header.Get("X-Amz-Checksum-Sha256")
		if r.Method == http.MethodPut && announced != base64.StdEncoding.EncodeToString(sum[:]) {
			taken = append(taken, r.URL.Path)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(careless.Close)
	err = Open(config(careless.URL)).Check(t.Context())
	if archive.KindOf(err) != archive.KindRefused || !strings.Contains(err.Error(), "it does not verify SHA-256 checksums") {
		t.Errorf("Check: %v, want that checksums are not verified", err)
	}
	if len(taken) != 1 || !strings.HasPrefix(taken[0], "/work/") {
		t.Errorf("what was not verified was taken as %v, want the bucket of working artifacts alone", taken)
	}
	expectEmpty(t, server, "evidence", "work")
}

// TestCredentialsAreReadAgain when they are not accepted, not only after a minute.
func TestCredentialsAreReadAgain(t *testing.T) {
	server := newServer(t)
	c := config(server.URL)
	secret := "wrong"
	c.Credentials = func(context.Context) (Credentials, error) {
		return Credentials{AccessKeyID: s3server.AccessKeyID, SecretAccessKey: secret}, nil
	}
	buckets := Open(c)
	if err := buckets.Check(t.Context()); archive.KindOf(err) != archive.KindCredentials {
		t.Fatalf("Check: %v, want Credentials", err)
	}
	secret = s3server.SecretAccessKey
	must(t, buckets.Check(t.Context()))
}

// TestWhyThereAreNoCredentialsIsPassedOn as it is.
func TestWhyThereAreNoCredentialsIsPassedOn(t *testing.T) {
	c := config("http://127.0.0.1:1")
	cause := errors.New("there is no Secret")
	c.Credentials = func(context.Context) (Credentials, error) { return Credentials{}, cause }
	if err := Open(c).Check(t.Context()); !errors.Is(err, cause) {
		t.Errorf("Check: %v, want %v", err, cause)
	}
}
