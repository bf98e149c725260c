package operator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/metrics"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// addMetrics has the operator's metrics collected, if there is somebody to.
func (o *operator) addMetrics() error {
	if o.Metrics == nil {
		return nil
	}
	collector := metrics.NewCollector(metrics.Sources{
		Budgets: o.connections.Budgets, Gates: o.gates.GateStats, Pools: func() map[string][]transfer.TenantStats { return o.pools.StatsByPool() },
		Signatures: o.signatures.counted, Usage: o.usage.All, Events: o.eventCounts,
		Organizations: func() []v1alpha1.GenesysOrganization {
			var list v1alpha1.GenesysOrganizationList
			o.list(&list)
			return list.Items
		},
		Destinations: func() []v1alpha1.ExportDestination {
			var list v1alpha1.ExportDestinationList
			o.list(&list)
			return list.Items
		},
		Exports: func() []v1alpha1.RecordingExport {
			var list v1alpha1.RecordingExportList
			o.list(&list)
			return list.Items
		},
	})
	if err := o.Metrics.Register(collector); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

// scrapeTimeout is how long a scrape waits for the cache, which answers from
// memory once it is filled.
const scrapeTimeout = 2 * time.Second

// list lists objects for a scrape. Before the cache is filled there is nothing to tell.
func (o *operator) list(into client.ObjectList) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout) //nolint:forbidigo // a scrape brings no context of its own
	defer cancel()
	err := o.manager.GetCache().List(ctx, into)
	if notStarted := (*cache.ErrCacheNotStarted)(nil); err != nil && !errors.As(err, &notStarted) {
		o.manager.GetLogger().Error(err, "Failed to list objects for metrics")
	}
}
