package s3store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"golang.org/x/sync/errgroup"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/testenv/s3server"
)

// newSource starts a server with a bucket into which somebody else writes.
func newSource(t *testing.T) (*s3server.Server, *Source) {
	t.Helper()
	server := s3server.Start(t)
	server.Bucket("recordings", false)
	return server, sourceAt(server.URL, nil)
}

func sourceAt(url string, change func(*Config)) *Source {
	c := config(url)
	c.Bucket, c.WorkBucket, c.Prefix, c.Lock = "recordings", "", "", nil
	if change != nil {
		change(&c)
	}
	return OpenSource(c)
}

// put writes an object as the bucket's owner.
func put(t *testing.T, server *s3server.Server, key string, content []byte) {
	t.Helper()
	_, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("recordings"), Key: &key, Body: bytes.NewReader(content)})
	must(t, err)
}

// listOne lists the only object with a prefix.
func listOne(t *testing.T, source *Source, prefix string) SourceObject {
	t.Helper()
	objects, err := source.List(t.Context(), prefix)
	must(t, err)
	if len(objects) != 1 {
		t.Fatalf("%d objects, want 1", len(objects))
	}
	return objects[0]
}

func readObject(t *testing.T, source *Source, object SourceObject) ([]byte, error) {
	t.Helper()
	opened, err := source.Open(t.Context(), object)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(opened)
	return content, errors.Join(err, opened.Close())
}

// TestASourceListsAllPages: every key once, in order, and none of another folder.
func TestASourceListsAllPages(t *testing.T) {
	server, source := newSource(t)
	const count = 2_345 // three pages
	var want []string
	var group errgroup.Group
	group.SetLimit(8)
	for n := range count {
		key := fmt.Sprintf("org/year=2023/month=1/day=2/hour=3/conversation_id=%04d/a.opus", n)
		want = append(want, key)
		group.Go(func() error {
			_, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("recordings"), Key: &key, Body: strings.NewReader(key[:n%50+1])})
			return err
		})
	}
	must(t, group.Wait())
	put(t, server, "org/year=2023/month=1/day=2/hour=30/conversation_id=1/a.opus", []byte("another hour"))
	objects, err := source.List(t.Context(), "org/year=2023/month=1/day=2/hour=3/")
	must(t, err)
	got := make([]string, len(objects))
	for i, object := range objects {
		got[i] = object.Key
		if object.Size != int64(i%50+1) || object.ETag == "" {
			t.Fatalf("%+v, want a size of %d", object, i%50+1)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
}

// TestASourceOpensWhatWasListed, or tells that it has changed.
func TestASourceOpensWhatWasListed(t *testing.T) {
	server, source := newSource(t)
	tests := map[string]struct {
		change func(key string)
		err    error
	}{
		"unchanged":                {func(string) {}, nil},
		"replaced by the same":     {func(key string) { put(t, server, key, []byte("sound")) }, nil},
		"replaced by another":      {func(key string) { put(t, server, key, []byte("noise")) }, ErrChanged},
		"replaced by a longer one": {func(key string) { put(t, server, key, []byte("sound and noise")) }, ErrChanged},
		"deleted": {func(key string) {
			_, err := server.Client().DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("recordings"), Key: &key})
			must(t, err)
		}, ErrChanged},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			key := strings.ReplaceAll(name, " ", "/") + ".opus"
			put(t, server, key, []byte("sound"))
			object := listOne(t, source, key)
			tt.change(key)
			content, err := readObject(t, source, object)
			if !errors.Is(err, tt.err) || err == nil && string(content) != "sound" {
				t.Errorf("%q, %v; want %v", content, err, tt.err)
			}
		})
	}
}

// TestAnObjectThatIsReplacedWhileItIsRead: what is read is the listed object, or an error. It is never
// a part of one object and a part of another.
func TestAnObjectThatIsReplacedWhileItIsRead(t *testing.T) {
	server, source := newSource(t)
	first, second := bytes.Repeat([]byte("a"), 8<<20), bytes.Repeat([]byte("b"), 8<<20)
	put(t, server, "a.opus", first)
	object := listOne(t, source, "a.opus")
	opened, err := source.Open(t.Context(), object)
	must(t, err)
	begin := make([]byte, 1000)
	_, err = io.ReadFull(opened, begin)
	must(t, err)
	put(t, server, "a.opus", second)
	remaining, err := io.ReadAll(opened)
	must(t, opened.Close())
	if err == nil && !bytes.Equal(append(begin, remaining...), first) {
		t.Errorf("%d bytes were read, which are not those of the listed object", len(begin)+len(remaining))
	}
	if _, err := readObject(t, source, object); !errors.Is(err, ErrChanged) {
		t.Errorf("afterwards it is opened: %v", err)
	}
}

// wayTo is a way to a server that changes its answers.
func wayTo(t *testing.T, server *s3server.Server, change func(*http.Response) error) string {
	t.Helper()
	target, err := url.Parse(server.URL)
	must(t, err)
	way := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
		ModifyResponse: change,
	})
	t.Cleanup(way.Close)
	return way.URL
}

