//go:build failpoints

package operator

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/gcexport/recording-export-operator/internal/failpoint"
)

// writer puts failpoints around what the controllers write to the API server.
func writer(c client.Client) client.Client { return failingClient{c} }

type failingClient struct{ client.Client }

func (c failingClient) Create(ctx context.Context, obj client.Object, options ...client.CreateOption) error {
	return failpoint.Do(failpoint.KubernetesCreate, obj.GetName(), func() error { return c.Client.Create(ctx, obj, options...) })
}

func (c failingClient) Delete(ctx context.Context, obj client.Object, options ...client.DeleteOption) error {
	return failpoint.Do(failpoint.KubernetesDelete, obj.GetName(), func() error { return c.Client.Delete(ctx, obj, options...) })
}

func (c failingClient) Patch(ctx context.Context, obj client.Object, patch client.Patch, options ...client.PatchOption) error {
	return failpoint.Do(failpoint.KubernetesPatch, obj.GetName(), func() error { return c.Client.Patch(ctx, obj, patch, options...) })
}

func (c failingClient) Status() client.SubResourceWriter { return failingStatus{c.Client.Status()} }

type failingStatus struct{ client.SubResourceWriter }

func (s failingStatus) Patch(ctx context.Context, obj client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	return failpoint.Do(failpoint.KubernetesStatus, obj.GetName(), func() error { return s.SubResourceWriter.Patch(ctx, obj, patch, options...) })
}
