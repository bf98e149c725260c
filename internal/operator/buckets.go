package operator

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/archive/s3store"
	"github.com/gcexport/recording-export-operator/internal/egress"
	genesysclient "github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/outcome"
)

// The keys of a Secret that contains an access key. The last one may be missing.
const (
	accessKeyIDKey     = "accessKeyId"
	secretAccessKeyKey = "secretAccessKey"
	sessionTokenKey    = "sessionToken"
)

// buckets are those of all destinations that exist.
type buckets struct {
	// secrets reads single Secrets from the API server itself: they are neither
	// listed nor watched nor cached.
	secrets   client.Reader
	endpoints egress.List
	// client sends the requests to all of them.
	client *http.Client
	memory *s3store.PartBuffers
	now    func() time.Time

	mu   sync.Mutex
	open map[types.NamespacedName]opened
}

// opened is what was made of a spec.
type opened struct {
	spec    v1alpha1.S3Destination
	buckets *s3store.Buckets
}

func newBuckets(secrets client.Reader, options Options, now func() time.Time) *buckets {
	return &buckets{
		secrets: secrets, endpoints: options.Endpoints, client: s3store.NewHTTPClient(options.Endpoints), now: now,
		memory: s3store.NewPartBuffers(s3store.PartsInMemory, s3store.PartSize(cmp.Or(options.MaxMedia, genesysclient.DefaultMaxMedia))),
		open:   map[types.NamespacedName]opened{},
	}
}

// of returns the buckets of a destination. It asks nothing of the service.
func (b *buckets) of(d *v1alpha1.ExportDestination) (*s3store.Buckets, error) {
	spec, name := *d.Spec.S3.DeepCopy(), client.ObjectKeyFromObject(d)
	if err := b.allow(spec.Endpoint); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.open[name]; ok && equality.Semantic.DeepEqual(known.spec, spec) {
		return known.buckets, nil
	}
	made := s3store.Open(s3store.Config{
		Endpoint: spec.Endpoint, Region: spec.Region, PathStyle: spec.PathStyle,
		Bucket: spec.Bucket, WorkBucket: spec.WorkBucket, Prefix: spec.Prefix, Lock: lock(spec.ObjectLock),
		Credentials: func(ctx context.Context) (s3store.Credentials, error) {
			return b.credentials(ctx, types.NamespacedName{Namespace: name.Namespace, Name: spec.SecretRef.Name})
		},
		Now: b.now, Tenant: name.Namespace, Parts: b.memory, HTTP: b.client,
	})
	b.open[name] = opened{spec, made}
	return made, nil
}

// forget forgets the buckets of a destination that is gone.
func (b *buckets) forget(destination types.NamespacedName) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, destination)
}

// allow refuses an endpoint that the manager was not started with.
func (b *buckets) allow(endpoint string) error {
	if b.allows(endpoint) {
		return nil
	}
	return outcome.UserError{Reason: v1alpha1.ReasonEndpointNotAllowed, Message: fmt.Sprintf(
		"create another ExportDestination without spec.s3.endpoint, or start the manager with %s", egress.Setting(egress.S3, parsed(endpoint)))}
}

// allows tells whether the manager may use an endpoint: that of Amazon S3, which is empty, or one that
// the manager was started with.
func (b *buckets) allows(endpoint string) bool {
	return endpoint == "" || b.endpoints.Allows(egress.S3, parsed(endpoint))
}

// parsed returns an endpoint as a URL, an empty one if it is not a URL.
func parsed(endpoint string) *url.URL {
	address, err := url.Parse(endpoint)
	if err != nil {
		return &url.URL{}
	}
	return address
}

func lock(spec *v1alpha1.ObjectLock) *s3store.Lock {
	if spec == nil {
		return nil
	}
	return &s3store.Lock{Mode: s3store.Mode(strings.ToUpper(string(spec.Mode))), Days: int(spec.RetentionDays)}
}

// credentials reads a destination's Secret.
func (b *buckets) credentials(ctx context.Context, name types.NamespacedName) (s3store.Credentials, error) {
	var secret corev1.Secret
	err := b.secrets.Get(ctx, name, &secret)
	if apierrors.IsNotFound(err) {
		return s3store.Credentials{}, outcome.UserError{Reason: v1alpha1.ReasonSecretNotFound, Message: fmt.Sprintf(
			"create the Secret %q with the keys %s and %s", name.Name, accessKeyIDKey, secretAccessKeyKey)}
	}
	if err != nil {
		return s3store.Credentials{}, fmt.Errorf("read Secret %s: %w", name.Name, err)
	}
	for _, key := range []string{accessKeyIDKey, secretAccessKeyKey} {
		if len(secret.Data[key]) == 0 {
			return s3store.Credentials{}, outcome.UserError{
				Reason: v1alpha1.ReasonSecretIncomplete, Message: fmt.Sprintf("add the key %s to the Secret %q", key, name.Name),
			}
		}
	}
	return s3store.Credentials{
		AccessKeyID: string(secret.Data[accessKeyIDKey]), SecretAccessKey: string(secret.Data[secretAccessKeyKey]),
		SessionToken: string(secret.Data[sessionTokenKey]),
	}, nil
}
