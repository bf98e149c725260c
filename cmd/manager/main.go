// Command manager runs the operator in a Kubernetes cluster.
package main

import (
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	// The certificate authorities of the web, for an image that has none.
	_ "golang.org/x/crypto/x509roots/fallback"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/gcexport/recording-export-operator/internal/egress"
	genesysclient "github.com/gcexport/recording-export-operator/internal/genesys/client"
	"github.com/gcexport/recording-export-operator/internal/operator"
	"github.com/gcexport/recording-export-operator/internal/usage"
)

// settings are the values of the flags.
type settings struct {
	archiveRoot    string
	endpoints      egress.List
	maxMedia       quantity
	image          string
	minFree        quantity
	maxBytes       usage.Limits
	signingKey     types.NamespacedName
	artifactKey    types.NamespacedName
	namespaces     string
	metricsAddress string
	probeAddress   string
	events         operator.EventOptions
	leaderElection bool
	version        bool
	log            zap.Options
}

func main() {
	s := parse()
	if s.version {
		fmt.Println(operator.Version)
		return
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&s.log)))
	limitMemory(os.Getenv)
	if err := run(s); err != nil {
		ctrl.Log.Error(err, "Manager ended")
		os.Exit(1)
	}
}

func parse() settings {
	s := settings{
		minFree:  quantity{resource.MustParse("256Mi")},
		maxMedia: quantity{*resource.NewQuantity(genesysclient.DefaultMaxMedia, resource.BinarySI)},
	}
	flag.StringVar(&s.archiveRoot, "archive-root", "/archive", "directory that contains the directories of all destinations")
	flag.Func(strings.TrimPrefix(egress.Flag, "--"), egress.Usage, func(text string) (err error) {
		s.endpoints, err = egress.ParseList(text)
		return err
	})
	flag.Var(&s.maxMedia, "max-recording-size", "maximum size of a recording's file, for example 64Gi; a recording with a larger file is a gap")
	flag.StringVar(&s.image, "image", "", "image of the manager with its digest, which seals record")
	flag.Var(&s.minFree, "min-free", "minimum free space that transfers leave below the archive root, for example 10Gi, even if an ExportDestination sets less")
	flag.Func(strings.TrimPrefix(usage.Flag, "--"), "maximum size of all archives of a namespace below the archive root, for example legal=2Ti,*=500Gi; "+
		"a single quantity applies to every namespace (default no maximum)", func(text string) (err error) {
		s.maxBytes, err = usage.ParseLimits(text)
		return err
	})
	flag.StringVar(&s.signingKey.Name, "signing-key-secret", "",
		"Secret in the manager's namespace ($POD_NAMESPACE) with the signing key for destinations with spec.signing.platform (default none)")
	flag.StringVar(&s.artifactKey.Name, "artifact-key-secret", operator.DefaultArtifactKey,
		"Secret with the key that authenticates working files; the manager creates it if it is missing")
	flag.StringVar(&s.artifactKey.Namespace, "artifact-key-namespace", os.Getenv("POD_NAMESPACE"),
		"namespace of that Secret, in which no tenant may read Secrets (default $POD_NAMESPACE)")
	flag.StringVar(&s.namespaces, "namespaces", "", "comma-separated namespaces in which the manager reconciles objects (default all)")
	flag.StringVar(&s.metricsAddress, "metrics-bind-address", ":8443", "address that serves metrics over HTTPS to authorised clients; 0 disables it")
	flag.StringVar(&s.probeAddress, "health-probe-bind-address", ":8081", "address that serves /healthz and /readyz")
	flag.StringVar(&s.events.Address, "events-bind-address", "0",
		"address that receives events for RecordingExportTriggers over HTTPS, for example :8444; 0 disables it")
	flag.StringVar(&s.events.CertDir, "events-cert-dir", "",
		"directory with tls.crt and tls.key for --events-bind-address (default a certificate that nobody has signed)")
	flag.BoolVar(&s.leaderElection, "leader-elect", false, "reconcile only while this replica is the leader, so that several replicas can run")
	flag.BoolVar(&s.version, "version", false, "print the version and exit")
	s.log.BindFlags(flag.CommandLine)
	flag.Parse()
	s.signingKey.Namespace = os.Getenv("POD_NAMESPACE")
	return s
}

func run(s settings) error {
	if s.signingKey.Name != "" && s.signingKey.Namespace == "" {
		return errors.New("--signing-key-secret needs the manager's namespace: set POD_NAMESPACE")
	}
	if s.artifactKey.Namespace == "" {
		return errors.New("--artifact-key-namespace is missing: name the namespace that the manager runs in, or set POD_NAMESPACE")
	}
	cfg, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("find the cluster: %w", err)
	}
	options := operator.Options{
		ArchiveRoot:    s.archiveRoot,
		Endpoints:      s.endpoints,
		MaxMedia:       s.maxMedia.Value(),
		ArtifactKey:    s.artifactKey,
		Image:          s.image,
		ServiceAccount: serviceAccount(),
		MinFree:        s.minFree.Value(),
		MaxBytes:       s.maxBytes,
		SigningKey:     s.signingKey,
		Intervals:      operator.DefaultIntervals(),
		Metrics:        metrics.Registry,
		Events:         s.events,
		Manager:        s.manager(),
	}
	if err := applyTestOverrides(&options); err != nil {
		return err
	}
	mgr, err := operator.New(cfg, options)
	if err != nil {
		return err
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}

func (s settings) manager() ctrl.Options {
	options := ctrl.Options{
		HealthProbeBindAddress: s.probeAddress,
		LeaderElection:         s.leaderElection,
		LeaderElectionID:       "recording-export-operator.gcexport.dev",
		// The process ends when it is no longer the leader, so the next leader need not wait.
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       ptr.To(30 * time.Second),
		Metrics: metricsserver.Options{
			BindAddress: s.metricsAddress, SecureServing: true, FilterProvider: filters.WithAuthenticationAndAuthorization,
			TLSOpts: []func(*tls.Config){func(c *tls.Config) { c.MinVersion = tls.VersionTLS13 }},
		},
	}
	if names := split(s.namespaces); len(names) > 0 {
		options.Cache.DefaultNamespaces = map[string]cache.Config{}
		for _, name := range names {
			options.Cache.DefaultNamespaces[name] = cache.Config{}
		}
	}
	return options
}

// serviceAccount returns the namespace and name of the Pod's ServiceAccount as namespace:name,
// which the Deployment sets in the environment (downward API). It is empty if they are not set.
func serviceAccount() string {
	namespace, name := os.Getenv("POD_NAMESPACE"), os.Getenv("POD_SERVICE_ACCOUNT")
	if namespace == "" || name == "" {
		return ""
	}
	return namespace + ":" + name
}

// quantity is a flag: a number of bytes, for example 256Mi.
type quantity struct{ resource.Quantity }

// Set parses a quantity that is not negative.
func (q *quantity) Set(text string) error {
	parsed, err := resource.ParseQuantity(text)
	if err != nil || parsed.Sign() < 0 {
		return errors.New("want a quantity of bytes, for example 256Mi")
	}
	q.Quantity = parsed
	return nil
}

// split splits a comma-separated list; an empty one has no elements.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
