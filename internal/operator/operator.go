// Package operator puts the operator together: what cmd/manager runs in a
// cluster and cmd/standalone without one.
package operator

import (
	"cmp"
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

	"github.com/prometheus/client_golang/prometheus"
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
	"github.com/gcexport/recording-export-operator/controllers/exportdestination"
	"github.com/gcexport/recording-export-operator/controllers/genesysorganization"
	"github.com/gcexport/recording-export-operator/controllers/recordingexport"
	"github.com/gcexport/recording-export-operator/controllers/recordingexportbatch"
	"github.com/gcexport/recording-export-operator/internal/archive"
	"github.com/gcexport/recording-export-operator/internal/connection"
	"github.com/gcexport/recording-export-operator/internal/egress"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	genesysclient "github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/transfer"
	"github.com/gcexport/recording-export-operator/internal/usage"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

// Version of the operator, set when it is built.
var Version = "dev"

// name of the operator where something asks who it is.
const name = "recording-export-operator"

const (
	// workEach is how much work of a namespace one lane has in progress. Gates limit
	// what is in flight; this only bounds the memory that waiting work takes.
	workEach = 64
	// stateReadsEach is how many states and inventories of a namespace's batches are read at a
	// time.
	stateReadsEach = 8
	// loginsEach is how many GenesysOrganizations of a namespace log in at a time.
	loginsEach = 8
	// verificationTurn is how long a destination is verified while those of other
	// namespaces wait.
	verificationTurn = time.Minute
)

// Options say how the operator runs.
type Options struct {
	// ArchiveRoot is the directory below which all destinations are.
	ArchiveRoot string
	// Endpoints that may be asked besides the regions of Genesys Cloud and of Amazon.
	Endpoints egress.List
	// MaxMedia bounds a recording's file, in bytes, the client's default if 0.
	MaxMedia int64
	// ServiceAccount of the manager, as namespace:name, for the command in a message that grants it something;
	// empty for that of config/default.
	ServiceAccount string
	// MinFree is how many bytes transfers leave free at every directory, whatever its destination says.
	MinFree int64
	// MaxBytes is how much each namespace may take below the archive root.
	MaxBytes usage.Limits
	// SigningKey names the Secret with the key that signs for destinations with spec.signing.platform; zero if there
	// is none.
	SigningKey types.NamespacedName
	// ArtifactKey names the Secret with the key that artifacts are made authentic with. It
	// is created if it is missing and no export has an archive yet, so it belongs where no tenant can read it.
	ArtifactKey types.NamespacedName
	// Image that this program runs from, with its digest; seals name it.
	Image string
	// Intervals is how often things are looked at.
	Intervals Intervals
	// MaxRecordings in one bag; 0 is recordingexportbatch.DefaultMaxRecordings.
	MaxRecordings int
	// Clock, if it is not the machine's own.
	Clock clock.Clock
	// Metrics is where the operator's metrics are registered; nil for nowhere.
	Metrics prometheus.Registerer
	// OpenArchive opens the archive of this name below a root; as a directory if nil.
	OpenArchive func(root, name string) (archive.Store, error)
	// Manager is passed on to controller-runtime; its scheme and cache are set here.
	Manager ctrl.Options
}

// Intervals is how often each controller looks at things.
type Intervals struct {
	Organization genesysorganization.Intervals
	Destination  exportdestination.Intervals
	Export       recordingexport.Intervals
	Batch        recordingexportbatch.Intervals
	Retries      transfer.RetryPolicy
	// Isolation says when an item that fails is taken to be bad itself.
	Isolation transfer.IsolationCriteria
	// SilenceLimit is how long until an object is reconciled whose work is running and has
	// reported no progress.
	SilenceLimit time.Duration
	// Stall is how long a media stream may stand still, the client's default if 0.
	Stall time.Duration
}

// DefaultIntervals is what the manager uses.
func DefaultIntervals() Intervals {
	return Intervals{
		genesysorganization.DefaultIntervals(), exportdestination.DefaultIntervals(), recordingexport.DefaultIntervals(),
		recordingexportbatch.DefaultIntervals(), transfer.DefaultRetryPolicy(), transfer.DefaultIsolationCriteria(), time.Minute, genesysclient.DefaultStallTimeout,
	}
}

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
	// lookAtDestination has a destination looked at soon.
	lookAtDestination func(types.NamespacedName)
	signatures        signatures
	connections       *connection.Connections
	publisher         loop.Publisher
	clock             clock.Clock
	actor             string
	pools             transfer.Pools
	gates             *transfer.Gates
	addresses         *transfer.Addresses
	buckets           *buckets
	artifactKey       *artifactKey
	// usage is what namespaces take on the archive volume.
	usage *usage.Meter
	// loggedIn wake what may wait for the login of an organisation.
	loggedIn []func(ctx context.Context, organization types.NamespacedName)
	// cluster is the id of this cluster, once it is known.
	cluster struct {
		sync.Mutex
		id string
	}
}

// unsafe is what an actor's name may not hold, because it becomes part of a key.
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

