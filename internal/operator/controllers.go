package operator

import (
	"cmp"
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/controllers/exportdestination"
	"github.com/gcexport/recording-export-operator/controllers/genesysorganization"
	"github.com/gcexport/recording-export-operator/controllers/recordingexport"
	"github.com/gcexport/recording-export-operator/controllers/recordingexportbatch"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/watch"
)

func (o *operator) addControllers() error {
	if err := watch.AddIndexes(context.Background(), o.manager.GetFieldIndexer()); err != nil { //nolint:forbidigo // it waits for nothing
		return fmt.Errorf("add indexes; install the CustomResourceDefinitions (config/crd) before you start the manager: %w", err)
	}
	for _, add := range []func() error{o.addOrganizations, o.addDestinations, o.addExports, o.addBatches, o.addTriggers} {
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
	o.wakeDestination = worker.Wake
	return (&exportdestination.Reconciler{
		Publisher: o.publisher, Location: o.destination, Probe: o.probe, Free: o.free, SigningKey: o.signingKey,
		Files: o.files, Referenced: o.referenced, Clock: o.clock, Worker: worker, Fits: o.fits, Forget: o.buckets.forget,
		Intervals: o.Intervals.Destination, MinFree: o.MinFree, Version: Version,
	}).SetupWithManager(o.manager)
}

func (o *operator) addExports() error {
	exports := recordingexport.New(recordingexport.Config{
		Publisher: o.publisher, Clock: o.clock, InstanceID: o.actor, ClusterID: o.clusterID,
		Cloud: func(_ context.Context, organization *v1alpha1.GenesysOrganization, share genesys.Share) (recordingexport.Cloud, error) {
			return o.connections.Cloud(organization, share)
		},
		Archive: o.archive, Location: o.location, CheckBucket: o.checkBulkBucket, Signer: o.noticedSigner, Tool: o.tool, Worker: o.worker(),
		Intervals: o.Intervals.Export,
	})
	o.loggedIn = append(o.loggedIn, exports.WakeOrganization)
	return exports.SetupWithManager(o.manager)
}

func (o *operator) addBatches() error {
	batches := recordingexportbatch.New(recordingexportbatch.Config{
		Publisher: o.publisher, Clock: o.clock, InstanceID: o.actor, ClusterID: o.clusterID,
		Cloud: func(_ context.Context, organization *v1alpha1.GenesysOrganization, share genesys.Share) (recordingexportbatch.Cloud, error) {
			return o.connections.Cloud(organization, share)
		},
		Archive: o.archive, Location: o.location, Bucket: o.bulkBucket, Signer: o.noticedSigner, Worker: o.worker(), Gates: o.gates, Addresses: o.addresses, Intervals: o.Intervals.Batch,
		MaxRecordings: cmp.Or(o.MaxRecordings, recordingexportbatch.DefaultMaxRecordings), MinFree: o.MinFree,
		Reserve: o.reserve,
	})
	o.loggedIn = append(o.loggedIn, batches.WakeOrganization)
	return batches.SetupWithManager(o.manager)
}
