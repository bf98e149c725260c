// Package s3store stores evidence in an S3 bucket with Object Lock, and working
// artifacts in another without.
//
// Every write is conditional (If-None-Match: *), so a key is written once whoever
// writes. A file of up to one part is sent in one request, with its SHA-256, which
// S3 verifies; a larger one part by part, each with its own. Nothing has a key
// before all of it has come. All that S3 says is cut down to its code: no error
// holds an address, a signature or a key.
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

// Mode is how firmly Object Lock holds.
type Mode string

// The modes.
const (
	// Governance can be lifted by who has a permission for that.
	Governance Mode = "GOVERNANCE"
	// Compliance cannot be lifted or shortened by anybody.
	Compliance Mode = "COMPLIANCE"
)

// Lock is the retention that all evidence gets.
type Lock struct {
	Mode Mode
	// Days for which evidence is kept at least.
	Days int
}

// Config says where evidence lands, and as whom it is written.
type Config struct {
	// Endpoint is the base URL of the service; empty for AWS's own in the region.
	Endpoint string
	Region   string
	// PathStyle puts the bucket into the path instead of the host.
	PathStyle bool
	// Bucket holds evidence, WorkBucket working artifacts, both below Prefix.
	Bucket, WorkBucket, Prefix string
	// Lock is nil if evidence is not locked.
	Lock *Lock
	// Credentials gives those to ask with. They are asked for again after a
	// minute, and when they are not accepted. Its errors are passed on.
	Credentials func(context.Context) (Credentials, error)
	// Now is the clock.
	Now func() time.Time
	// Tenant is whose part of the Memory is used.
	Tenant string
	// Memory holds what is being sent.
	Memory *Memory
	// HTTP sends the requests, see NewHTTPClient. If it is nil, the endpoint may be
	// at any address: whoever names it runs this program.
	HTTP *http.Client

	// attempts and standstill are others than the usual ones, for tests.
	attempts   int
	standstill time.Duration
}

// Buckets are the two buckets of a destination.
type Buckets struct {
	config      Config
	client      *s3.Client
	credentials *aws.CredentialsCache
	memo        memo
}

// Open makes Buckets. It asks nothing of the service.
func Open(config Config) *Buckets {
	config.attempts = cmp.Or(config.attempts, attempts)
	config.standstill = cmp.Or(config.standstill, standstill)
	if config.HTTP == nil {
		config.HTTP = NewHTTPClient(egress.Any())
	}
	credentials := aws.NewCredentialsCache(source{config.Credentials, config.Now})
	return &Buckets{config: config, client: newClient(config, credentials), credentials: credentials}
}

// Archive is the store of one export: what is below its name.
func (b *Buckets) Archive(export string) (*Store, error) {
	if err := archive.CheckKey(export); err != nil {
		return nil, err
	}
	return &Store{b, export}, nil
}

// place is where something is: a bucket and the whole key in it.
type place struct{ bucket, key string }

// place finds a key of an export. Working artifacts are below the name of the
// evidence's bucket too, so that several may share a bucket for them.
func (b *Buckets) place(key string, work bool) place {
	if work {
		return place{b.config.WorkBucket, path.Join(b.config.Bucket, b.config.Prefix, key)}
	}
	return place{b.config.Bucket, path.Join(b.config.Prefix, key)}
}

// terms are how an object is to be kept.
type terms struct {
	mode  types.ObjectLockMode
	until *time.Time
	hold  types.ObjectLockLegalHoldStatus
}

// terms of evidence that is written now. The retention is that of the spec and
// as long as an upload may be resumed after it was begun.
func (b *Buckets) terms(held bool) terms {
	if b.config.Lock == nil {
		return terms{}
	}
	until := b.config.Now().AddDate(0, 0, b.config.Lock.Days).Add(resumable).UTC().Truncate(time.Second)
	kept := terms{mode: types.ObjectLockMode(b.config.Lock.Mode), until: &until}
	if held {
		kept.hold = types.ObjectLockLegalHoldStatusOn
	}
	return kept
}