// TestAnObjectThatIsCutOff is an error, never a shorter object.
func TestAnObjectThatIsCutOff(t *testing.T) {
	server, _ := newSource(t)
	put(t, server, "a.opus", bytes.Repeat([]byte("a"), 1<<20))
	source := sourceAt(wayTo(t, server, func(r *http.Response) error {
		if strings.HasSuffix(r.Request.URL.Path, "a.opus") {
			r.Body = io.NopCloser(io.LimitReader(r.Body, 1<<19))
		}
		return nil
	}), nil)
	content, err := readObject(t, source, listOne(t, source, "a.opus"))
	if archive.KindOf(err) != archive.KindUnavailable {
		t.Errorf("%d bytes, %v", len(content), err)
	}
}

// TestTheKeyOfAnObject is told, whether the server names it or not. Its ETag is not a digest then.
func TestTheKeyOfAnObject(t *testing.T) {
	const key = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd"
	tests := map[string]struct {
		headers map[string]string
		want    string
	}{
		"none":          {nil, ""},
		"of the bucket": {map[string]string{"x-amz-server-side-encryption": "AES256"}, ""},
		"named":         {map[string]string{"x-amz-server-side-encryption": "aws:kms", "x-amz-server-side-encryption-aws-kms-key-id": key}, key},
		"not named":     {map[string]string{"x-amz-server-side-encryption": "aws:kms"}, "aws:kms"},
		"twice":         {map[string]string{"x-amz-server-side-encryption": "aws:kms:dsse", "x-amz-server-side-encryption-aws-kms-key-id": key}, key},
	}
	server, _ := newSource(t)
	put(t, server, "a.opus", []byte("sound"))
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			source := sourceAt(wayTo(t, server, func(r *http.Response) error {
				for header, value := range tt.headers {
					r.Header.Set(header, value)
				}
				return nil
			}), nil)
			opened, err := source.Open(t.Context(), listOne(t, source, "a.opus"))
			must(t, err)
			content, err := io.ReadAll(opened)
			must(t, errors.Join(err, opened.Close()))
			if opened.KMSKey != tt.want || opened.Length != 5 || string(content) != "sound" {
				t.Errorf("key %q of %d bytes %q", opened.KMSKey, opened.Length, content)
			}
		})
	}
}

// TestASourceThatCannotBeRead: each cause has a kind of its own, whether an object is listed or read.
func TestASourceThatCannotBeRead(t *testing.T) {
	server, owner := newSource(t)
	put(t, server, "a.opus", []byte("sound"))
	object := listOne(t, owner, "a.opus")
	const secret = "readers-secret-0123456789"
	for _, reader := range []string{"AKIDLISTER", "AKIDGETTER"} {
		server.Admin(t.Context(), "create-user", "--access", reader, "--secret", secret, "--role", "user")
	}
	_, err := server.Client().PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("recordings"), Policy: aws.String(`{"Statement": [
		{"Effect": "Allow", "Principal": "AKIDLISTER", "Resource": "arn:aws:s3:::recordings", "Action": "s3:ListBucket"},
		{"Effect": "Allow", "Principal": "AKIDGETTER", "Resource": "arn:aws:s3:::recordings/*", "Action": "s3:GetObject"}]}`)})
	must(t, err)
	cause := errors.New("there is no Secret")
	tests := map[string]struct {
		change     func(*Config)
		list, open archive.Kind
	}{
		"a wrong secret":  {func(c *Config) { c.Credentials = as(s3server.AccessKeyID, "wrong") }, archive.KindCredentials, archive.KindCredentials},
		"an unknown key":  {func(c *Config) { c.Credentials = as("AKIDNOBODY", secret) }, archive.KindCredentials, archive.KindCredentials},
		"may only list":   {func(c *Config) { c.Credentials = as("AKIDLISTER", secret) }, "", archive.KindDenied},
		"may only read":   {func(c *Config) { c.Credentials = as("AKIDGETTER", secret) }, archive.KindDenied, ""},
		"no such bucket":  {func(c *Config) { c.Bucket = "another" }, archive.KindNoBucket, archive.KindNoBucket},
		"nobody is there": {func(c *Config) { c.Endpoint, c.attempts = "http://127.0.0.1:1", 1 }, archive.KindUnavailable, archive.KindUnavailable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			source := sourceAt(server.URL, tt.change)
			if _, err := source.List(t.Context(), ""); archive.KindOf(err) != tt.list || (tt.list == "") != (err == nil) {
				t.Errorf("List: %v, want %s", err, tt.list)
			}
			if _, err := readObject(t, source, object); archive.KindOf(err) != tt.open || (tt.open == "") != (err == nil) || errors.Is(err, ErrChanged) {
				t.Errorf("Open: %v, want %s", err, tt.open)
			}
		})
	}
	source := sourceAt(server.URL, func(c *Config) {
		c.Credentials = func(context.Context) (Credentials, error) { return Credentials{}, cause }
	})
	if _, err := source.List(t.Context(), ""); !errors.Is(err, cause) {
		t.Errorf("without an access key List says %v", err)
	}
	if _, err := source.Open(t.Context(), object); !errors.Is(err, cause) {
		t.Errorf("without an access key Open says %v", err)
	}
}
