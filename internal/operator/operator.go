// Package operator assembles the operator, which cmd/manager runs in a cluster and
// cmd/standalone without one.
package operator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/connection"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/receiver"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// Version of the operator, set when it is built.
var Version = "dev"

// name of the operator where something asks who it is.
const name = "recording-export-operator"

// NewScheme returns a scheme that knows the operator's kinds and Kubernetes' own.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	return scheme
}

// New makes a manager with all of the operator's controllers.
func New(cfg *rest.Config, options Options) (ctrl.Manager, error) {
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	options.Manager.Scheme = NewScheme()
	options.Manager.Cache.DefaultTransform = cache.TransformStripManagedFields()
	options.Manager.Client.Cache = &client.CacheOptions{DisableFor: []client.Object{&corev1.Secret{}, &corev1.Namespace{}}}
	options.Manager.Controller.ReconciliationTimeout = 2 * time.Minute
	mgr, err := ctrl.NewManager(cfg, options.Manager)
	if err != nil {
		return nil, fmt.Errorf("make manager: %w", err)
	}
	secrets := secretReader{mgr.GetAPIReader(), options.ServiceAccount}
	o := &operator{
		Options: options,
		manager: mgr,
		secrets: secrets,
		reader:  mgr.GetAPIReader(),
		connections: &connection.Connections{
			Secrets: secrets, Endpoints: options.Endpoints, StallTimeout: options.Intervals.Stall, MaxMedia: options.MaxMedia,
			Clock: options.Clock, RetryInterval: options.Intervals.Organization.Retry,
		},
		publisher: loop.Publisher{
			Client: writer(mgr.GetClient()), Events: mgr.GetEventRecorder(name), Writes: &loop.WriteLimit{Clock: clock.RealClock{}},
		},
		clock:     options.Clock,
		actor:     actor(),
		gates:     &transfer.Gates{Clock: options.Clock, Criteria: options.Intervals.Isolation},
		addresses: &transfer.Addresses{},
		buckets:   newBuckets(secrets, options, options.Clock.Now),
		artifactKey: &artifactKey{
			reader: mgr.GetAPIReader(), writer: mgr.GetClient(), name: options.ArtifactKey, clock: options.Clock,
			namespaces: slices.Sorted(maps.Keys(options.Manager.Cache.DefaultNamespaces)),
		},
		usage: &usage.Meter{Root: options.ArchiveRoot, Limits: options.MaxBytes, Clock: options.Clock},
	}
	if err := errors.Join(mgr.Add(o.artifactKey), mgr.Add(o.usage)); err != nil {
		return nil, err
	}
	if err := o.addMetrics(); err != nil {
		return nil, err
	}
	if err := o.addPools(); err != nil {
		return nil, err
	}
	if err := o.addProbes(cfg); err != nil {
		return nil, fmt.Errorf("add probes: %w", err)
	}
	return mgr, o.addControllers()
}

// operator is what the controllers share.
type operator struct {
	Options
	manager ctrl.Manager
	secrets secretReader
	// reader reads single objects from the API server itself.
	reader client.Reader
	// wakeDestination wakes the reconciler for a destination.
	wakeDestination func(types.NamespacedName)
	signatures      signatures
	connections     *connection.Connections
	publisher       loop.Publisher
	clock           clock.Clock
	actor           string
	pools           transfer.Pools
	gates           *transfer.Gates
	addresses       *transfer.Addresses
	buckets         *buckets
	artifactKey     *artifactKey
	// usage is what namespaces take on the archive volume.
	usage *usage.Meter
	// receiver handles requests with events; nil if the manager has no receiver.
	receiver *receiver.Handler
	// loggedIn wake what may wait for the login of an organisation.
	loggedIn []func(ctx context.Context, organization types.NamespacedName)
	// cluster is the id of this cluster, once it is known.
	cluster struct {
		sync.Mutex
		id string
	}
}

// unsafe is what an actor's name must not contain, because it becomes part of a key.
var unsafe = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// actor names this process in the evidence: version, host, and something that
// tells it from the next process on the same host.
func actor() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return unsafe.ReplaceAllString(fmt.Sprintf("%s-%s.%s.%s", name, Version, host, rand.Text()[:8]), "-")
}

// clusterID tells this cluster from others by what no other has, and what never
// changes in its life.
func (o *operator) clusterID(ctx context.Context) (string, error) {
	o.cluster.Lock()
	defer o.cluster.Unlock()
	if o.cluster.id != "" {
		return o.cluster.id, nil
	}
	var system corev1.Namespace
	err := o.manager.GetAPIReader().Get(ctx, types.NamespacedName{Name: "kube-system"}, &system)
	o.cluster.id = string(system.UID)
	return o.cluster.id, err
}
