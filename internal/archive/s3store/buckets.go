// Package s3store stores evidence in an S3 bucket with Object Lock, and working artifacts
// in another one without.
//
// Every write is conditional (If-None-Match: *), so a key is written once, whoever writes.
// A file of up to one part is sent in one request, with its SHA-256, which S3 verifies; a
// larger one is sent in parts, each with its own (upload.go). An object exists only once
// all of it has arrived. Errors contain only S3's error codes (errors.go): no address,
// signature or key.
//
// The parts that are being sent are in memory (partbuffers.go); small artifacts are cached
// (artifactcache.go).
package s3store

import (
	"cmp"
	"context"
	"net/http"
	"path"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/egress"
)

// Mode is how strictly Object Lock protects an object.
type Mode string

// The modes.
const (
	// Governance can be lifted by who has a permission for that.
	Governance Mode = "GOVERNANCE"
	// Compliance cannot be lifted or shortened by anybody.
	Compliance Mode = "COMPLIANCE"
)

// Lock is the retention of all evidence.
type Lock struct {
	Mode Mode
	// Days is how long evidence is kept at least.
	Days int
}

// Config says where evidence is stored, and with which access key.
type Config struct {
	// Endpoint is the base URL of the service; empty for AWS's own in the region.
	Endpoint string
	Region   string
	// PathStyle puts the bucket into the path instead of the host.
	PathStyle bool
	// Bucket is for evidence, WorkBucket for working artifacts, both below Prefix.
	Bucket, WorkBucket, Prefix string
	// Lock is nil if evidence is not locked.
	Lock *Lock
	// Credentials returns the access key. It is called again after a minute, and when the
	// access key was refused. Its errors are passed on.
	Credentials func(context.Context) (Credentials, error)
	// Now is the clock.
	Now func() time.Time
	// Tenant is whose share of Parts is used.
	Tenant string
	// Parts are the buffers for parts that are being sent.
	Parts *PartBuffers
	// HTTP sends the requests, see NewHTTPClient. If it is nil, the endpoint may be at any
	// address, as for a person who runs this program with an endpoint of their choice.
	HTTP *http.Client

	// attempts and stallTimeout replace maxAttempts and stallTimeout in tests.
	attempts     int
	stallTimeout time.Duration
}

// Buckets are the two buckets of a destination.
type Buckets struct {
	config      Config
	client      *s3.Client
	credentials *aws.CredentialsCache
	cache       artifactCache
}

// Open returns Buckets. It sends no request.
func Open(config Config) *Buckets {
	config.attempts = cmp.Or(config.attempts, maxAttempts)
	config.stallTimeout = cmp.Or(config.stallTimeout, stallTimeout)
	if config.HTTP == nil {
		config.HTTP = NewHTTPClient(egress.Any())
	}
	credentials := aws.NewCredentialsCache(credentialSource{config.Credentials, config.Now})
	return &Buckets{config: config, client: newClient(config, credentials), credentials: credentials}
}

// Archive is the store of one export: everything below its name.
func (b *Buckets) Archive(export string) (*Store, error) {
	if err := archive.CheckKey(export); err != nil {
		return nil, err
	}
	return &Store{b, export}, nil
}

// location is a bucket and a whole key in it.
type location struct{ bucket, key string }

// locationOf returns the location of an export's key. Working artifacts are below the name
// of the bucket for evidence, so that several destinations may share a workBucket.
func (b *Buckets) locationOf(key string, work bool) location {
	if work {
		return location{b.config.WorkBucket, path.Join(b.config.Bucket, b.config.Prefix, key)}
	}
	return location{b.config.Bucket, path.Join(b.config.Prefix, key)}
}

// lockSettings are the Object Lock of one object.
type lockSettings struct {
	mode  types.ObjectLockMode
	until *time.Time
	hold  types.ObjectLockLegalHoldStatus
}

// lockSettings returns the Object Lock of evidence that is written now. The retention is
// that of the spec, and as much longer as an upload may be resumed after its start.
func (b *Buckets) lockSettings(held bool) lockSettings {
	if b.config.Lock == nil {
		return lockSettings{}
	}
	until := b.config.Now().AddDate(0, 0, b.config.Lock.Days).Add(resumeWindow).UTC().Truncate(time.Second)
	lock := lockSettings{mode: types.ObjectLockMode(b.config.Lock.Mode), until: &until}
	if held {
		lock.hold = types.ObjectLockLegalHoldStatusOn
	}
	return lock
}