// addPools makes a pool for logins, one for the exports, one for each lane, one that reads
// what archives have about batches, and one that verifies one destination at a time, since
// nothing waits for that. Most of what they do is waiting, so there each namespace has room of its own, see docs/adr/0031.
func (o *operator) addPools() error {
	o.pools = transfer.Pools{}
	work := transfer.Capacity{PerTenant: workEach}
	for name, room := range map[string]transfer.Capacity{
		genesysorganization.Pool: {PerTenant: loginsEach}, recordingexport.Pool: work,
		string(v1alpha1.LaneStandard): work, string(v1alpha1.LaneLegalHold): work,
		string(v1alpha1.LaneLegalHoldScreen): work, string(v1alpha1.LaneIsolated): work,
		recordingexportbatch.Pool: {PerTenant: stateReadsEach},
		exportdestination.Pool:    {PerTenant: 1, Total: 1, Turn: verificationTurn},
	} {
		backoff := o.Intervals.Retries.Backoff
		switch name {
		case string(v1alpha1.LaneIsolated):
			backoff = o.Intervals.Retries.Isolated().Backoff
		case recordingexportbatch.Pool:
			backoff = o.Intervals.Batch.Backoff
		}
		pool := transfer.NewPool(room, o.clock, backoff)
		o.pools[name] = pool
		if err := o.manager.Add(pool); err != nil {
			return err
		}
	}
	return nil
}

func (o *operator) addControllers() error {
	if err := watch.AddIndexes(context.Background(), o.manager.GetFieldIndexer()); err != nil { //nolint:forbidigo // it waits for nothing
		return fmt.Errorf("add indexes; install the CustomResourceDefinitions (config/crd) before the manager: %w", err)
	}
	for _, add := range []func() error{o.addOrganizations, o.addDestinations, o.addExports, o.addBatches} {
		if err := add(); err != nil {
			return fmt.Errorf("add controller: %w", err)
		}
	}
	return nil
}

func (o *operator) addOrganizations() error {
	organizations := &genesysorganization.Reconciler{
		Publisher: o.publisher, Login: o.connections.Login, Forget: o.connections.Forget, Worker: o.worker(), Intervals: o.Intervals.Organization,
	}
	o.connections.OnInactive, o.connections.OnLoggedIn = organizations.Wake, o.tellOfLogin
	return organizations.SetupWithManager(o.manager)
}

// tellOfLogin wakes what waits for an organisation's login.
func (o *operator) tellOfLogin(ctx context.Context, organization types.NamespacedName) {
	for _, wake := range o.loggedIn {
		wake(ctx, organization)
	}
}

func (o *operator) addDestinations() error {
	worker := &loop.Worker{Pools: o.pools, SilenceLimit: o.Intervals.Destination.Verifying}
	o.lookAtDestination = worker.Wake
	return (&exportdestination.Reconciler{
		Publisher: o.publisher, Location: o.destination, Probe: o.probe, Free: o.free, SigningKey: o.signingKey,
		Files: o.files, Clock: o.clock, Worker: worker, Fits: o.fits, Forget: o.buckets.forget,
		Intervals: o.Intervals.Destination, MinFree: o.MinFree, Version: Version,
	}).SetupWithManager(o.manager)
}

func (o *operator) addExports() error {
	exports := &recordingexport.Reconciler{
		Publisher: o.publisher, Clock: o.clock, InstanceID: o.actor, ClusterID: o.clusterID,
		Cloud: func(_ context.Context, organization *v1alpha1.GenesysOrganization, share genesys.Share) (recordingexport.Cloud, error) {
			return o.connections.Cloud(organization, share)
		},
		Archive: o.archive, Location: o.location, Signer: o.noticedSigner, Tool: o.tool, Worker: o.worker(), Intervals: o.Intervals.Export,
	}
	o.loggedIn = append(o.loggedIn, exports.WakeOrganization)
	return exports.SetupWithManager(o.manager)
}

func (o *operator) addBatches() error {
	batches := recordingexportbatch.New(recordingexportbatch.Config{
		Publisher: o.publisher, Clock: o.clock, InstanceID: o.actor, ClusterID: o.clusterID,
		Cloud: func(_ context.Context, organization *v1alpha1.GenesysOrganization, share genesys.Share) (recordingexportbatch.Cloud, error) {
			return o.connections.Cloud(organization, share)
		},
		Archive: o.archive, Location: o.location, Signer: o.noticedSigner, Worker: o.worker(), Gates: o.gates, Addresses: o.addresses, Intervals: o.Intervals.Batch,
		MaxRecordings: cmp.Or(o.MaxRecordings, recordingexportbatch.DefaultMaxRecordings), MinFree: o.MinFree,
		Reserve: o.reserve,
	})
	o.loggedIn = append(o.loggedIn, batches.WakeOrganization)
	return batches.SetupWithManager(o.manager)
}

// worker makes a reconciler's worker; all share the pools.
func (o *operator) worker() *loop.Worker {
	return &loop.Worker{Pools: o.pools, SilenceLimit: o.Intervals.SilenceLimit}
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
