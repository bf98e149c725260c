package recordingexportbatch

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/api/v1alpha1"
	"github.com/gcexport/recording-export-operator/internal/conditions"
	"github.com/gcexport/recording-export-operator/internal/exportspec"
	"github.com/gcexport/recording-export-operator/internal/genesys"
	"github.com/gcexport/recording-export-operator/internal/loop"
	"github.com/gcexport/recording-export-operator/internal/outcome"
	"github.com/gcexport/recording-export-operator/internal/transfer"
)

// connection is the access to a batch's organisation at Genesys Cloud.
type connection struct {
	// organization is the organisation's id.
	organization string
	cloud        Cloud
	// metadata uses the budget share of the lane in which metadata is requested.
	metadata metadataSource
}

// connectedBatch is a batch whose work can begin.
type connectedBatch struct {
	*loadedBatch
	connection
}

// route returns the gate of one kind of requests in a lane, with the lane's limit.
func (b *connectedBatch) route(gates *transfer.Gates, lane v1alpha1.Lane, name string) route {
	return route{
		gates: gates, limit: exportspec.Parallelism(b.export.Spec, lane),
		gate: transfer.Gate{Namespace: b.batch.Namespace, Organization: b.organization, Lane: string(lane), Route: name},
	}
}

// clientOpener opens the clients for a batch's organisation.
type clientOpener struct {
	client client.Client
	cloud  func(context.Context, *v1alpha1.GenesysOrganization, genesys.Share) (Cloud, error)
}

// openClients returns the batch with its clients. The outcome says why the organisation cannot be used.
func (o *clientOpener) openClients(ctx context.Context, b *loadedBatch) (*connectedBatch, outcome.Outcome, error) {
	name := types.NamespacedName{Namespace: b.batch.Namespace, Name: b.export.Spec.OrganizationRef.Name}
	var organization v1alpha1.GenesysOrganization
	if err := o.client.Get(ctx, name, &organization); err != nil {
		out, err := loop.Absent(err, v1alpha1.ReasonOrganizationNotFound, fmt.Sprintf("create the GenesysOrganization %q that the export refers to", name.Name))
		return nil, out, err
	}
	switch {
	case conditions.IsStalled(&organization):
		return nil, outcome.Stall(v1alpha1.ReasonOrganizationNotReady, fmt.Sprintf(
			"fix the GenesysOrganization %q: %s", organization.Name, conditions.Message(&organization)), 0), nil
	case organization.Status.Organization == nil:
		return nil, outcome.Wait(v1alpha1.ReasonOrganizationNotReady, fmt.Sprintf("waiting for the login of the GenesysOrganization %q", organization.Name), 0), nil
	}
	c := &connectedBatch{loadedBatch: b, connection: connection{organization: organization.Status.Organization.ID}}
	lane, export := b.batch.Spec.Lane, client.ObjectKeyFromObject(&b.export)
	var err error
	if c.cloud, err = o.cloud(ctx, &organization, exportspec.LaneShare(export, lane)); err == nil {
		c.metadata, err = o.cloud(ctx, &organization, exportspec.LaneShare(export, metadataLane(lane)))
	}
	if err != nil {
		return nil, outcome.Outcome{}, fmt.Errorf("connect to organisation %s: %w", organization.Name, err)
	}
	return c, outcome.Done(), nil
}
