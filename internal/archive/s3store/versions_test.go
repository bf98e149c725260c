package s3store

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/gcexport/recording-export-operator/internal/archive"
)

// hidden lists what is told of versions below seals.
func hidden(t *testing.T, fsys fs.FS) (found []string, err error) {
	t.Helper()
	err = fsys.(storeFS).Hidden("seals", func(name string, deleted bool, isLocked func() (bool, error)) error {
		locked, err := isLocked()
		if err != nil {
			return err
		}
		found = append(found, fmt.Sprint(name, " ", deleted, " ", locked))
		return nil
	})
	slices.Sort(found)
	return found, err
}

// TestHiddenVersions: what somebody deleted or stored again is told of, whether or not it
// is still to be read, and nothing else.
func TestHiddenVersions(t *testing.T) {
	server := newServer(t)
	server.Bucket("plain", false)
	store := openStore(t, config(server.URL))
	for _, key := range []string{"seals/1/a", "seals/1/b", "seals/1/c", "seals/1/d", "seals/10/a", "sealsx"} {
		must(t, store.Create(t.Context(), key, text("x")))
	}
	client, bucket := server.Client(), aws.String("evidence")
	for _, name := range []string{"a", "c"} {
		_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("legal/case-1/seals/1/" + name)})
		must(t, err)
	}
	for _, name := range []string{"b", "c"} {
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("legal/case-1/seals/1/" + name), Body: strings.NewReader("y")})
		must(t, err)
	}
	for range 2 { // never locked
		_, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("legal/case-1/seals/2/e"), Body: strings.NewReader("z")})
		must(t, err)
	}
	found, err := hidden(t, store.FS(t.Context()))
	if want := []string{"1/a true true", "1/b false true", "1/c false true", "2/e false false"}; err != nil || !slices.Equal(found, want) {
		t.Errorf("Hidden: %v, %v; want %v", found, err, want)
	}
	unlocked := config(server.URL)
	unlocked.Bucket, unlocked.Lock = "plain", nil
	other := openStore(t, unlocked)
	must(t, other.Create(t.Context(), "seals/1/a", text("x")))
	if found, err := hidden(t, other.FS(t.Context())); err != nil || len(found) > 0 {
		t.Errorf("Hidden of a bucket without versions: %v, %v", found, err)
	}
}

// TestVersionsThatCannotBeListed: the error names the permission.
func TestVersionsThatCannotBeListed(t *testing.T) {
	for status, kind := range map[int]archive.Kind{http.StatusForbidden: archive.KindDenied, http.StatusNotImplemented: ""} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		defer server.Close()
		c := config(server.URL)
		c.attempts = 1
		found, err := hidden(t, openStore(t, c).FS(t.Context()))
		if err == nil || len(found) > 0 || kind != "" && archive.KindOf(err) != kind || !strings.Contains(err.Error(), "s3:ListBucketVersions") {
			t.Errorf("%d: %v, %v (%s)", status, found, err, archive.KindOf(err))
		}
		if errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: %v", status, err)
		}
	}
}
