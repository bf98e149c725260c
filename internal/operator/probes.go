package operator

import (
	"context"
	"errors"
	"net/http"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/health"
)

// addProbes has the kubelet told whether the process can do its work, if probes
// are served. /healthz fails once a controller makes no progress; /readyz while the
// caches are not filled, the API server has not answered for a minute, nothing can be
// written below an archive root that a destination is in, or the artifact key is lost.
func (o *operator) addProbes(cfg *rest.Config) error {
	if address := o.Manager.HealthProbeBindAddress; address == "" || address == "0" {
		return nil
	}
	api, err := discovery.NewDiscoveryClientForConfigAndClient(cfg, o.manager.GetHTTPClient())
	if err != nil {
		return err
	}
	watchdog := &health.Watchdog{Metrics: ctrlmetrics.Registry, Clock: o.clock}
	if err := o.manager.Add(watchdog); err != nil {
		return err
	}
	server := &health.Lately{Clock: o.clock, Try: func(ctx context.Context) error {
		return reached(api.RESTClient().Get().AbsPath("/version").Do(ctx).Error())
	}}
	root := &health.Lately{Clock: o.clock, Try: o.writable}
	key := &health.Lately{Clock: o.clock, Try: o.artifactKey.isThere}
	return errors.Join(
		o.manager.AddHealthzCheck("controllers", watchdog.Check),
		o.manager.AddReadyzCheck("caches", healthz.Checker(o.synced)),
		o.manager.AddReadyzCheck("api-server", server.Check),
		o.manager.AddReadyzCheck("archive-root", root.Check),
		o.manager.AddReadyzCheck("artifact-key", key.Check),
	)
}

// reached is the error of an API server that has not answered: one that refuses
// the question has.
func reached(err error) error {
	if apierrors.IsForbidden(err) {
		return nil
	}
	return err
}

// synced fails while the caches are not synchronised.
func (o *operator) synced(request *http.Request) error {
	ctx, cancel := context.WithTimeout(request.Context(), scrapeTimeout)
	defer cancel()
	if !o.manager.GetCache().WaitForCacheSync(ctx) {
		return errors.New("the caches are not synchronised")
	}
	return nil
}

// writable fails if nothing can be written below the archive root, though a
// destination is there.
func (o *operator) writable(ctx context.Context) error {
	var destinations v1alpha1.ExportDestinationList
	if err := o.manager.GetCache().List(ctx, &destinations); err != nil {
		return err
	}
	if !slices.ContainsFunc(destinations.Items, func(d v1alpha1.ExportDestination) bool { return d.Spec.Directory != nil }) {
		return nil
	}
	return health.Writable(o.ArchiveRoot)
}
