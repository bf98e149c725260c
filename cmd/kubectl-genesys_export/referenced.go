package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/gcexport/recording-export-operator/internal/archive/s3store"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/evidence"
	"github.com/gcexport/recording-export-operator/internal/words"
)

// outside is how to reach the recordings that are in a bucket outside the archive.
type outside struct {
	region, endpoint string
}

// addOutsideFlags adds the flags for recordings outside the archive. What is not given is that
// of the archive.
func (p *location) addOutsideFlags(f *flag.FlagSet) {
	f.StringVar(&p.outside.region, "recordings-region", "", "`region` of the S3 bucket with recordings that are outside the archive (default that of --region)")
	f.StringVar(&p.outside.endpoint, "recordings-endpoint", "", "base `URL` of the S3 service with recordings that are outside the archive (default that of --endpoint)")
}

// opener opens recordings outside the archive, with the credentials for S3.
type opener struct {
	location
	client  *http.Client
	mu      sync.Mutex
	buckets map[string]*s3store.Buckets
}

func (p *location) opener() *opener {
	return &opener{location: *p, client: s3store.NewHTTPClient(egress.Any()), buckets: map[string]*s3store.Buckets{}}
}

// openReferenced opens an object. The error is fs.ErrNotExist if there is none.
func (o *opener) openReferenced(ctx context.Context, at string) (io.ReadCloser, error) {
	bucket, key, err := evidence.ParseS3Location(at)
	if err != nil {
		return nil, err
	}
	if o.bucketRegion() == "" {
		return nil, errors.New("the region of the bucket is missing: use --recordings-region, or set AWS_REGION")
	}
	return o.bucketsOf(bucket).FS(ctx).Open(key)
}

func (o *opener) bucketsOf(name string) *s3store.Buckets {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buckets[name] == nil {
		o.buckets[name] = s3store.Open(s3store.Config{
			Endpoint: o.bucketEndpoint(), Region: o.bucketRegion(), PathStyle: o.pathStyle, Bucket: name,
			Credentials: credentials, Now: time.Now, HTTP: o.client,
		})
	}
	return o.buckets[name]
}

func (p *location) bucketRegion() string { return cmp.Or(p.outside.region, p.region) }

func (p *location) bucketEndpoint() string { return cmp.Or(p.outside.endpoint, p.endpoint) }

// referenced says how many files are outside the archive, and how many of them were read.
func (v verdict) referenced() string {
	read := "verify read all of them"
	if v.Unchecked > 0 {
		read = fmt.Sprintf("verify did not read %s: nothing shows whether they are unchanged", words.Count(v.Unchecked, "file"))
	}
	return fmt.Sprintf("%s of %s outside the archive, in %s; %s",
		words.Count(v.ReferencedFiles, "file"), words.Count(v.Referenced, "recording"), bucketList(v.Buckets), read)
}

func bucketList(buckets []string) string {
	switch len(buckets) {
	case 0:
		return "no bucket"
	case 1:
		return "s3://" + buckets[0]
	default:
		return fmt.Sprintf("s3://%s and %s", buckets[0], words.Count(int64(len(buckets)-1), "other bucket"))
	}
}
